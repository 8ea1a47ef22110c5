/**
 * Divergences between the embeddings of a study's trials, each computed once and remembered in a file beside the study.
 * Invariant: what is remembered is RTD itself; RTD-Lite for want of time is marked, and computed again when asked again.
 */
import path from "node:path";
import { studyFolderOf } from "../../client/workspaceFiles.ts";
import type { RtdDiagnostics } from "../../core/study/diagnostics.ts";
import type { Preparation } from "../../topology/preparation.ts";
import type { Score } from "../../topology/variants.ts";
import type { PairDivergence } from "./rtdMessages.ts";
import type { Embedding, RtdPool } from "./rtdPool.ts";
import { ScoreCache } from "./scoreCache.ts";
import { shapeOf, type TrialEmbedding } from "./trialEmbeddings.ts";

export interface KnownScore {
  readonly score: Score;
  /** Time was up: `score` is RTD-Lite. */
  readonly isLimited: boolean;
}

export class EmbeddingPairs {
  readonly #studyId: number;
  readonly #pool: RtdPool;
  readonly #cache: ScoreCache;

  /** @param workspace absolute folder */
  constructor(workspace: string, studyId: number, pool: RtdPool) {
    this.#studyId = studyId;
    this.#pool = pool;
    this.#cache = new ScoreCache(path.join(studyFolderOf(workspace, studyId), "rtd.jsonl"));
  }

  /** Reads what is remembered. Must be awaited before anything else. */
  load(): Promise<void> {
    return this.#cache.load();
  }

  /** @throws BasinError of an embedding that cannot be read or scored */
  check(embedding: TrialEmbedding): Promise<Pick<Preparation, "count" | "isCollapsed" | "scale">> {
    return this.#pool.check(this.#of(embedding));
  }

  /** The score of a pair if it is remembered. */
  known(a: TrialEmbedding, b: TrialEmbedding): Score | undefined {
    const known = this.#cache.get(pairKey(a, b));
    if (known !== undefined) return known;
    const turned = this.#cache.get(pairKey(b, a));
    return turned === undefined ? undefined : { ...turned, forward: turned.backward, backward: turned.forward };
  }

  /** @throws BasinError as `RtdPool.compare` */
  async score(a: TrialEmbedding, b: TrialEmbedding, signal?: AbortSignal): Promise<KnownScore> {
    const known = this.known(a, b);
    if (known !== undefined) return { score: known, isLimited: false };
    return this.#kept(pairKey(a, b), await this.compare(a, b, signal));
  }

  /** The same with its bars, computed anew. */
  async compare(a: TrialEmbedding, b: TrialEmbedding, signal?: AbortSignal): Promise<PairDivergence> {
    return this.#pool.compare(this.#of(a), this.#of(b), signal === undefined ? {} : { signal });
  }

  async lite(a: TrialEmbedding, b: TrialEmbedding): Promise<number> {
    return this.known(a, b)?.lite ?? (await this.#pool.lite(this.#of(a), this.#of(b))).lite;
  }

  /** Against the noise of a study with this seed; see `noiseCloud` and `shuffledRows`. */
  async noise(embedding: TrialEmbedding, noiseWidth: RtdDiagnostics["noiseWidth"], seed: number): Promise<KnownScore> {
    const { layer, number, step, file } = embedding;
    const key = `${layer}|${number}@${step}|noise ${noiseWidth}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return { score: known, isLimited: false };
    const { count = 0, width = 0 } = shapeOf(embedding) ?? {};
    const own = this.#of(embedding);
    const columns = typeof noiseWidth === "number" ? noiseWidth : width;
    const noise: Embedding =
      noiseWidth === "shuffle"
        ? { key: `${own.key}|shuffled`, source: { kind: "shuffled", file, seed } }
        : {
            key: `${this.#studyId}|noise|${count}|${columns}`,
            source: { kind: "noise", seed, count, width: columns },
          };
    return this.#kept(key, await this.#pool.compare(own, noise));
  }

  #kept(key: string, result: PairDivergence): KnownScore {
    const { score: rtd, lite, directions, isLimited } = result;
    const score: Score = { rtd, lite, forward: directions[0].total, backward: directions[1].total };
    if (!isLimited) this.#cache.put(key, score);
    return { score, isLimited };
  }

  #of({ number, layer, step, file }: TrialEmbedding): Embedding {
    return { key: `${this.#studyId}|${layer}|${number}@${step}`, source: { kind: "file", file } };
  }
}

function pairKey(a: TrialEmbedding, b: TrialEmbedding): string {
  return `${a.layer}|${a.number}@${a.step}|${b.number}@${b.step}`;
}
