/**
 * Divergences that were computed once for a study, kept in a file beside it: what took seconds is not computed again after a
 * restart. Invariant: a cache and nothing more: a lost or damaged line is computed again, and a score is what the same pair
 * would give anew.
 */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Score } from "../../topology/variants.ts";

/** How many lines may wait to be written. */
type Entry = readonly [key: string, rtd: number, lite: number, forward: number, backward: number];

export class ScoreCache {
  readonly #file: string;
  readonly #known = new Map<string, Score>();
  #loading: Promise<void> | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** Reads the file once. Must be awaited before `get`. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    const text = await readFile(this.#file, "utf8").catch(() => "");
    for (const line of text.split("\n")) {
      if (!line.endsWith("]")) continue;
      try {
        const [key, rtd, lite, forward, backward] = JSON.parse(line) as Entry;
        this.#known.set(key, { rtd, lite, forward, backward });
      } catch {
        // Cut off by a kill.
      }
    }
  }

  get(key: string): Score | undefined {
    return this.#known.get(key);
  }

  /** Remembers a score at once; it is written soon, and a failure to do so costs a later computation only. */
  put(key: string, score: Score): void {
    this.#known.set(key, score);
    const entry: Entry = [key, score.rtd, score.lite, score.forward, score.backward];
    this.#writing = this.#writing
      .then(() => mkdir(path.dirname(this.#file), { recursive: true }))
      .then(() => appendFile(this.#file, `${JSON.stringify(entry)}\n`))
      .catch(() => undefined);
  }

  /** Resolves when all that was put has been written. */
  async flush(): Promise<void> {
    await this.#writing;
  }
}
