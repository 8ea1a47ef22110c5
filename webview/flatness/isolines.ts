/**
 * Lines of equal value on a grid by marching squares (W. Lorensen and H. Cline 1987, in two dimensions), each cell by itself.
 * Invariant: a segment ends on edges of its cell where linear interpolation gives the level; cells with a corner that is no
 * number have none.
 */

export interface Isoline {
  readonly level: number;
  /** x0, y0, x1, y1 of each segment, in grid units: x in [0, nx - 1], y in [0, ny - 1]. */
  readonly segments: Float64Array;
}

/** @param values at (i, j) as values[i * ny + j], i along x and j along y. O(cells * levels). */
export function isolines(
  values: ArrayLike<number>,
  nx: number,
  ny: number,
  levels: readonly number[],
): readonly Isoline[] {
  return levels.map((level) => {
    const found: number[] = [];
    for (let i = 0; i + 1 < nx; i++) for (let j = 0; j + 1 < ny; j++) addCell(found, values, ny, i, j, level);
    return { level, segments: Float64Array.from(found) };
  });
}

/** Corners of a cell counter-clockwise, as offsets; edge k goes from corner k to corner k + 1. */
const corners = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;

function addCell(found: number[], values: ArrayLike<number>, ny: number, i: number, j: number, level: number): void {
  const at = corners.map(([di, dj]) => values[(i + di) * ny + j + dj]!);
  if (!at.every(Number.isFinite)) return;
  const crossed: number[] = [];
  // A corner exactly at the level counts as above, so that each line passes an edge in one place or none.
  for (let k = 0; k < 4; k++) if (at[k]! >= level !== at[(k + 1) % 4]! >= level) crossed.push(k);
  const point = (edge: number): readonly [number, number] => {
    const [a, b] = [at[edge]!, at[(edge + 1) % 4]!];
    const t = (level - a) / (b - a);
    const [from, to] = [corners[edge]!, corners[(edge + 1) % 4]!];
    return [i + from[0] + t * (to[0] - from[0]), j + from[1] + t * (to[1] - from[1])];
  };
  const add = (first: number, second: number): void => void found.push(...point(first), ...point(second));
  if (crossed.length === 2) add(crossed[0]!, crossed[1]!);
  if (crossed.length < 4) return;
  // A saddle: the middle of the cell decides which two corners the lines cut off.
  const middle = (at[0]! + at[1]! + at[2]! + at[3]!) / 4;
  if (middle >= level === at[0]! >= level) {
    add(0, 1);
    add(2, 3);
  } else {
    add(3, 0);
    add(1, 2);
  }
}
