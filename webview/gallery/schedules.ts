/**
 * Schedules made up for the gallery: what asynchronous halving, Hyperband and a population would have done with a generated
 * study. Invariant: simulated to the end and then cut at a moment, so a running study is a complete one seen earlier.
 */
import type { TrialColumns } from "../../src/core/columns.ts";
import type { BracketView, RungEntry } from "../../src/core/brackets.ts";
import { rngForKey } from "../../src/core/rng.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import {
  attemptOutcomes,
  type AttemptOutcome,
  type DecisionRow,
  type LineageRow,
  type ScheduleReport,
} from "../../src/protocol/schedule.ts";
import { simulateHalving, simulateHyperband } from "./halvingSimulation.ts";
import { simulatePopulation } from "./populationSimulation.ts";

export const generatedSchedulers = ["median", "asha", "hyperband", "pbt", "none"] as const;
export type GeneratedScheduler = (typeof generatedSchedulers)[number];

export interface SimulatedAttempt {
  readonly number: number;
  readonly slot: number;
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly outcome: Exclude<AttemptOutcome, "running">;
}

/** A trial's stay at a rung; moments that never come are infinite. */
export interface SimulatedEntry {
  readonly bracket: number;
  readonly rung: number;
  readonly number: number;
  readonly value: number;
  readonly entered: number;
  readonly judged: number;
  promoted: number;
  stopped: number;
  readonly last: boolean;
  readonly failed: boolean;
}

export interface Simulation {
  readonly attempts: SimulatedAttempt[];
  readonly decisions: DecisionRow[];
  readonly entries: SimulatedEntry[];
  readonly lineage: LineageRow[];
  readonly brackets: readonly {
    readonly label: string;
    readonly steps: readonly number[];
    readonly capacities?: readonly number[];
  }[];
}

/** What a simulation knows of the trials. */
export interface SimulationInput {
  readonly columns: TrialColumns;
  readonly begin: number;
  readonly slots: number;
  readonly maxSteps: number;
  value: (number: number, step: number) => number;
  /** Milliseconds one step takes. */
  pace(number: number): number;
  /** Step after which it fails; infinite = never. */
  failsAt(number: number): number;
  /** Whether a value is better than another one. */
  readonly better: (a: number, b: number) => boolean;
}

export interface Scheduled {
  readonly columns: TrialColumns;
  readonly report: ScheduleReport;
  /** Step a trial's own curve begins after. */
  readonly starts: Float64Array;
  readonly clock: number;
}

/** The study as it would be under a scheduler; `running` = cut when most of it has run. */
export function scheduled(
  columns: TrialColumns,
  kind: GeneratedScheduler,
  { begin, maxSteps, running }: { readonly begin: number; readonly maxSteps: number; readonly running: boolean },
): Scheduled {
  const input = inputOf(columns, begin, maxSteps);
  const simulation =
    kind === "asha"
      ? simulateHalving(input)
      : kind === "hyperband"
        ? simulateHyperband(input)
        : kind === "pbt"
          ? simulatePopulation(input)
          : plain(input, kind === "median");
  const starts = simulation.attempts.map((attempt) => attempt.start).sort((a, b) => a - b);
  const ends = simulation.attempts.map((attempt) => attempt.end);
  const finish = ends.reduce((a, b) => Math.max(a, b), begin);
  return seenAt(input, simulation, kind, running ? (starts[Math.floor(starts.length * 0.88)] ?? begin) + 700 : finish);
}

function inputOf(columns: TrialColumns, begin: number, maxSteps: number): SimulationInput {
  const maximise = columns.objectives[0]?.direction === "maximize";
  const rng = rngForKey("schedules");
  const luck = Float64Array.from(columns.number, () => rng.normal());
  const rise = Float64Array.from(columns.number, () => 3 + 5 * rng.next());
  const ends = columns.objectives[0]?.values ?? new Float64Array(0);
  const final = (n: number): number =>
    Number.isNaN(ends[n]!) ? (Number.isNaN(columns.lastValue[n]!) ? 0.5 : columns.lastValue[n]!) : ends[n]!;
  const failed = trialStates.indexOf("failed");
  const width = columns.params.find((param) => param.name === "width");
  return {
    columns,
    begin,
    slots: columns.count > 1000 ? 8 : 4,
    maxSteps,
    value: (n, step) => {
      const part = (1 - Math.exp(-step / rise[n]!)) / (1 - Math.exp(-maxSteps / rise[n]!));
      const noise = (0.01 * luck[n]! * (maxSteps - step)) / maxSteps;
      return maximise ? final(n) * (0.2 + 0.8 * part) + noise : final(n) + 2 * (1 - part) + Math.abs(noise);
    },
    pace: (n) => 300 + 1.5 * (width?.kind === "number" ? width.values[n]! : 100) + 80 * Math.abs(luck[n]!),
    failsAt: (n) => (columns.state[n] === failed ? 2 : Number.POSITIVE_INFINITY),
    better: (a, b) => (maximise ? a > b : a < b),
  };
}

/** Trials one after the other; with `median` as they were generated, pruned ones included. */
function plain(input: SimulationInput, median: boolean): Simulation {
  const { columns, slots } = input;
  const free = new Float64Array(slots).fill(input.begin);
  const attempts: SimulatedAttempt[] = [];
  const decisions: DecisionRow[] = [];
  const entries: SimulatedEntry[] = [];
  for (const number of columns.number) {
    const slot = free.indexOf(free.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY));
    const start = free[slot]!;
    const state = trialStates[columns.state[number]!] ?? "complete";
    const fails = state === "failed";
    const pruned = median && state === "pruned";
    const to = fails ? 2 : pruned ? columns.lastStep[number]! : input.maxSteps;
    const end = start + 400 + to * input.pace(number);
    free[slot] = end + 60;
    attempts.push({
      number,
      slot,
      start,
      end,
      from: 0,
      to,
      outcome: fails ? "failed" : pruned ? "pruned" : "complete",
    });
    if (pruned) {
      const reason = `step ${to}: ${input.value(number, to).toFixed(3)} is worse than the median of earlier trials`;
      decisions.push({ at: end, number, step: to, decision: "stop", reason });
    }
  }
  return { attempts, decisions, entries, lineage: [], brackets: [] };
}

function seenAt(input: SimulationInput, simulation: Simulation, scheduler: string, clock: number): Scheduled {
  const seen = simulation.attempts.filter((attempt) => attempt.start <= clock).sort((a, b) => a.start - b.start);
  const used = seen.reduce((n, attempt) => Math.max(n, attempt.number + 1), 0);
  const lineage = simulation.lineage.filter((row) => row.number < used);
  const nan = (): Float64Array => new Float64Array(used).fill(Number.NaN);
  const [values, lastValue, lastStep, startedAt, finishedAt, starts] = [nan(), nan(), nan(), nan(), nan(), nan()];
  starts.fill(0);
  for (const { number, step } of lineage) starts[number] = step;
  const state = new Uint8Array(used).fill(trialStates.indexOf("waiting"));
  const slot = new Int32Array(used).fill(-1);
  const tries = new Int32Array(used);
  const n = seen.length;
  const report = {
    number: new Int32Array(n),
    attempt: new Int32Array(n),
    slot: new Int32Array(n),
    startedAt: new Float64Array(n),
    endedAt: new Float64Array(n),
    fromStep: new Float64Array(n),
    toStep: new Float64Array(n),
    outcome: new Uint8Array(n),
  };
  let trainedSteps = 0;
  for (const [i, attempt] of seen.entries()) {
    const { number, from } = attempt;
    const ended = attempt.end <= clock;
    const share = ended ? 1 : (clock - attempt.start) / (attempt.end - attempt.start);
    const to = from + Math.floor((attempt.to - from) * share);
    trainedSteps += to - from;
    report.number[i] = number;
    report.attempt[i] = ++tries[number]!;
    report.slot[i] = attempt.slot;
    report.startedAt[i] = attempt.start;
    report.endedAt[i] = ended ? attempt.end : Number.NaN;
    report.fromStep[i] = from;
    report.toStep[i] = to;
    report.outcome[i] = attemptOutcomes.indexOf(ended ? attempt.outcome : "running");
    if (Number.isNaN(startedAt[number]!)) startedAt[number] = attempt.start;
    slot[number] = attempt.slot;
    if (to > 0) {
      lastStep[number] = to;
      lastValue[number] = input.value(number, to);
    }
    const now: TrialState = !ended ? "running" : attempt.outcome === "interrupted" ? "waiting" : attempt.outcome;
    state[number] = trialStates.indexOf(now);
    finishedAt[number] = ended && now !== "paused" ? attempt.end : Number.NaN;
    values[number] = now === "complete" ? lastValue[number]! : Number.NaN;
  }
  const outcome = (entry: SimulatedEntry): RungEntry["outcome"] => {
    if (entry.judged > clock) return "running";
    if (entry.failed) return "failed";
    if (entry.last) return "complete";
    return entry.promoted <= clock ? "promoted" : entry.stopped <= clock ? "stopped" : "paused";
  };
  for (const entry of simulation.entries) {
    if (entry.stopped <= clock && !entry.failed && entry.number < used) {
      state[entry.number] = trialStates.indexOf("pruned");
      finishedAt[entry.number] = entry.stopped;
    }
  }
  const brackets = simulation.brackets.map(({ label, steps, capacities }, b): BracketView => {
    const rungs = steps.map((step, r) => ({
      step,
      ...(capacities === undefined ? {} : { capacity: capacities[r]! }),
      entries: [] as RungEntry[],
    }));
    for (const entry of simulation.entries) {
      if (entry.bracket !== b || entry.entered > clock) continue;
      const value = entry.judged > clock || entry.failed ? Number.NaN : entry.value;
      rungs[entry.rung]?.entries.push({ number: entry.number, value, outcome: outcome(entry) });
    }
    return { label, rungs };
  });
  const { columns } = input;
  const [first, ...others] = columns.objectives;
  const cut = <T extends Float64Array | Int32Array>(list: T): T => list.slice(0, used) as T;
  return {
    columns: {
      ...columns,
      count: used,
      number: cut(columns.number),
      state,
      objectives: first === undefined ? [] : [{ ...first, values }, ...others],
      params: columns.params.map((param) =>
        param.kind === "number" ? { ...param, values: cut(param.values) } : { ...param, codes: cut(param.codes) },
      ),
      metrics: columns.metrics.map((metric) => ({ ...metric, values: cut(metric.values) })),
      lastValue,
      lastStep,
      startedAt,
      finishedAt,
      slot,
    },
    report: {
      revision: columns.revision,
      scheduler,
      maxSteps: input.maxSteps,
      trainedSteps,
      fullSteps: (used - lineage.length) * input.maxSteps,
      brackets: brackets.filter((bracket) => bracket.rungs.some((rung) => rung.entries.length > 0)),
      decisions: simulation.decisions
        .filter((row) => row.at <= clock)
        .sort((a, b) => a.at - b.at)
        .slice(-2000),
      lineage,
      attempts: report,
    },
    starts,
    clock,
  };
}
