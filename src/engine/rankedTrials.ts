/**
 * Trial numbers in the order of a key, kept sorted as trials arrive, so that no request ever sorts.
 * Invariant: ascending by key, ties by number; a trial is inserted once and its key never changes after that. Trials that come
 * in bulk are kept as sorted runs of growing length, which are merged when somebody looks: O(n log n) in all, and no single
 * step of more than O(n).
 */
export class RankedTrials {
  readonly #key: (number: number) => number;
  /** Sorted runs, longest first; only the first one when nothing is pending. */
  #runs: Int32Array[] = [];
  #items = new Int32Array(64);
  #count = 0;

  /** @param key smaller is better; not NaN */
  constructor(key: (number: number) => number) {
    this.#key = key;
  }

  get count(): number {
    let count = this.#count;
    for (const run of this.#runs) count += run.length;
    return count;
  }

  /** The trial at a rank; 0 is the best. */
  at(rank: number): number | undefined {
    this.#settle();
    return rank < this.#count ? this.#items[rank] : undefined;
  }

  /** Adds one trial. O(log n) comparisons and a move of memory. */
  insert(number: number): void {
    this.#settle();
    if (this.#count === this.#items.length) {
      const grown = new Int32Array(this.#items.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#before(this.#items[middle]!, number)) low = middle + 1;
      else high = middle;
    }
    this.#items.copyWithin(low + 1, low, this.#count);
    this.#items[low] = number;
    this.#count += 1;
  }

  /** Adds many at once. Amortised O(m log n). */
  insertAll(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    this.#runs.push(Int32Array.from(numbers).sort((a, b) => (this.#before(a, b) ? -1 : 1)));
    for (;;) {
      const last = this.#runs.at(-1);
      const before = this.#runs.at(-2);
      if (last === undefined || before === undefined || before.length > 2 * last.length) return;
      this.#runs.splice(-2, 2, this.#merge(before, last));
    }
  }

  #settle(): void {
    if (this.#runs.length === 0) return;
    let all: Int32Array = this.#items.subarray(0, this.#count);
    for (const run of this.#runs.toReversed()) all = this.#merge(run, all);
    this.#runs = [];
    this.#count = all.length;
    this.#items = new Int32Array(Math.max(64, Math.ceil(all.length * 1.5)));
    this.#items.set(all);
  }

  #merge(a: Int32Array, b: Int32Array): Int32Array {
    const merged = new Int32Array(a.length + b.length);
    let i = 0;
    let k = 0;
    for (let to = 0; to < merged.length; to++) {
      if (k >= b.length || (i < a.length && this.#before(a[i]!, b[k]!))) {
        merged[to] = a[i]!;
        i += 1;
      } else {
        merged[to] = b[k]!;
        k += 1;
      }
    }
    return merged;
  }

  #before(a: number, b: number): boolean {
    const keyA = this.#key(a);
    const keyB = this.#key(b);
    return keyA < keyB || (keyA === keyB && a < b);
  }
}
