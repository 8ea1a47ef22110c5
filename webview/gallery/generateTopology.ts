/**
 * Embeddings' topology made up for the gallery: trials fall into three groups, a few are flagged, scores follow a hidden place.
 * Invariant: a pure function of the trials' numbers and values, so screenshots can be compared.
 */
import type { TrialColumns } from "../../src/core/columns.ts";
import { rngFor } from "../../src/core/rng.ts";
import { trialStates } from "../../src/core/trial.ts";
import {
  embeddingStatuses,
  matrixLimit,
  type BarcodeColumns,
  type DriftColumns,
  type EmbeddingStatus,
  type TopologyMatrix,
  type TopologyPair,
  type TopologyReport,
} from "../../src/protocol/topology.ts";
import { classicalMds } from "../../src/topology/classicalMds.ts";
import { clusterOrder } from "../../src/topology/clusterOrder.ts";

export interface TopologyOptions {
  /** No trial sent an embedding. */
  readonly none: boolean;
  /** One embedding a trial, two layers otherwise. */
  readonly oneCheckpoint: boolean;
}

const samples = 128;

/** Hidden place of a trial: three groups in three dimensions. */
function placeOf(number: number): readonly [number, number, number] {
  const rng = rngFor(11, number, "topology");
  const group = rng.int(3);
  const spread = 5 + 3 * rng.next();
  return [[0, 42, 18][group]! + spread * rng.normal(), [0, 8, 36][group]! + spread * rng.normal(), 4 * rng.normal()];
}

function scoreOf(a: number, b: number): number {
  if (a === b) return 0;
  const [p, q] = [placeOf(a), placeOf(b)];
  return 3 + Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

function statusOf(number: number, state: string): EmbeddingStatus {
  if (state === "failed" || state === "waiting") return "missing";
  if (state === "running") return "waiting";
  if (number % 31 === 12) return "collapsed";
  if (number % 43 === 21) return "not-finite";
  if (number === 55) return "wrong-size";
  return "scored";
}

export function topologyReport(columns: TrialColumns, options: TopologyOptions): TopologyReport {
  const { number, state, studyId, revision } = columns;
  const kept = options.none ? new Int32Array(0) : number;
  const statuses = Array.from(kept, (n, row) => statusOf(n, trialStates[state[row]!] ?? ""));
  const good = columns.objectives[0]?.values ?? new Float64Array(0);
  const score = Float64Array.from(kept, (n, row) => {
    if (statuses[row] !== "scored") return Number.NaN;
    const rng = rngFor(12, n, "score");
    const value = good[row]!;
    const quality = Number.isNaN(value)
      ? 0.6
      : columns.objectives[0]?.direction === "minimize"
        ? 1 / (1 + value)
        : value;
    return 40 + 130 * quality ** 3 + 9 * rng.normal();
  });
  return {
    studyId,
    revision,
    layers: options.none
      ? []
      : [
          { name: "input of the head", trials: kept.length, checkpoints: options.oneCheckpoint ? 1 : 6 },
          ...(options.oneCheckpoint ? [] : [{ name: "dense_1", trials: kept.length, checkpoints: 6 }]),
        ],
    layer: options.none ? "" : "input of the head",
    samples: options.none ? 0 : samples,
    plan: { variant: "one-to-noise", use: "diagnostic", against: "one fixed draw of noise, 512 wide" },
    trials: {
      number: kept,
      status: Uint8Array.from(statuses, (name) => embeddingStatuses.indexOf(name)),
      width: Int32Array.from(kept, (n) => 16 << (n % 6)),
      score,
      lite: score.map((value, i) => value * (0.4 + 0.4 * rngFor(13, kept[i]!, "lite").next())),
      checkpoints: Int32Array.from(kept, (_, row) => (statuses[row] === "missing" ? 0 : options.oneCheckpoint ? 1 : 6)),
    },
  };
}

/** @param done pairs known; all and more = complete */
export function topologyMatrix(
  columns: TrialColumns,
  options: TopologyOptions,
  done: number,
  computing: boolean,
): TopologyMatrix {
  const report = topologyReport(columns, options);
  const usable = [...report.trials.number].filter((_, i) => report.trials.status[i] === 0);
  const numbers = usable.slice(0, matrixLimit);
  const n = numbers.length;
  const pairs = (n * (n - 1)) / 2;
  const complete = done >= pairs;
  const scores = new Float64Array(n * n).fill(Number.NaN);
  let at = 0;
  for (let i = 0; i < n; i++) {
    scores[i * n + i] = 0;
    for (let j = 0; j < i; j++)
      if (at++ < done) scores[i * n + j] = scores[j * n + i] = scoreOf(numbers[i]!, numbers[j]!);
  }
  const base = {
    studyId: columns.studyId,
    revision: columns.revision,
    layer: report.layer,
    samples,
    done: Math.min(done, pairs),
    pairs,
    omitted: usable.length - n,
  } as const;
  if (!complete) {
    const none = new Float64Array(n).fill(Number.NaN);
    return {
      ...base,
      state: computing ? "computing" : "idle",
      number: Int32Array.from(numbers),
      scores,
      joins: new Int32Array(0),
      heights: new Float64Array(0),
      x: none,
      y: none,
      stress: Number.NaN,
    };
  }
  const tree = clusterOrder(scores, n);
  const { order } = tree;
  const place = new Int32Array(n);
  order.forEach((item, to) => (place[item] = to));
  const sorted = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sorted[i * n + j] = scores[order[i]! * n + order[j]!]!;
  const { x, y, stress } = classicalMds(sorted, n);
  return {
    ...base,
    state: "complete",
    number: order.map((item) => numbers[item]!),
    scores: sorted,
    joins: tree.joins.map((node) => (node < n ? place[node]! : node)),
    heights: tree.heights,
    x,
    y,
    stress,
  };
}

function barsOf(a: number, b: number, total: number): BarcodeColumns {
  const rng = rngFor(14, a * 1000 + b, "bars");
  const count = 60 + rng.int(180);
  const raw = Array.from({ length: count }, () => ({
    birth: 0.15 + 0.5 * Math.abs(rng.normal()) + 0.1 * rng.next(),
    length: rng.next() ** 4,
  }));
  const sum = raw.reduce((all, { length }) => all + length, 0);
  const bars = raw
    .map(({ birth, length }) => ({ birth, length: (length * total) / sum }))
    .sort((p, q) => q.length - p.length);
  return {
    births: Float64Array.from(bars, ({ birth }) => birth),
    deaths: Float64Array.from(bars, ({ birth, length }) => birth + length),
    total,
    lite: total * (0.3 + 0.5 * rng.next()),
    bars: count,
  };
}

export function topologyPair(columns: TrialColumns, [a, b]: readonly [number, number]): TopologyPair {
  const score = scoreOf(a, b);
  const share = 0.35 + 0.3 * rngFor(15, a * 1000 + b, "share").next();
  const directions = [barsOf(a, b, 2 * score * share), barsOf(b, a, 2 * score * (1 - share))] as const;
  return {
    studyId: columns.studyId,
    layer: "input of the head",
    samples,
    a: { number: a, step: 30, width: 16 << (a % 6), quantile: 3.2 },
    b: { number: b, step: 30, width: 16 << (b % 6), quantile: 7.9 },
    score,
    lite: (directions[0].lite + directions[1].lite) / 2,
    directions,
  };
}

export function topologyDrift(columns: TrialColumns, numbers: readonly number[]): DriftColumns {
  const entries = numbers.map((number) => {
    const rng = rngFor(16, number, "drift");
    return Array.from({ length: 5 }, (_, i) => (18 + 40 * rng.next()) * Math.exp(-i / 1.6) + 2 + rng.next());
  });
  const flat = Float64Array.from(entries.flat());
  return {
    studyId: columns.studyId,
    revision: columns.revision,
    layer: "input of the head",
    samples,
    number: Int32Array.from(numbers),
    offsets: Int32Array.from({ length: numbers.length + 1 }, (_, i) => i * 5),
    steps: Float64Array.from(flat, (_, i) => 10 + 5 * (i % 5)),
    fromSteps: Float64Array.from(flat, (_, i) => 5 + 5 * (i % 5)),
    scores: flat,
    lite: flat.map((value) => 0.5 * value),
  };
}
