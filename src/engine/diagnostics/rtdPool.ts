/**
 * Topology for the engine: pairs of embeddings are compared in threads, each embedding prepared once for all its pairs.
 * Invariant: nothing is computed and nothing read in the engine's own thread; memory is bounded by the cache and two embeddings
 * a thread, however many comparisons wait; a thread that is lost costs its pair a second try and nobody else anything.
 */
import { BasinError } from "../../core/errors.ts";
import type { Preparation } from "../../topology/preparation.ts";
import type { LiteDivergence } from "../../topology/rtd.ts";
import type { Clock } from "../clock.ts";
import { PreparationCache } from "./preparationCache.ts";
import type { EmbeddingSource, PairDivergence } from "./rtdMessages.ts";
import { RtdThreadLost, RtdWorker } from "./rtdWorker.ts";

/** An embedding and a name for it: the same key means the same points. */
export interface Embedding {
  readonly key: string;
  readonly source: EmbeddingSource;
}

export interface RtdPoolOptions {
  /** The program of the threads; see `rtdThreadFile`. */
  readonly file: string;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  /** Pairs compared at once; 1 unless said. */
  readonly threads?: number;
  /** For preparations (2.5 MB at 500 points); 256 MiB unless said. */
  readonly cacheBytes?: number;
  /** A pair that takes longer is answered with RTD-Lite, and says so; a minute unless said. */
  readonly limitMs?: number;
}

export interface CompareOptions {
  /** Breaks the comparison off: at once when it waits, else within a few milliseconds. */
  readonly signal?: AbortSignal;
  /** Told about ten times a second what share of the comparison is done. */
  readonly onProgress?: (share: number) => void;
}

/** Threads without work are ended after this time. */
const idleMs = 30_000;

interface Job {
  readonly name: string;
  readonly run: (worker: RtdWorker) => Promise<void>;
  readonly reject: (error: unknown) => void;
}

export class RtdPool {
  readonly #options: RtdPoolOptions;
  readonly #cache: PreparationCache;
  readonly #idle: RtdWorker[];
  readonly #all: readonly RtdWorker[];
  #waiting: Job[] = [];
  #stopRest: (() => void) | undefined;
  #ended = false;

  constructor(options: RtdPoolOptions) {
    this.#options = options;
    this.#cache = new PreparationCache(options.cacheBytes ?? 256 * 2 ** 20);
    this.#all = Array.from({ length: options.threads ?? 1 }, () => new RtdWorker(options.file));
    this.#idle = [...this.#all];
  }

  /** Comparisons that wait for a thread. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * RTD of two embeddings, comparisons being served in the order in which they are asked for.
   * @throws BasinError of an embedding that cannot be read or scored, for different numbers of points, `cancelled`
   */
  compare(a: Embedding, b: Embedding, options: CompareOptions = {}): Promise<PairDivergence> {
    const { signal, onProgress } = options;
    const limitMs = this.#options.limitMs ?? 60_000;
    return this.#schedule(`${a.key} and ${b.key}`, signal, async (worker) => {
      const pair = await this.#pair(worker, a, b, signal);
      return worker.ask({ type: "pair", limitMs, ...pair }, { signal, onProgress });
    });
  }

  /** RTD-Lite of two embeddings: about a hundredth of the time of `compare`. @throws BasinError as `compare` */
  lite(a: Embedding, b: Embedding, { signal }: Pick<CompareOptions, "signal"> = {}): Promise<LiteDivergence> {
    return this.#schedule(`${a.key} and ${b.key}`, signal, async (worker) =>
      worker.ask({ type: "lite", ...(await this.#pair(worker, a, b, signal)) }),
    );
  }

  /**
   * Prepares an embedding ahead of its comparisons: what it throws says whether it can be scored.
   * @returns how many points it has, and whether they have collapsed into one
   * @throws BasinError of an embedding that cannot be read or scored
   */
  async check(embedding: Embedding): Promise<Pick<Preparation, "count" | "isCollapsed" | "scale">> {
    const { count, isCollapsed, scale } = await this.#schedule(embedding.key, undefined, (worker) =>
      this.#prepared(worker, embedding),
    );
    return { count, isCollapsed, scale };
  }

  /** Ends all threads at once; what waits or runs is `cancelled`. Resolves when nothing is left; never rejects. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#stopRest?.();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(cancelled());
    await Promise.all(this.#all.map((worker) => worker.end()));
    this.#cache.clear();
  }

  async #pair(
    worker: RtdWorker,
    a: Embedding,
    b: Embedding,
    signal: AbortSignal | undefined,
  ): Promise<{ a: Preparation; b: Preparation }> {
    const pair = { a: await this.#prepared(worker, a), b: await this.#prepared(worker, b) };
    if (signal?.aborted === true) throw cancelled();
    return pair;
  }

  #prepared(worker: RtdWorker, { key, source }: Embedding): Promise<Preparation> {
    return this.#cache.get(key, () => worker.ask({ type: "prepare", source }));
  }

  #schedule<T>(name: string, signal: AbortSignal | undefined, work: (worker: RtdWorker) => Promise<T>): Promise<T> {
    if (this.#ended || signal?.aborted === true) return Promise.reject(cancelled());
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        if (!this.#waiting.includes(job)) return;
        this.#waiting = this.#waiting.filter((other) => other !== job);
        job.reject(cancelled());
      };
      const job: Job = {
        name,
        run: async (worker) => {
          resolve(await work(worker));
          signal?.removeEventListener("abort", leave);
        },
        reject: (error) => {
          reject(error);
          signal?.removeEventListener("abort", leave);
        },
      };
      signal?.addEventListener("abort", leave);
      this.#waiting.push(job);
      this.#next();
    });
  }

  #next(): void {
    this.#stopRest?.();
    this.#stopRest = undefined;
    while (this.#waiting.length > 0 && this.#idle.length > 0)
      void this.#serve(this.#idle.pop()!, this.#waiting.shift()!);
    if (this.#idle.length === this.#all.length && !this.#ended)
      this.#stopRest = this.#options.clock.after(
        idleMs,
        () => void Promise.all(this.#all.map((worker) => worker.end())),
      );
  }

  async #serve(worker: RtdWorker, job: Job): Promise<void> {
    try {
      await job.run(worker).catch((error: unknown) => {
        if (!(error instanceof RtdThreadLost) || this.#ended) throw error;
        this.#options.warn(`The topology of ${job.name} is computed again: ${error.message}.`);
        return job.run(worker);
      });
    } catch (error) {
      job.reject(this.#ended ? cancelled() : error instanceof RtdThreadLost ? lostTwice(job.name, error) : error);
    }
    this.#idle.push(worker);
    this.#next();
  }
}

function cancelled(): BasinError {
  return new BasinError("cancelled", "The comparison was broken off.");
}

function lostTwice(name: string, error: RtdThreadLost): BasinError {
  return new BasinError(
    "internal",
    `The topology of ${name} could not be computed: ${error.message}.`,
    "Large embeddings need much memory: compare fewer samples.",
    { cause: error },
  );
}
