/**
 * All pairwise divergences of some trials, computed one after the other in the background.
 * Invariant: what is known stays known; order, tree and layout are made once, from the whole matrix.
 */
import { BasinError } from "../../core/errors.ts";
import { matrixLimit, type TopologyMatrix } from "../../protocol/topology.ts";
import { classicalMds } from "../../topology/classicalMds.ts";
import { clusterOrder } from "../../topology/clusterOrder.ts";
import type { EmbeddingPairs } from "./embeddingPairs.ts";
import type { TrialEmbedding } from "./trialEmbeddings.ts";

type Columns = Omit<TopologyMatrix, "studyId" | "revision" | "samples">;

export interface MatrixHooks {
  /** Further pairs are known. */
  readonly changed: () => void;
  readonly failed: (error: unknown) => void;
}

export class PairMatrix {
  readonly #layer: string;
  /** What was asked for, and what of it is compared. */
  readonly #asked: readonly number[];
  readonly #numbers: readonly number[];
  readonly #pairs: EmbeddingPairs;
  readonly #scores: Float64Array;
  #embeddings: readonly TrialEmbedding[] = [];
  #done = 0;
  #computing: AbortController | undefined;
  #whole: Columns | undefined;

  /** @param numbers the most important first: the first `matrixLimit` of them are compared */
  constructor(layer: string, numbers: readonly number[], pairs: EmbeddingPairs) {
    this.#layer = layer;
    this.#asked = numbers;
    this.#numbers = numbers.slice(0, matrixLimit).toSorted((a, b) => a - b);
    this.#pairs = pairs;
    const n = this.#numbers.length;
    this.#scores = new Float64Array(n * n).fill(Number.NaN);
    for (let i = 0; i < n; i++) this.#scores[i * n + i] = 0;
  }

  is(layer: string, numbers: readonly number[]): boolean {
    return layer === this.#layer && numbers.join() === this.#asked.join();
  }

  /** Takes over what is remembered. */
  async recall(embeddingOf: (number: number) => TrialEmbedding): Promise<void> {
    await this.#pairs.load();
    if (this.#embeddings.length > 0) return;
    this.#embeddings = this.#numbers.map(embeddingOf);
    for (const [i, j] of this.#missing()) {
      const known = this.#pairs.known(this.#embeddings[i]!, this.#embeddings[j]!);
      if (known !== undefined) this.#set(i, j, known.rtd);
    }
  }

  /** Begins or goes on with the computation; `recall` comes before it. */
  start({ changed, failed }: MatrixHooks): void {
    if (this.#computing !== undefined) return;
    const control = (this.#computing = new AbortController());
    this.#compute(control.signal, changed)
      .catch((error: unknown) => {
        if (!(error instanceof BasinError && error.code === "cancelled")) failed(error);
      })
      .finally(() => {
        if (this.#computing === control) this.#computing = undefined;
        changed();
      });
  }

  stop(): void {
    this.#computing?.abort();
    this.#computing = undefined;
  }

  async #compute(signal: AbortSignal, changed: () => void): Promise<void> {
    for (const [i, j] of this.#missing()) {
      const { score } = await this.#pairs.score(this.#embeddings[i]!, this.#embeddings[j]!, signal);
      this.#set(i, j, score.rtd);
      changed();
    }
  }

  /** What is known, in the order of the clustering once that is all. */
  columns(): Columns {
    if (this.#whole !== undefined) return this.#whole;
    const n = this.#numbers.length;
    const pairs = (n * (n - 1)) / 2;
    const plain = {
      layer: this.#layer,
      done: this.#done,
      pairs,
      omitted: this.#asked.length - n,
    };
    if (this.#done < pairs || n < 2) {
      return {
        ...plain,
        state: this.#computing === undefined ? (n > 0 && this.#done === pairs ? "complete" : "idle") : "computing",
        number: Int32Array.from(this.#numbers),
        scores: this.#scores.slice(),
        joins: new Int32Array(0),
        heights: new Float64Array(0),
        x: new Float64Array(n).fill(Number.NaN),
        y: new Float64Array(n).fill(Number.NaN),
        stress: Number.NaN,
      };
    }
    const { order, joins, heights } = clusterOrder(this.#scores, n);
    const { x, y, stress } = classicalMds(this.#scores, n);
    // Trials change places; the tree names them by their new ones.
    const place = new Int32Array(n);
    order.forEach((item, at) => (place[item] = at));
    this.#whole = {
      ...plain,
      state: "complete",
      number: Int32Array.from(order, (item) => this.#numbers[item]!),
      scores: Float64Array.from(
        { length: n * n },
        (_, at) => this.#scores[order[Math.floor(at / n)]! * n + order[at % n]!]!,
      ),
      joins: joins.map((node) => (node < n ? place[node]! : node)),
      heights,
      x: Float64Array.from(order, (item) => x[item]!),
      y: Float64Array.from(order, (item) => y[item]!),
      stress,
    };
    return this.#whole;
  }

  *#missing(): Generator<readonly [i: number, j: number]> {
    const n = this.#numbers.length;
    for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) if (Number.isNaN(this.#scores[i * n + j]!)) yield [i, j];
  }

  #set(i: number, j: number, score: number): void {
    const n = this.#numbers.length;
    if (Number.isNaN(this.#scores[i * n + j]!)) this.#done += 1;
    this.#scores[i * n + j] = score;
    this.#scores[j * n + i] = score;
  }
}
