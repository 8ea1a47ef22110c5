/**
 * What the engine and its threads of topology say to each other: plain data that survives structured cloning.
 * Invariant: a thread works on one request at a time and answers each with its `id`; arrays of a preparation lie in shared
 * memory, so they are never copied and serve every thread.
 */
import type { PointCloud } from "../../topology/pointCloud.ts";
import type { Preparation } from "../../topology/preparation.ts";
import type { Divergence, LiteDivergence } from "../../topology/rtd.ts";
import type { ErrorData } from "../sampling/messages.ts";

/** Where an embedding comes from. It is read, or drawn, in a thread. */
export type EmbeddingSource =
  /** A .npy or .csv file, absolute. */
  | { readonly kind: "file"; readonly file: string }
  | { readonly kind: "cloud"; readonly cloud: PointCloud }
  /** The noise of one-to-noise; see `noiseCloud`. */
  | { readonly kind: "noise"; readonly seed: number; readonly count: number; readonly width: number }
  /** The rows of a file in another order; see `shuffledRows`. */
  | { readonly kind: "shuffled"; readonly file: string; readonly seed: number };

/** RTD of a pair, or what there was time for. */
export interface PairDivergence extends Divergence {
  /** Time was up: `score` is RTD-Lite, there are no bars. Never to be mixed with scores of the other kind. */
  readonly isLimited: boolean;
}

interface Pair {
  readonly a: Preparation;
  readonly b: Preparation;
}

export type RtdRequest =
  | { readonly type: "prepare"; readonly source: EmbeddingSource }
  | ({ readonly type: "pair"; readonly limitMs: number } & Pair)
  | ({ readonly type: "lite" } & Pair);

/** What each request is answered with. */
export interface RtdAnswers {
  readonly prepare: Preparation;
  readonly pair: PairDivergence;
  readonly lite: LiteDivergence;
}

export type ToRtdThread = { readonly id: number } & RtdRequest;

export type FromRtdThread =
  | { readonly id: number; readonly share: number }
  | { readonly id: number; readonly answer: RtdAnswers[keyof RtdAnswers] }
  | { readonly id: number; readonly error: ErrorData };

/** Given to a thread when it starts: one number in shared memory, the `id` of the request that is to be broken off. */
export interface RtdThreadData {
  readonly cancelled: Int32Array;
}
