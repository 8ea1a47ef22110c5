/**
 * Trial numbers in the order of a key, kept sorted as trials arrive, so that no request ever sorts.
 * Invariant: ascending by key, ties by number; a trial is inserted once and its key never changes after that.
 */
export class RankedTrials {
  readonly #key: (number: number) => number;
  #items = new Int32Array(64);
  #count = 0;

  /** @param key smaller is better; not NaN */
  constructor(key: (number: number) => number) {
    this.#key = key;
  }

  get count(): number {
    return this.#count;
  }

  /** The trial at a rank; 0 is the best. */
  at(rank: number): number | undefined {
    return rank < this.#count ? this.#items[rank] : undefined;
  }

  /** Adds one trial. O(log n) comparisons and a move of memory. */
  insert(number: number): void {
    this.#reserve(1);
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

  /** Adds many at once: sorts them and merges from the back. O(n + m log m). */
  insertAll(numbers: readonly number[]): void {
    const added = numbers.toSorted((a, b) => (this.#before(a, b) ? -1 : 1));
    this.#reserve(added.length);
    let left = this.#count - 1;
    let right = added.length - 1;
    for (let to = this.#count + added.length - 1; right >= 0; to--) {
      const number = added[right]!;
      if (left >= 0 && this.#before(number, this.#items[left]!)) {
        this.#items[to] = this.#items[left]!;
        left -= 1;
      } else {
        this.#items[to] = number;
        right -= 1;
      }
    }
    this.#count += added.length;
  }

  #before(a: number, b: number): boolean {
    const keyA = this.#key(a);
    const keyB = this.#key(b);
    return keyA < keyB || (keyA === keyB && a < b);
  }

  #reserve(more: number): void {
    if (this.#count + more <= this.#items.length) return;
    const grown = new Int32Array(Math.max(this.#items.length * 2, this.#count + more));
    grown.set(this.#items);
    this.#items = grown;
  }
}
