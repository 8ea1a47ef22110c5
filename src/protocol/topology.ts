/**
 * What the Topology view shows of trials' embeddings: who has one, how two differ bar by bar, all pairwise scores with their
 * order and their layout, and how far an embedding moved between its checkpoints.
 * Invariant: plain data, pulled by revision; what could not be scored is flagged and NaN, never 0; scores of different numbers
 * of samples are never in one answer.
 */
import type { RtdDiagnostics } from "../core/study/diagnostics.ts";

/** Whether a trial's embedding is scored, and if not, why. The order is on the wire: append, never reorder. */
export const embeddingStatuses = [
  "scored",
  /** Not scored yet: it is being computed, or nothing was asked of it. */
  "waiting",
  /** The trial sent none of this layer. */
  "missing",
  /** All samples at one point but for rounding: what its distances show is noise. */
  "collapsed",
  /** A value is NaN or infinite. */
  "not-finite",
  /** Another number of samples than the study's probe. */
  "wrong-size",
  /** As many samples as the probe, but other ones (another index hash). */
  "other-samples",
] as const;
export type EmbeddingStatus = (typeof embeddingStatuses)[number];

/** A layer whose embeddings some trials sent. */
export interface EmbeddingLayer {
  readonly name: string;
  /** Trials that sent at least one. */
  readonly trials: number;
  /** Most checkpoints of it that one trial sent. */
  readonly checkpoints: number;
}

/** What `diagnostics.rtd` of the study asks for. */
export interface RtdPlan extends Pick<RtdDiagnostics, "variant" | "use"> {
  /** For a person, what every score is measured against: "one fixed draw of noise, 256 wide"; "trial 17, the best so far". */
  readonly against: string;
}

/** One entry a trial, in the order of their numbers; index i is the same trial in every column. */
export interface EmbeddingColumns {
  readonly number: Int32Array;
  /** Index into `embeddingStatuses`. */
  readonly status: Uint8Array;
  /** Dimensions of the embedding; 0 if there is none. */
  readonly width: Int32Array;
  /** The plan's score; NaN unless `scored` (always NaN without a plan). */
  readonly score: Float64Array;
  /** Its RTD-Lite part, at most `score`. */
  readonly lite: Float64Array;
  /** Checkpoints at which the trial sent an embedding of this layer. */
  readonly checkpoints: Int32Array;
}

export interface TopologyReport {
  readonly studyId: number;
  readonly revision: number;
  /** Layers there are, the most sent first; empty = no trial sent an embedding. */
  readonly layers: readonly EmbeddingLayer[];
  /** The one this answer is about; empty when there is none. */
  readonly layer: string;
  /** Samples of the probe; 0 when there is no embedding. */
  readonly samples: number;
  /** Absent: the study has no `diagnostics.rtd`, and scores come from comparing trials only. */
  readonly plan?: RtdPlan;
  readonly trials: EmbeddingColumns;
}

/** Bars of one direction, longest first. Times are in units of each embedding's own 0.9-quantile of distances. */
export interface BarcodeColumns {
  readonly births: Float64Array;
  readonly deaths: Float64Array;
  /** Sum of all lengths, those beyond `births.length` included. */
  readonly total: number;
  /** The part of it that is due to connected components: RTD-Lite. */
  readonly lite: number;
  /** Bars there are; the answer holds at most the 2,000 longest. */
  readonly bars: number;
}

/** An embedding that was compared. */
export interface EmbeddingRef {
  readonly number: number;
  /** Step of its checkpoint; absent: the trainer gave none. */
  readonly step?: number;
  readonly width: number;
  /** The 0.9-quantile of its distances, in its own unit: what its times are divided by. */
  readonly quantile: number;
}

/** RTD of two trials' embeddings. */
export interface TopologyPair {
  readonly studyId: number;
  readonly layer: string;
  readonly samples: number;
  readonly a: EmbeddingRef;
  readonly b: EmbeddingRef;
  /** Half the sum of both directions. */
  readonly score: number;
  readonly lite: number;
  /** What min(a, b) has beyond `a`, and beyond `b`. */
  readonly directions: readonly [BarcodeColumns, BarcodeColumns];
}

/** Most trials of one matrix; the best are taken. */
export const matrixLimit = 200;

/**
 * All pairwise scores. Computed in the background: an answer holds what is known, and NaN where nothing is yet.
 * The order, the tree and the layout come with the last pair; until then the order is that of the trials' numbers.
 */
export interface TopologyMatrix {
  readonly studyId: number;
  readonly revision: number;
  readonly layer: string;
  readonly samples: number;
  readonly state: "idle" | "computing" | "complete";
  /** Pairs known, and pairs there are: n (n - 1) / 2. */
  readonly done: number;
  readonly pairs: number;
  /** Trials compared, in the order of the clustering (average linkage), so that like ones are neighbours. */
  readonly number: Int32Array;
  /** n x n, row by row in that order, symmetric, 0 on the diagonal; NaN where not known. */
  readonly scores: Float64Array;
  /** Joins of the tree from the closest to the widest, two nodes a join: < n a trial by its place in `number`, else join n + i. */
  readonly joins: Int32Array;
  /** Mean score between the two sides of each join, increasing. */
  readonly heights: Float64Array;
  /** Places of the trials by classical scaling; NaN until all pairs are known. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Kruskal's stress-1 of the layout: 0 = distances are the scores, above 0.2 = read it with care. */
  readonly stress: number;
  /** Trials with a usable embedding beyond `matrixLimit`. */
  readonly omitted: number;
}

/** How far the embeddings of some trials moved: entry i compares a checkpoint with the one before it. */
export interface DriftColumns {
  readonly studyId: number;
  readonly revision: number;
  readonly layer: string;
  readonly samples: number;
  readonly number: Int32Array;
  /** Trial i owns entries offsets[i] .. offsets[i + 1]. */
  readonly offsets: Int32Array;
  /** Step of the later checkpoint, and of the one it is compared with. */
  readonly steps: Float64Array;
  readonly fromSteps: Float64Array;
  /** RTD of the two; NaN when either is unusable. */
  readonly scores: Float64Array;
  readonly lite: Float64Array;
}

/** Parameters of the requests, for engine and panel alike; the engine's have the study's id beside them. */
export interface TopologyAsk {
  /** A layer's name; absent = the one most trials sent. */
  readonly layer?: string;
}
export interface TopologyPairAsk extends TopologyAsk {
  readonly numbers: readonly [number, number];
}
export interface TopologyMatrixAsk extends TopologyAsk {
  /** Absent = the best `matrixLimit` trials with a usable embedding. */
  readonly numbers?: readonly number[];
  /** True begins or goes on with the computation; false only tells how far it is. */
  readonly start: boolean;
}
export interface TopologyDriftAsk extends TopologyAsk {
  /** At most 20. */
  readonly numbers: readonly number[];
}

/**
 * Requests of the engine: name -> [params, result]. `topology.stop` ends what `topology.matrix` began; what is known stays.
 * @throws BasinError `invalid-argument` for an unknown layer or an embedding that cannot be scored (its status as the reason)
 */
export interface TopologyRequests {
  "topology.report": [{ studyId: number } & TopologyAsk, TopologyReport];
  "topology.pair": [{ studyId: number } & TopologyPairAsk, TopologyPair];
  "topology.matrix": [{ studyId: number } & TopologyMatrixAsk, TopologyMatrix];
  "topology.stop": [{ studyId: number }, null];
  "topology.drift": [{ studyId: number } & TopologyDriftAsk, DriftColumns];
}
