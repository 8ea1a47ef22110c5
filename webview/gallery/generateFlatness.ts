/**
 * Sharpness, landscapes and FGHPO's funnel made up for the gallery. Invariant: a pure function of the trials, so that
 * screenshots can be compared; shapes are those that real networks show (log-like losses, a bulk and outliers in the spectrum).
 */
import type { MetricColumn, TrialColumns } from "../../src/core/columns.ts";
import type { FlatnessKind, FlatnessResult } from "../../src/core/flatness.ts";
import { rngFor } from "../../src/core/rng.ts";
import { trialStates } from "../../src/core/trial.ts";
import type { DecisionRow, ScheduleReport } from "../../src/protocol/schedule.ts";

/** The columns with training metrics and three measures of sharpness for every trial that is complete. */
export function withSharpness(columns: TrialColumns): TrialColumns {
  const complete = trialStates.indexOf("complete");
  const quality = columns.objectives[0]?.values ?? new Float64Array(columns.count);
  const held = columns.metrics.find(({ metric }) => metric === "val_loss")?.values ?? quality;
  const column = (metric: string, make: (row: number, noise: () => number) => number): MetricColumn => ({
    metric,
    values: Float64Array.from({ length: columns.count }, (_, row) => {
      if (columns.state[row] !== complete) return Number.NaN;
      const rng = rngFor(21, columns.number[row]!, metric);
      return make(row, () => rng.normal());
    }),
  });
  const gap = column("gap", (_row, noise) => 0.06 + 0.035 * Math.abs(noise())).values;
  return {
    ...columns,
    metrics: [
      ...columns.metrics,
      column("loss", (row) => Math.max(1e-3, held[row]! - gap[row]!)),
      column("sharpness.exact-frobenius", (row, noise) => 10 ** (-2 + 9 * gap[row]! + 0.45 * noise())),
      column("sharpness.rms", (_row, noise) => 0.25 * Math.exp(0.5 * noise())),
      column("sharpness.keskar", (row, noise) => 4 + 160 * gap[row]! + 5 * Math.abs(noise())),
      column("sharpness.penultimate", (row, noise) => (1 - quality[row]!) * 30 + 8 + 3 * noise()),
    ],
  };
}

const circumstances = {
  epoch: 30,
  finished: true,
  samples: 1024,
  indexHash: "6a1c",
  backend: "wasm, 1 thread",
} as const;

function even(from: number, to: number, points: number): number[] {
  return Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1));
}

/** A bowl of its own for each trial: width, tilt, a ripple. */
function lossAt(number: number, x: number, y: number): number {
  const rng = rngFor(22, number, "bowl");
  const [width, twist, ripple, floor] = [
    0.25 + 0.5 * rng.next(),
    2 * rng.next() - 1,
    0.1 + 0.3 * rng.next(),
    0.01 + 0.08 * rng.next(),
  ];
  const [u, v] = [x + 0.35 * twist * y, y - 0.25 * twist * x * x];
  return (
    floor + (u * u) / width + (0.6 * v * v) / (1.2 - width) + ripple * (1 - Math.cos(4 * x + number)) * (x * x + y * y)
  );
}

export function flatnessResult(kind: FlatnessKind, number: number, to: number): FlatnessResult {
  if (kind === "line") {
    const positions = even(-1, 1, 51);
    return { kind, ...circumstances, seconds: 1.3, positions, losses: positions.map((x) => lossAt(number, x, 0)) };
  }
  if (kind === "plane") {
    const positions = even(-1, 1, 25);
    const losses = positions.flatMap((x) => positions.map((y) => lossAt(number, x, y)));
    return { kind, ...circumstances, seconds: 18, positions, losses };
  }
  if (kind === "path") return pathResult(number, to);
  if (kind === "spectrum") return spectrumResult(number);
  const rng = rngFor(23, number, kind);
  const values = { "exact-frobenius": 10 ** (-1.5 + 0.5 * rng.normal()), rms: 0.2 + 0.2 * rng.next() };
  return { kind, ...circumstances, seconds: 0.4, values, failures: {} };
}

function pathResult(number: number, to: number): FlatnessResult {
  const positions = even(0, 1, 25);
  const [a, b] = [lossAt(number, 0, 0), lossAt(to, 0, 0)];
  const height = 0.4 + rngFor(23, number, "path").next();
  const heights = positions.map((t) => height * Math.sin(Math.PI * t) ** 2);
  const losses = positions.map((t, i) => a + (b - a) * t + heights[i]!);
  const barrier = Math.max(...heights);
  const barrierAt = positions[heights.indexOf(barrier)]!;
  return { kind: "path", ...circumstances, seconds: 0.7, positions, losses, barrier, barrierAt };
}

/** A bulk about 0 and a few outliers, as in classifiers. */
function spectrumResult(number: number): FlatnessResult {
  const rng = rngFor(23, number, "spectrum");
  const outliers = Array.from({ length: 9 }, () => 2 + 18 * rng.next() ** 2);
  const largest = Math.max(...outliers);
  const positions = even(-1.6, largest + 0.6, 201);
  const width = 0.18;
  const bell = (x: number, centre: number, spread: number): number =>
    Math.exp(-0.5 * ((x - centre) / spread) ** 2) / (spread * Math.sqrt(2 * Math.PI));
  const density = positions.map(
    (x) => 0.98 * bell(x, 0.05, 0.25) + outliers.reduce((sum, centre) => sum + (0.02 / 9) * bell(x, centre, width), 0),
  );
  const ends = { smallest: -0.9, largest };
  return { kind: "spectrum", ...circumstances, seconds: 6.2, ...ends, positions, density, width, ritz: [] };
}

/** Fifty tried, the gate, ten kept. */
export function fghpoSchedule(columns: TrialColumns): ScheduleReport {
  const tried = [...columns.number.subarray(0, 50)];
  const decisions: DecisionRow[] = [];
  const passed: { readonly number: number; readonly mu: number }[] = [];
  for (const number of tried) {
    const rng = rngFor(24, number, "fghpo");
    const [mu, loss] = [10 ** (-2 + 1.4 * rng.next()), 1.2 + 1.4 * rng.next()];
    const stop = (reason: string): void => void decisions.push({ at: 0, number, step: 1, decision: "stop", reason });
    if (number % 17 === 5) stop("sharpness.exact-frobenius is not a number");
    else if (loss > 2.2566) stop(`gate: loss ${loss.toFixed(3)} after step 1 is not below 0.98 of baseline_loss 2.303`);
    else passed.push({ number, mu });
  }
  const ranked = passed.toSorted((a, b) => a.mu - b.mu);
  const kept = ranked.slice(0, 10);
  for (const [rank, { number, mu }] of ranked.entries()) {
    if (rank < kept.length) continue;
    const reason = `sharpness.exact-frobenius ${mu.toPrecision(3)} is rank ${rank + 1} of ${passed.length}; 10 are kept`;
    decisions.push({ at: 0, number, step: -1, decision: "drop", reason });
  }
  const keptNumbers = new Set(kept.map(({ number }) => number));
  return {
    revision: columns.revision,
    scheduler: "fghpo",
    maxSteps: 30,
    trainedSteps: 340,
    fullSteps: 1500,
    brackets: [
      {
        label: "FGHPO",
        rungs: [
          {
            step: 1,
            capacity: 50,
            entries: tried.map((number) => ({
              number,
              value: passed.find((one) => one.number === number)?.mu ?? Number.NaN,
              outcome: keptNumbers.has(number) ? ("promoted" as const) : ("stopped" as const),
            })),
          },
          {
            step: 30,
            capacity: 10,
            entries: kept.map(({ number }) => ({
              number,
              value: columns.objectives[0]?.values[number] ?? Number.NaN,
              outcome: "complete" as const,
            })),
          },
        ],
      },
    ],
    decisions,
    lineage: [],
    attempts: {
      number: new Int32Array(0),
      attempt: new Int32Array(0),
      slot: new Int32Array(0),
      startedAt: new Float64Array(0),
      endedAt: new Float64Array(0),
      fromStep: new Float64Array(0),
      toStep: new Float64Array(0),
      outcome: new Uint8Array(0),
    },
  };
}
