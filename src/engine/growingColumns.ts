/**
 * Typed arrays that grow together, one entry per trial.
 * Invariant: all columns have the same capacity; entries nobody wrote hold the column's blank.
 */
export interface Column<A extends Float64Array | Int32Array | Uint8Array> {
  data: A;
  readonly blank: number;
}

export class GrowingColumns {
  readonly #columns: Column<Float64Array | Int32Array | Uint8Array>[] = [];
  #capacity = 256;

  doubles(): Column<Float64Array> {
    return this.#add({ data: new Float64Array(this.#capacity).fill(Number.NaN), blank: Number.NaN });
  }

  ints(): Column<Int32Array> {
    return this.#add({ data: new Int32Array(this.#capacity).fill(-1), blank: -1 });
  }

  bytes(): Column<Uint8Array> {
    return this.#add({ data: new Uint8Array(this.#capacity), blank: 0 });
  }

  /** Makes room for `count` entries. Amortised O(1) an entry. */
  reserve(count: number): void {
    if (count <= this.#capacity) return;
    this.#capacity = Math.max(count, this.#capacity * 2);
    for (const column of this.#columns) {
      const old = column.data;
      const grown =
        old instanceof Float64Array
          ? new Float64Array(this.#capacity)
          : old instanceof Int32Array
            ? new Int32Array(this.#capacity)
            : new Uint8Array(this.#capacity);
      grown.set(old);
      grown.fill(column.blank, old.length);
      column.data = grown;
    }
  }

  #add<A extends Float64Array | Int32Array | Uint8Array>(column: Column<A>): Column<A> {
    this.#columns.push(column);
    return column;
  }
}
