/**
 * Trial numbers in the order of a key, kept sorted as trials arrive, so that no request ever sorts.
 * Invariant: ascending by key, ties by number; a trial is inserted once and its key never changes after that. Trials that come
 * in bulk are kept as sorted runs, which `settling` merges a piece at a time: O(n log n) in all, and no piece of more than
 * `mergePiece` trials.
 */

/** Trials that one piece of `settling` moves. */
export const mergePiece = 5_000;

/** Trials in their order, with their keys beside them: asking for a key again at every comparison would be most of the work. */
interface Run {
  readonly numbers: Int32Array;
  readonly keys: Float64Array;
}

export class RankedTrials {
  readonly #key: (number: number) => number;
  /** Sorted runs that are not among the items yet. */
  #runs: readonly Run[] = [];
  #items = new Int32Array(64);
  #count = 0;

  /** @param key smaller is better; not NaN */
  constructor(key: (number: number) => number) {
    this.#key = key;
  }

  get count(): number {
    let count = this.#count;
    for (const run of this.#runs) count += run.numbers.length;
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
    const key = this.#key(number);
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#items[middle]!;
      const otherKey = this.#key(other);
      if (otherKey < key || (otherKey === key && other < number)) low = middle + 1;
      else high = middle;
    }
    this.#items.copyWithin(low + 1, low, this.#count);
    this.#items[low] = number;
    this.#count += 1;
  }

  /** Adds many at once, to be put in their places by `settling`. O(m log m). */
  insertAll(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    const sorted = numbers
      .map((number) => ({ number, key: this.#key(number) }))
      .sort((a, b) => (a.key < b.key || (a.key === b.key && a.number < b.number) ? -1 : 1));
    const run = {
      numbers: Int32Array.from(sorted, ({ number }) => number),
      keys: Float64Array.from(sorted, ({ key }) => key),
    };
    this.#runs = [...this.#runs, run];
  }

  /**
   * Puts what `insertAll` added in its places; yields after each piece of work, so that the caller can let others run.
   * Whoever looks, adds or inserts in between is served: looking does all that is left at once.
   */
  *settling(): Generator<void, void, void> {
    while (this.#runs.length > 0) {
      const before = this.#runs;
      let level = this.#count === 0 ? before : [this.#itemsAsRun(), ...before];
      let moved = 0;
      while (level.length > 1) {
        const next: Run[] = [];
        for (let i = 0; i < level.length; i += 2) {
          const a = level[i]!;
          const b = level[i + 1];
          if (b === undefined) {
            next.push(a);
            continue;
          }
          const merge = mergeRuns(a, b);
          next.push(merge.run);
          for (let done = 0; done < merge.run.numbers.length;) {
            const piece = Math.min(mergePiece - moved, merge.run.numbers.length - done);
            merge.move(piece);
            done += piece;
            moved += piece;
            if (moved < mergePiece) continue;
            moved = 0;
            yield;
            // Somebody looked or added meanwhile: what is merged so far is not all.
            if (this.#runs !== before) break;
          }
          if (this.#runs !== before) break;
        }
        if (this.#runs !== before) break;
        level = next;
      }
      if (this.#runs !== before) continue;
      const { numbers } = level[0]!;
      this.#runs = [];
      this.#count = numbers.length;
      this.#items = new Int32Array(Math.max(64, Math.ceil(numbers.length * 1.5)));
      this.#items.set(numbers);
    }
  }

  #settle(): void {
    if (this.#runs.length === 0) return;
    const work = this.settling();
    while (work.next().done !== true);
  }

  #itemsAsRun(): Run {
    const numbers = this.#items.slice(0, this.#count);
    return { numbers, keys: Float64Array.from(numbers, (number) => this.#key(number)) };
  }
}

/** The two in one order, filled by `move` as far as it is told. */
function mergeRuns(a: Run, b: Run): { readonly run: Run; readonly move: (count: number) => void } {
  const length = a.numbers.length + b.numbers.length;
  const run = { numbers: new Int32Array(length), keys: new Float64Array(length) };
  let i = 0;
  let k = 0;
  return {
    run,
    move: (count) => {
      for (const end = i + k + count; i + k < end;) {
        const keyA = a.keys[i];
        const keyB = b.keys[k];
        const first =
          keyB === undefined ||
          (keyA !== undefined && (keyA < keyB || (keyA === keyB && a.numbers[i]! < b.numbers[k]!)));
        const to = i + k;
        run.keys[to] = first ? keyA! : keyB;
        run.numbers[to] = first ? a.numbers[i]! : b.numbers[k]!;
        if (first) i += 1;
        else k += 1;
      }
    },
  };
}
