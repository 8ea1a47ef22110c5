/**
 * Where the parts of a heat map lie: the square of cells, the tree above it, the labels beside it, the legend.
 * Invariant: cells are square, all of them inside the picture; a place belongs to at most one cell.
 */

export interface HeatMapPlace {
  /** Upper left corner of the cells, side of all of them together. */
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Side of a cell; below a pixel when there are more trials than pixels. */
  readonly cell: number;
  /** Upper end of the tree; its leaves are at `top`. */
  readonly treeTop: number;
  readonly legendLeft: number;
  /** Every so many trials has a label. */
  readonly labelEvery: number;
}

export interface HeatMapRoom {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
  /** Pixels that the widest label takes. */
  readonly labelWidth: number;
  /** Pixels that the legend takes, its numbers included. */
  readonly legendWidth: number;
  readonly hasTree: boolean;
}

const gap = 8;

export function heatMapPlace(n: number, room: HeatMapRoom): HeatMapPlace {
  const { width, height, fontSize, labelWidth, legendWidth, hasTree } = room;
  const treeTop = fontSize * 1.9;
  const treeHeight = hasTree ? Math.min(48, Math.max(16, height * 0.12)) : 4;
  const across = width - labelWidth - legendWidth - 3 * gap;
  const down = height - treeTop - treeHeight - gap;
  const side = Math.max(8, Math.min(across, down));
  const cell = side / Math.max(1, n);
  // Centred in what is left over, so that a wide place does not push all of it to one edge.
  const spare = Math.max(0, across - side);
  const left = gap + labelWidth + spare / 2;
  return {
    left,
    top: treeTop + treeHeight,
    side,
    cell,
    treeTop,
    legendLeft: left + side + 2 * gap,
    labelEvery: Math.max(1, Math.ceil((fontSize * 1.1) / cell)),
  };
}

/** Row and column of the cell at a place; undefined outside. */
export function cellAt(
  { left, top, cell }: HeatMapPlace,
  n: number,
  x: number,
  y: number,
): readonly [number, number] | undefined {
  const row = Math.floor((y - top) / cell);
  const column = Math.floor((x - left) / cell);
  return row >= 0 && row < n && column >= 0 && column < n ? [row, column] : undefined;
}

/** One join of the tree: a bracket from its left side over its own height to its right side. Units: leaves 0 .. n - 1, heights 0 .. 1. */
export interface TreeBracket {
  readonly left: number;
  readonly right: number;
  readonly leftHeight: number;
  readonly rightHeight: number;
  readonly height: number;
}

/**
 * @param joins two nodes a join: below n a leaf by its place, else n + the number of an earlier join
 * @param heights of the joins, increasing
 */
export function treeBrackets(joins: ArrayLike<number>, heights: ArrayLike<number>, n: number): readonly TreeBracket[] {
  const widest = heights.length === 0 ? 1 : Math.max(heights[heights.length - 1]!, Number.MIN_VALUE);
  const place: number[] = Array.from({ length: n }, (_, i) => i);
  const level: number[] = Array.from({ length: n }, () => 0);
  const brackets: TreeBracket[] = [];
  for (let i = 0; i < heights.length; i++) {
    const ends = [joins[2 * i]!, joins[2 * i + 1]!].sort((a, b) => place[a]! - place[b]!) as [number, number];
    const [left, right] = ends;
    const height = heights[i]! / widest;
    brackets.push({
      left: place[left]!,
      right: place[right]!,
      leftHeight: level[left]!,
      rightHeight: level[right]!,
      height,
    });
    place.push((place[left]! + place[right]!) / 2);
    level.push(height);
  }
  return brackets;
}

/** The next cell for an arrow key, Home or End (ends of the row); undefined for other keys. */
export function cellMove(
  key: string,
  at: readonly [number, number] | undefined,
  n: number,
): readonly [number, number] | undefined {
  if (n === 0) return undefined;
  const steps: Readonly<Record<string, readonly [number, number]>> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    Home: [0, -n],
    End: [0, n],
  };
  const step = steps[key];
  if (step === undefined) return undefined;
  // The first press shows where one is.
  if (at === undefined) return [0, Math.min(1, n - 1)];
  const inside = (value: number): number => Math.min(n - 1, Math.max(0, value));
  return [inside(at[0] + step[0]), inside(at[1] + step[1])];
}
