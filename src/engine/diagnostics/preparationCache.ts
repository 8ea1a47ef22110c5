/**
 * Preparations by key, as many as fit into a number of bytes; the one that was not asked for longest goes first.
 * Invariant: what is asked for while it is being made is made once; what failed is not remembered.
 */
import { bytesOf, type Preparation } from "../../topology/preparation.ts";

export class PreparationCache {
  readonly #limit: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Preparation>();
  readonly #making = new Map<string, Promise<Preparation>>();
  #bytes = 0;

  /** @param limit bytes; one preparation larger than that is made and not kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Bytes kept now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The preparation with this key, made if it must be. @throws what `make` rejects with */
  async get(key: string, make: () => Promise<Preparation>): Promise<Preparation> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const making = this.#making.get(key);
    if (making !== undefined) return making;
    const made = make();
    this.#making.set(key, made);
    try {
      const preparation = await made;
      this.#keep(key, preparation);
      return preparation;
    } finally {
      this.#making.delete(key);
    }
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #keep(key: string, preparation: Preparation): void {
    const bytes = bytesOf(preparation.count);
    if (bytes > this.#limit) return;
    this.#kept.set(key, preparation);
    this.#bytes += bytes;
    for (const [oldest, { count }] of this.#kept) {
      if (this.#bytes <= this.#limit) return;
      this.#kept.delete(oldest);
      this.#bytes -= bytesOf(count);
    }
  }
}
