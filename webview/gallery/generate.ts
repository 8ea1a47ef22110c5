/**
 * Studies made up for the gallery and the benchmark: conditional, categorical and log parameters, every trial state.
 * Invariant: a pure function of (count, options), so screenshots and timings can be compared.
 */
import type { CurveColumns, TrialColumns } from "../../src/core/columns.ts";
import { rngFor, rngForKey } from "../../src/core/rng.ts";
import type { Params, Space } from "../../src/core/space/parameter.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import type { StudyDetail, StudyLogLine, StudyStateName, TrialDetail } from "../../src/protocol/engine.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { scheduled, type GeneratedScheduler } from "./schedules.ts";

export interface GeneratedOptions {
  readonly state: StudyStateName;
  /** val_loss, minimised, with diverged trials, in place of val_accuracy. */
  readonly loss: boolean;
  /** The study as this scheduler would have run it; absent = as it was generated. */
  readonly scheduler?: GeneratedScheduler;
  /** Learning rate and momentum are reported as curves. */
  readonly online?: boolean;
}

const epochs = 30;
export const start = Date.UTC(2026, 10, 20, 9, 0, 0);

const space: Space = [
  { name: "depth", type: "int", low: 1, high: 4, log: false },
  { name: "width", type: "int", low: 16, high: 512, log: true },
  { name: "batchSize", type: "int", low: 16, high: 256, log: true },
  { name: "learningRate", type: "float", low: 1e-5, high: 1, log: true },
  { name: "optimizer", type: "categorical", choices: ["sgd", "adam", "rmsprop"] },
  { name: "momentum", type: "float", low: 0.7, high: 0.99, log: false, when: { optimizer: ["sgd"] } },
  { name: "dropout", type: "float", low: 0, high: 0.6, log: false },
  { name: "augment", type: "categorical", choices: [true, false] },
];

export interface GeneratedStudy {
  readonly columns: TrialColumns;
  readonly study: StudyDetail;
  readonly log: readonly StudyLogLine[];
  curves(metric: string, numbers: readonly number[] | undefined, maxTrials: number): CurveColumns;
  trial(number: number): TrialDetail | undefined;
  schedule(): ScheduleReport;
  /** When the study is looked at, ms since 1970. */
  readonly clock: number;
}

/** O(count). */
export function generateStudy(count: number, options: GeneratedOptions, revision = 1): GeneratedStudy {
  const rng = rngForKey("gallery");
  const of = (): Float64Array => new Float64Array(count).fill(Number.NaN);
  const [depth, width, batch, rate, momentum, dropout] = [of(), of(), of(), of(), of(), of()];
  const optimizer = new Int32Array(count);
  const augment = new Int32Array(count);
  const [accuracy, loss, trained, lastValue, lastStep, startedAt, finishedAt] = [
    of(),
    of(),
    of(),
    of(),
    of(),
    of(),
    of(),
  ];
  const state = new Uint8Array(count);
  const slot = new Int32Array(count).fill(-1);
  const running = options.state === "running";
  let clock = start;
  for (let i = 0; i < count; i++) {
    // Later trials look closer to the good region, as a real sampler's would.
    const focus = Math.min(0.75, i / 60) * (rng.next() < 0.8 ? 1 : 0);
    const near = (centre: number): number =>
      Math.min(1, Math.max(0, focus * (centre + 0.12 * rng.normal()) + (1 - focus) * rng.next()));
    const u = [near(0.5), near(0.7), near(0.35), near(0.52), near(0.3), near(0.25)] as const;
    depth[i] = 1 + Math.min(3, Math.floor(u[0] * 4));
    width[i] = Math.round(16 * 32 ** u[1]);
    batch[i] = Math.round(16 * 16 ** u[2]);
    rate[i] = 10 ** (-5 + 5 * u[3]);
    optimizer[i] = rng.next() < 0.3 + 0.4 * focus ? 1 : rng.next() < 0.5 ? 0 : 2;
    if (optimizer[i] === 0) momentum[i] = 0.7 + 0.29 * near(0.7);
    dropout[i] = 0.6 * u[5];
    augment[i] = rng.int(2);
    const miss =
      (u[3] - 0.52) ** 2 * 3 +
      (u[1] - 0.75) ** 2 * 0.3 +
      (u[5] - 0.3) ** 2 * 0.2 +
      [0.02, 0, 0.04][optimizer[i]!]! +
      0.02 * Math.abs(rng.normal());
    const final = Math.max(0.1, 0.985 - 0.5 * miss);
    const dice = rng.next();
    let kind: TrialState = dice < 0.03 ? "failed" : dice < 0.2 + 0.2 * miss && i > 4 ? "pruned" : "complete";
    if (running && i >= count - 3) kind = i === count - 1 ? "waiting" : "running";
    if (options.state === "paused" && i === count - 1) kind = "paused";
    state[i] = trialStates.indexOf(kind);
    const step = kind === "complete" ? epochs : kind === "failed" || kind === "waiting" ? 0 : 3 + rng.int(12);
    startedAt[i] = kind === "waiting" ? Number.NaN : clock;
    const took = (400 + 40 * depth[i]! * (1 + width[i]! / 64)) * Math.max(1, step);
    if (kind === "complete" || kind === "pruned" || kind === "failed") finishedAt[i] = clock + took;
    clock += took / 2;
    slot[i] = kind === "waiting" ? -1 : i % 2;
    const diverged = rate[i]! > 0.4 && optimizer[i] !== 1;
    if (step > 0) {
      lastStep[i] = step;
      const reached = final * (1 - 0.8 * Math.exp(-step / 5));
      loss[i] = diverged ? 10 ** (2 + 6 * rng.next()) : 3 * (1 - reached) + 0.01;
      trained[i] = Math.min(1, reached + 0.02 * rng.next());
      lastValue[i] = options.loss ? loss[i]! : reached;
      if (kind === "complete") accuracy[i] = Math.round(final * 360) / 360;
      if (kind === "complete") lastValue[i] = options.loss ? loss[i]! : accuracy[i]!;
    }
  }
  const complete = trialStates.indexOf("complete");
  const lossObjective = loss.map((value, i) => (state[i] === complete ? value : Number.NaN));
  const number = Int32Array.from({ length: count }, (_, i) => i);
  const generated: TrialColumns = {
    studyId: 1,
    revision,
    count,
    number,
    state,
    objectives: [
      options.loss
        ? { metric: "val_loss", direction: "minimize", values: lossObjective }
        : { metric: "val_accuracy", direction: "maximize", values: accuracy },
    ],
    params: [
      { kind: "number", name: "depth", scale: "linear", integer: true, low: 1, high: 4, values: depth },
      { kind: "number", name: "width", scale: "log", integer: true, low: 16, high: 512, values: width },
      { kind: "number", name: "batchSize", scale: "log", integer: true, low: 16, high: 256, values: batch },
      { kind: "number", name: "learningRate", scale: "log", integer: false, low: 1e-5, high: 1, values: rate },
      { kind: "category", name: "optimizer", categories: ["sgd", "adam", "rmsprop"], codes: optimizer },
      { kind: "number", name: "momentum", scale: "linear", integer: false, low: 0.7, high: 0.99, values: momentum },
      { kind: "number", name: "dropout", scale: "linear", integer: false, low: 0, high: 0.6, values: dropout },
      { kind: "category", name: "augment", categories: [true, false], codes: augment },
    ],
    metrics: [options.loss ? { metric: "train_accuracy", values: trained } : { metric: "val_loss", values: loss }],
    lastValue,
    lastStep,
    startedAt,
    finishedAt,
    slot,
  };
  const when = { begin: start, maxSteps: epochs, running };
  const plan = options.scheduler === undefined ? undefined : scheduled(generated, options.scheduler, when);
  const columns = plan?.columns ?? generated;
  const seen = plan?.clock ?? clock;
  return {
    columns,
    study: detailOf(columns, options, seen),
    log: logOf(columns),
    curves: (...args) => curvesOf(columns, options, plan?.starts, ...args),
    trial: (n) => trialOf(columns, options, n),
    schedule: () => (plan ?? scheduled(generated, "median", when)).report,
    clock: seen,
  };
}

function bestRow({ objectives }: TrialColumns): number {
  const [objective] = objectives;
  let best = -1;
  objective?.values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const present = best < 0 ? Number.NaN : objective.values[best]!;
    if (best < 0 || (objective.direction === "maximize" ? value > present : value < present)) best = i;
  });
  return best;
}

function paramsAt({ params }: TrialColumns, row: number): Params {
  const result: Record<string, Params[string]> = {};
  for (const param of params) {
    if (param.kind === "number") {
      if (!Number.isNaN(param.values[row]!)) result[param.name] = param.values[row]!;
    } else if (param.codes[row]! >= 0) result[param.name] = param.categories[param.codes[row]!] ?? null;
  }
  return result;
}

function detailOf(columns: TrialColumns, options: GeneratedOptions, clock: number): StudyDetail {
  const counts = Object.fromEntries(
    trialStates.map((s, code) => [s, columns.state.reduce((n, x) => n + (x === code ? 1 : 0), 0)]),
  ) as StudyDetail["counts"];
  const best = bestRow(columns);
  const running = options.state === "running";
  const budget = columns.count <= 3 ? 50 : Math.ceil(columns.count * 1.25);
  const slots = running
    ? [...columns.number]
        .filter((n) => trialStates[columns.state[n]!] === "running")
        .map((n) => ({
          slot: columns.slot[n]!,
          number: n,
          startedAt: columns.startedAt[n]!,
          step: columns.lastStep[n]!,
          steps: epochs,
          placement: "wasm, 1 thread",
        }))
    : [];
  return {
    id: 1,
    name: columns.count === 100 ? "digits-mlp" : `digits-mlp-${columns.count}`,
    path: "/home/ada/digits/digits.study.yaml",
    generation: 1,
    state: options.state,
    reason: options.state === "complete" ? "The budget of trials is spent." : "",
    revision: columns.revision,
    objectives: [
      { metric: columns.objectives[0]?.metric ?? "value", direction: columns.objectives[0]?.direction ?? "minimize" },
    ],
    counts,
    budgetTrials: options.state === "complete" ? columns.count : budget,
    samplerChoice: `auto: Gaussian process for the first 300 trials, then Tree-structured Parzen estimator (8 parameters, 1 objective, ${budget} trials planned, 2 at once)`,
    parallel: 2,
    createdAt: start,
    elapsedMs: columns.count === 0 ? 0 : clock - start,
    ...(running && columns.count > 3 ? { etaMs: ((clock - start) / columns.count) * (budget - columns.count) } : {}),
    ...(best >= 0
      ? { best: { number: best, values: [columns.objectives[0]!.values[best]!], params: paramsAt(columns, best) } }
      : {}),
    slots,
    space,
    text: "study: digits-mlp\n",
    format: "yaml",
    trainerKind: "tfjs",
    sampler: "tpe",
    scheduler: options.scheduler ?? "median",
    curveMetrics: [
      columns.objectives[0]?.metric ?? "value",
      ...columns.metrics.map((m) => m.metric),
      ...(options.online === true ? ["learning_rate", "momentum"] : []),
    ],
  };
}

function logOf(columns: TrialColumns): readonly StudyLogLine[] {
  const lines: StudyLogLine[] = [
    { at: start, level: "info", source: "runner", message: "Started: 2 slots, sampler tpe, scheduler median." },
  ];
  for (let i = Math.max(0, columns.count - 120); i < columns.count; i++) {
    const at = columns.startedAt[i]!;
    const state = trialStates[columns.state[i]!];
    if (Number.isNaN(at)) continue;
    lines.push({
      at,
      level: "info",
      source: "sampler",
      number: i,
      message:
        i < 10
          ? "Random start: 10 trials are needed before the model is fitted."
          : "Highest ratio of good to bad density among 24 candidates.",
    });
    const end = columns.finishedAt[i]!;
    if (state === "pruned")
      lines.push({
        at: end,
        level: "info",
        source: "scheduler",
        number: i,
        message: `Stopped at epoch ${columns.lastStep[i]}: ${columns.lastValue[i]!.toFixed(3)} is worse than the median of earlier trials.`,
      });
    if (state === "failed")
      lines.push({
        at: end,
        level: "error",
        source: "trainer",
        number: i,
        message: "The trainer ended with exit code 1: loss is NaN at step 14.",
      });
    if (state === "complete" && i % 25 === 0)
      lines.push({
        at: end,
        level: "warning",
        source: "trainer",
        number: i,
        message: "<b>One</b> metric name was longer than 64 characters and was cut.",
      });
  }
  return lines;
}

function curveOf(columns: TrialColumns, options: GeneratedOptions, metric: string, row: number): readonly number[] {
  const steps = columns.lastStep[row]!;
  if (Number.isNaN(steps)) return [];
  if (metric === "learning_rate" || metric === "momentum") return adapted(columns, metric, row, steps);
  const rng = rngFor(7, row, metric);
  const falling = metric === "val_loss";
  const end = (falling && !options.loss ? columns.metrics[0]?.values[row] : columns.lastValue[row]) ?? 0.5;
  const noise = Math.abs(end) * 0.015;
  return Array.from({ length: steps }, (_, s) => {
    const part = (1 - Math.exp(-(s + 1) / 5)) / (1 - Math.exp(-steps / 5));
    const value = falling ? end + (2.3 - Math.min(2.3, end)) * (1 - part) : end * (0.15 + 0.85 * part);
    return s === steps - 1 ? end : value + noise * rng.normal();
  });
}

/** What hypergradient descent makes of learning rate and momentum: up while it helps, then down. */
function adapted(columns: TrialColumns, metric: string, row: number, steps: number): readonly number[] {
  const rng = rngFor(7, row, metric);
  const param = columns.params.find(({ name }) => name === (metric === "momentum" ? "momentum" : "learningRate"));
  const first = param?.kind === "number" ? param.values[row]! : 0.9;
  const turn = 4 + rng.int(8);
  return Array.from({ length: steps }, (_, s) => {
    const part = (s < turn ? s / turn : 1 - (s - turn) / 30) * (0.8 + 0.2 * rng.next());
    return metric === "momentum" ? Math.min(0.999, 0.6 + 0.38 * part) : first * 10 ** (0.8 * part);
  });
}

function curvesOf(
  columns: TrialColumns,
  options: GeneratedOptions,
  starts: Float64Array | undefined,
  metric: string,
  numbers: readonly number[] | undefined,
  maxTrials: number,
): CurveColumns {
  const wanted = (numbers ?? [...columns.number]).filter(
    (n) => n < columns.count && !Number.isNaN(columns.lastStep[n]!),
  );
  const chosen = wanted.slice(0, maxTrials);
  const begin = (n: number): number => starts?.[n] ?? 0;
  const curves = chosen.map((n) => curveOf(columns, options, metric, n).slice(begin(n)));
  const offsets = new Int32Array(chosen.length + 1);
  curves.forEach((curve, i) => (offsets[i + 1] = offsets[i]! + curve.length));
  const values = Float64Array.from(curves.flat());
  const steps = Float64Array.from(curves.flatMap((curve, i) => curve.map((_, s) => begin(chosen[i]!) + s + 1)));
  return {
    studyId: 1,
    revision: columns.revision,
    metric,
    number: Int32Array.from(chosen),
    offsets,
    steps,
    values,
    omitted: wanted.length - chosen.length,
  };
}

function trialOf(columns: TrialColumns, options: GeneratedOptions, row: number): TrialDetail | undefined {
  const state = trialStates[columns.state[row] ?? -1];
  if (state === undefined || row >= columns.count) return undefined;
  const objective = columns.objectives[0];
  const value = objective?.values[row] ?? Number.NaN;
  const names = [objective?.metric ?? "value", ...columns.metrics.map((m) => m.metric)];
  const step = columns.lastStep[row]!;
  const failed = state === "failed";
  return {
    number: row,
    state,
    params: { ...paramsAt(columns, row), epochs },
    values: Number.isNaN(value) ? [] : [value],
    ...(Number.isNaN(step) ? {} : { last: { step, value: columns.lastValue[row]! } }),
    steps: epochs,
    ...(Number.isNaN(columns.startedAt[row]!)
      ? {}
      : { startedAt: columns.startedAt[row]!, slot: columns.slot[row]!, placement: "wasm, 1 thread" }),
    ...(Number.isNaN(columns.finishedAt[row]!) ? {} : { finishedAt: columns.finishedAt[row]! }),
    reason:
      state === "pruned"
        ? `Stopped at epoch ${step}: worse than the median of earlier trials.`
        : failed
          ? "The trainer ended with exit code 1: loss is NaN at step 14."
          : "",
    metrics: Object.fromEntries(columns.metrics.map((m) => [m.metric, m.values[row]!])),
    attempt: row % 9 === 0 ? 2 : 1,
    suggestedBecause: row < 10 ? "random start" : "highest ratio of good to bad density",
    ...(state === "complete"
      ? { checkpoint: { step: epochs, path: `/home/ada/digits/.basin/studies/1/trials/${row}/checkpoint` } }
      : {}),
    ...(state === "waiting" ? {} : { logPath: `/home/ada/digits/.basin/studies/1/trials/${row}/log.txt` }),
    logTail:
      state === "waiting"
        ? []
        : [
            `backend wasm (1 thread), 1437 training rows`,
            `epoch ${Number.isNaN(step) ? 0 : step}: done`,
            ...(failed ? ["Error: loss is NaN at step 14", "    at train (<script>alert(1)</script>)"] : []),
          ],
    curves: Number.isNaN(step)
      ? []
      : names.map((metric) => ({
          metric,
          steps: Array.from({ length: step }, (_, s) => s + 1),
          values: [...curveOf(columns, options, metric, row)],
        })),
  };
}
