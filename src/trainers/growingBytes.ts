/**
 * A byte buffer that grows by doubling up to a limit.
 * Invariant: it never holds more than `limit` bytes, and appending is amortised O(bytes appended), however small the pieces.
 */
export class GrowingBytes {
  readonly limit: number;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** Appends all of `bytes`, or nothing and answers false when that would pass the limit. */
  append(bytes: Uint8Array): boolean {
    const needed = this.#length + bytes.length;
    if (needed > this.limit) return false;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.limit, Math.max(needed, this.#bytes.length * 2, 1024)));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = needed;
    return true;
  }

  /** The first `count` bytes as a view, valid until the next call. */
  peek(count = this.#length): Uint8Array {
    return this.#bytes.subarray(0, Math.min(count, this.#length));
  }

  /** A copy of everything; the buffer is empty afterwards and lets go of large memory. */
  take(): Uint8Array {
    const out = this.#bytes.slice(0, this.#length);
    this.clear();
    return out;
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > 65_536) this.#bytes = new Uint8Array(0);
  }
}
