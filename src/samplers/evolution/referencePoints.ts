/**
 * Reference points of NSGA-III: evenly spread directions of trade-off, and the scale in which trade-offs are measured.
 * Sources: I. Das and J. Dennis, "Normal-boundary intersection" (SIAM J. Optimization, 1998) for the points; K. Deb and H. Jain,
 * "An evolutionary many-objective optimization algorithm using reference-point-based nondominated sorting approach, part I"
 * (IEEE TEC 2014) for the two layers and the normalisation. Invariant: the coordinates of a reference point sum to 1.
 */

/** Number of points of the simplex lattice: (objectives + divisions - 1) choose divisions. */
export function latticeSize(objectives: number, divisions: number): number {
  let count = 1;
  for (let i = 1; i <= divisions; i++) count = (count * (objectives - 1 + i)) / i;
  return Math.round(count);
}

/** The points whose coordinates are multiples of 1 / divisions and sum to 1, in lexicographic order. O(points objectives). */
export function lattice(objectives: number, divisions: number): number[][] {
  const points: number[][] = [];
  const fill = (head: readonly number[], left: number): void => {
    if (head.length === objectives - 1) {
      points.push([...head, left].map((count) => count / divisions));
      return;
    }
    for (let count = 0; count <= left; count++) fill([...head, count], left - count);
  };
  if (divisions > 0) fill([], divisions);
  else points.push(Array.from({ length: objectives }, () => 1 / objectives));
  return points;
}

/**
 * As many reference points as a population can hold: the finest lattice of at most `most` points. Where it has none but on the
 * edge (fewer divisions than objectives), a second lattice shrunk to half its size around the middle is put inside, as far as
 * it fits. At least the corners.
 */
export function referencePoints(objectives: number, most: number): number[][] {
  const finest = (room: number, least: number): number => {
    if (objectives === 1) return least;
    let divisions = least;
    while (latticeSize(objectives, divisions + 1) <= room) divisions++;
    return divisions;
  };
  const outer = finest(most, 1);
  const points = lattice(objectives, outer);
  const inner = finest(most - points.length, 0);
  if (objectives === 1 || outer >= objectives || points.length >= most) return points;
  const shrunk = lattice(objectives, inner).map((point) => point.map((value) => (value + 1 / objectives) / 2));
  return [...points, ...shrunk];
}

/** Weight of the other axes in the search for an extreme point of one axis. */
const otherAxes = 1e-6;
/** Ranges smaller than this share of the values' own size are none. */
const flat = 1e-10;

/** For each axis the point that is nearest to it, by the achievement scalarising function. O(points objectives^2). */
export function extremePoints(
  points: readonly (readonly number[])[],
  ideal: readonly number[],
): readonly (readonly number[])[] {
  return ideal.map((_, axis) => {
    let nearest = points[0]!;
    let least = Infinity;
    for (const point of points) {
      const distance = point.reduce(
        (most, value, k) => Math.max(most, (value - ideal[k]!) / (k === axis ? 1 : otherAxes)),
        0,
      );
      if (distance < least) [least, nearest] = [distance, point];
    }
    return nearest;
  });
}

/**
 * The length of each objective's axis: where the plane through the extreme points meets it. Where there is no such plane, or it
 * meets an axis behind the ideal point or far beyond all points, the range of the front instead; where that is nothing, the range
 * of all points; and 1 for an objective that is the same everywhere. O(objectives^3 + points objectives).
 */
export function axisLengths(
  extremes: readonly (readonly number[])[],
  ideal: readonly number[],
  front: readonly (readonly number[])[],
  all: readonly (readonly number[])[],
): number[] {
  const inverse = solved(
    extremes.map((point) => point.map((value, k) => value - ideal[k]!)),
    ideal.map(() => 1),
  );
  const range = (points: readonly (readonly number[])[], k: number): number =>
    points.reduce((most, point) => Math.max(most, point[k]! - ideal[k]!), 0);
  const isReal = (length: number, k: number): boolean => length > flat * Math.max(1, Math.abs(ideal[k]!));
  const ranges = ideal.map((_, k) => [range(front, k), range(all, k)] as const);
  const intercepts = inverse?.map((value) => 1 / value);
  // All or none: the plane's intercepts are a scale only together.
  if (intercepts?.every((length, k) => isReal(length, k) && length <= 2 * ranges[k]![1]) === true) return intercepts;
  return ranges.map(([own, wide], k) => (isReal(own, k) ? own : isReal(wide, k) ? wide : 1));
}

/** Solution of a small square system by elimination with row pivots; undefined where it is singular. O(n^3). */
function solved(matrix: readonly (readonly number[])[], right: readonly number[]): number[] | undefined {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const scale = Math.max(...rows.flatMap((row) => row.slice(0, n).map(Math.abs)));
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    if (!(Math.abs(rows[pivot]![column]!) > flat * scale)) return undefined;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const top = rows[column]!;
    rows.forEach((row, i) => {
      if (i === column) return;
      const factor = row[column]! / top[column]!;
      for (let k = column; k <= n; k++) row[k]! -= factor * top[k]!;
    });
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

export interface Association {
  /** Index of the nearest reference direction. */
  readonly reference: number;
  /** Distance from it. */
  readonly distance: number;
}

/** The reference direction nearest to a normalised point; ties go to the first. O(references objectives). */
export function associated(point: readonly number[], references: readonly (readonly number[])[]): Association {
  let best: Association = { reference: 0, distance: Infinity };
  references.forEach((direction, reference) => {
    let dot = 0;
    let square = 0;
    direction.forEach((value, k) => {
      dot += value * point[k]!;
      square += value * value;
    });
    const along = dot / square;
    let distance = 0;
    direction.forEach((value, k) => (distance += (point[k]! - along * value) ** 2));
    if (distance < best.distance) best = { reference, distance };
  });
  return { reference: best.reference, distance: Math.sqrt(best.distance) };
}
