/**
 * Answers about trials: rows of lists, one trial in full, learning curves.
 * Invariant: reads only; long answers are made in pages with room for other work in between, and end when cancelled.
 */
import { existsSync } from "node:fs";
import { trainerLogOf } from "../client/workspaceFiles.ts";
import type { CurveColumns } from "../core/columns.ts";
import { BasinError } from "../core/errors.ts";
import { trialStates } from "../core/trial.ts";
import type { EngineParams, EngineResult, TrialDetail, TrialQuery, TrialRow } from "../protocol/engine.ts";
import type { TrialRecord } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import type { Study } from "./study.ts";
import type { StudyRunner } from "./studyRunner.ts";
import { plannedSteps } from "./summary.ts";
import { logTail } from "./trialLog.ts";

/** Points of learning curves in one answer; more would only be drawn over each other. */
const maxCurvePoints = 2_000_000;
const curvePage = 100;
const pageMs = 10;

/** One page of a list. O(page). */
export async function rowsOf(
  study: Study,
  runner: StudyRunner | undefined,
  query: TrialQuery,
): Promise<EngineResult<"trial.rows">> {
  await study.index.load();
  const states = new Set(query.states === undefined || query.states.length === 0 ? trialStates : query.states);
  const { total, numbers } =
    query.sort === "best"
      ? study.index.bestPage(states, query.offset, query.limit)
      : study.index.newestPage(states, query.offset, query.limit);
  const rows: TrialRow[] = [];
  for (const number of numbers) {
    const record = study.parts.store.trial(study.id, number);
    if (record !== undefined) rows.push(rowOf(study, runner, record));
  }
  return { revision: study.parts.revisions.of(study.id), total, rows };
}

function rowOf(study: Study, runner: StudyRunner | undefined, record: TrialRecord): TrialRow {
  const steps = runner?.live.active.get(record.number)?.planned ?? plannedSteps(study);
  return {
    number: record.number,
    state: record.state,
    params: record.params,
    values: record.values,
    reason: record.reason,
    ...(record.last === undefined ? {} : { last: record.last }),
    ...(steps === undefined ? {} : { steps }),
    ...(record.startedAt === undefined ? {} : { startedAt: record.startedAt }),
    ...(record.finishedAt === undefined ? {} : { finishedAt: record.finishedAt }),
  };
}

/** @throws BasinError `unknown-trial` */
export async function trialOf(study: Study, runner: StudyRunner | undefined, number: number): Promise<TrialDetail> {
  const logPath = trainerLogOf(study.parts.workspace, study.id, number);
  const tail = await logTail(logPath);
  const record = study.parts.store.trial(study.id, number);
  if (record === undefined) throw new BasinError("unknown-trial", `${study.title} has no trial ${number}.`);
  const curves: { metric: string; steps: number[]; values: number[] }[] = [];
  for (const report of study.parts.store.reports(study.id, number)) {
    let curve = curves.at(-1);
    if (curve?.metric !== report.metric) curves.push((curve = { metric: report.metric, steps: [], values: [] }));
    curve.steps.push(report.step);
    curve.values.push(report.value);
  }
  const metrics =
    Object.keys(record.metrics).length > 0
      ? record.metrics
      : Object.fromEntries(curves.map(({ metric, values }) => [metric, values.at(-1) ?? Number.NaN]));
  return {
    ...rowOf(study, runner, record),
    metrics,
    attempt: record.attempt,
    suggestedBecause: record.suggestedBecause,
    logTail: tail,
    curves,
    ...(record.placement === undefined ? {} : { placement: record.placement }),
    ...(record.slot === undefined ? {} : { slot: record.slot }),
    ...(record.checkpoint === undefined ? {} : { checkpoint: record.checkpoint }),
    ...(tail.length > 0 || existsSync(logPath) ? { logPath } : {}),
  };
}

/**
 * Learning curves of the trials named, or of the last `maxTrials` that have reports. O(reports).
 * @throws BasinError `cancelled`
 */
export async function curvesOf(
  study: Study,
  { metric, numbers, maxTrials }: EngineParams<"trial.curves">,
  signal: AbortSignal | undefined,
): Promise<CurveColumns> {
  await study.index.load();
  const { store } = study.parts;
  const count = study.index.count;
  const trials: { number: number; steps: number[]; values: number[] }[] = [];
  let points = 0;
  let omitted = 0;
  let since = performance.now();
  const collect = async (from: number, to: number): Promise<void> => {
    let current: (typeof trials)[number] | undefined;
    const page: typeof trials = [];
    for (const { number, step, value } of store.reportsBetween(study.id, metric, from, to)) {
      if (current?.number !== number) page.push((current = { number, steps: [], values: [] }));
      current.steps.push(step);
      current.values.push(value);
    }
    // Newest first, as the pages come.
    for (const trial of page.toReversed()) {
      if (trials.length >= maxTrials || points + trial.steps.length > maxCurvePoints) omitted += 1;
      else {
        trials.push(trial);
        points += trial.steps.length;
      }
    }
    if (performance.now() - since > pageMs) {
      if (signal?.aborted === true) throw new BasinError("cancelled", "Cancelled.");
      await breathe();
      since = performance.now();
    }
  };
  if (numbers === undefined) {
    for (let to = count; to > 0; to -= curvePage) await collect(Math.max(0, to - curvePage), to);
  } else {
    for (const number of [...new Set(numbers)].sort((a, b) => b - a)) await collect(number, number + 1);
  }
  trials.sort((a, b) => a.number - b.number);
  const offsets = new Int32Array(trials.length + 1);
  const steps = new Float64Array(points);
  const values = new Float64Array(points);
  for (const [i, trial] of trials.entries()) {
    const start = offsets[i] ?? 0;
    steps.set(trial.steps, start);
    values.set(trial.values, start);
    offsets[i + 1] = start + trial.steps.length;
  }
  return {
    studyId: study.id,
    revision: study.parts.revisions.of(study.id),
    metric,
    number: Int32Array.from(trials, (trial) => trial.number),
    offsets,
    steps,
    values,
    omitted,
  };
}
