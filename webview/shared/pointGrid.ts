/**
 * Which point is nearest to the pointer: points in square cells, so a look-up touches a handful however many there are.
 * Invariant: points with a NaN coordinate are never found.
 */

const cellSize = 24;

export class PointGrid {
  private readonly columns: number;
  private readonly rows: number;
  /** Points of cell c: ids[starts[c]] .. ids[starts[c + 1]]. */
  private readonly starts: Int32Array;
  private readonly ids: Int32Array;
  private readonly xs: Float32Array;
  private readonly ys: Float32Array;

  /** O(n). `keep`: which points count; absent = all. */
  constructor(xs: Float32Array, ys: Float32Array, width: number, height: number, keep?: Uint8Array) {
    this.xs = xs;
    this.ys = ys;
    this.columns = Math.max(1, Math.ceil(width / cellSize));
    this.rows = Math.max(1, Math.ceil(height / cellSize));
    const cells = new Int32Array(xs.length);
    this.starts = new Int32Array(this.columns * this.rows + 1);
    for (let i = 0; i < xs.length; i++) {
      const cell =
        (keep === undefined || keep[i] === 1) && xs[i] === xs[i] && ys[i] === ys[i] ? this.cell(xs[i]!, ys[i]!) : -1;
      cells[i] = cell;
      if (cell >= 0) this.starts[cell + 1]!++;
    }
    for (let c = 1; c < this.starts.length; c++) this.starts[c]! += this.starts[c - 1]!;
    this.ids = new Int32Array(this.starts.at(-1) ?? 0);
    const next = this.starts.slice();
    for (let i = 0; i < xs.length; i++) if (cells[i]! >= 0) this.ids[next[cells[i]!]!++] = i;
  }

  private cell(x: number, y: number): number {
    const column = Math.min(this.columns - 1, Math.max(0, Math.floor(x / cellSize)));
    const row = Math.min(this.rows - 1, Math.max(0, Math.floor(y / cellSize)));
    return row * this.columns + column;
  }

  /** Index of the nearest point within `radius` pixels, or -1. */
  nearest(x: number, y: number, radius: number): number {
    let best = -1;
    let bestSquare = radius * radius;
    this.visit(x - radius, y - radius, x + radius, y + radius, (id) => {
      const square = (this.xs[id]! - x) ** 2 + (this.ys[id]! - y) ** 2;
      if (square <= bestSquare) {
        best = id;
        bestSquare = square;
      }
    });
    return best;
  }

  /** Points inside a rectangle, in no particular order. */
  inside(left: number, top: number, right: number, bottom: number): Int32Array {
    const found: number[] = [];
    this.visit(left, top, right, bottom, (id) => {
      if (this.xs[id]! >= left && this.xs[id]! <= right && this.ys[id]! >= top && this.ys[id]! <= bottom)
        found.push(id);
    });
    return Int32Array.from(found);
  }

  private visit(left: number, top: number, right: number, bottom: number, take: (id: number) => void): void {
    const first = this.cell(left, top);
    const last = this.cell(right, bottom);
    for (let r = Math.floor(first / this.columns); r <= Math.floor(last / this.columns); r++) {
      for (let c = first % this.columns; c <= last % this.columns; c++) {
        const cell = r * this.columns + c;
        for (let k = this.starts[cell]!; k < this.starts[cell + 1]!; k++) take(this.ids[k]!);
      }
    }
  }
}
