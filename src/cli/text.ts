/**
 * What the commands say, as plain functions of what the engine answered. Invariant: no colours, no cursor movements: the same
 * text in a terminal, a pipe and a log.
 */
import path from "node:path";
import { formatDuration, formatEta, formatNumber, formatValue } from "../core/format.ts";
import type { Objective } from "../core/objective.ts";
import type { Params } from "../core/space/parameter.ts";
import type { BestTrial, StudySummary, TrialDetail, TrialRow } from "../protocol/engine.ts";
import type { ScheduleReport } from "../protocol/schedule.ts";

/** "lr=0.01 layers=3 optimizer=adam". */
export function paramsText(params: Params): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${formatValue(value)}`)
    .join(" ");
}

/** "val_accuracy 0.981, time 12". */
export function valuesText(objectives: readonly Objective[], values: readonly number[]): string {
  return objectives.map(({ metric }, i) => `${metric} ${formatNumber(values[i] ?? Number.NaN)}`).join(", ");
}

/** "0.6 s" below ten seconds, then "0:21". */
function tookText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms);
}

/** Trials in a final state; of one that was replaced by a copy of another, only the last in its place. */
export function finishedCount({ counts, children = 0 }: Pick<StudySummary, "counts" | "children">): number {
  return counts.complete + counts.pruned + counts.failed - children;
}

/** One finished trial: "[ 7/50] trial 6  val_accuracy 0.981  0:21  lr=0.01 ...". */
export function trialLine(summary: StudySummary, row: TrialRow, position: number): string {
  // With copies that take others' places more trials end than are budgeted.
  const total = summary.children === undefined ? summary.budgetTrials : undefined;
  const place = total === undefined ? `[${position}]` : `[${String(position).padStart(String(total).length)}/${total}]`;
  const took =
    row.startedAt !== undefined && row.finishedAt !== undefined ? tookText(row.finishedAt - row.startedAt) : "";
  const outcome =
    row.state === "complete"
      ? valuesText(summary.objectives, row.values)
      : row.reason === ""
        ? row.state
        : `${row.state}: ${row.reason.replaceAll(/\s+/g, " ")}`;
  return [place, `trial ${row.number}`, outcome, took, paramsText(row.params)].filter((part) => part !== "").join("  ");
}

/** "12 of 50 trials (10 complete, 1 pruned, 1 failed)". */
export function countsText(summary: Pick<StudySummary, "counts" | "children" | "budgetTrials">): string {
  const { counts } = summary;
  const finished = finishedCount(summary);
  const parts = (["complete", "pruned", "failed", "paused"] as const)
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${state}`);
  if ((summary.children ?? 0) > 0) parts.push(`${summary.children} of them copies`);
  const of = summary.budgetTrials === undefined ? "" : ` of ${summary.budgetTrials}`;
  return `${finished}${of} trials${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

/** "1.2 GPU-hours used, about 3.4 more"; undefined where no GPU was held. */
export function costText({ spent, leftGpuMs, state }: StudySummary): string | undefined {
  if (spent === undefined || spent.gpuMs <= 0) return undefined;
  const hours = (ms: number): string => formatNumber(Number((ms / 3_600_000).toPrecision(2)));
  const more = leftGpuMs === undefined || state !== "running" ? "" : `, about ${hours(leftGpuMs)} more`;
  return `${hours(spent.gpuMs)} GPU-hours used${more}`;
}

/** The end of a run: what came of it, the best trial, its parameters, and where to look. */
export function endLines(summary: StudySummary, workspace: string): string[] {
  const state = summary.reason === "" ? summary.state : `${summary.state}: ${summary.reason}`;
  const lines = [
    "",
    `${summary.name} #${summary.generation} ${state}`,
    `  ${countsText(summary)} in ${tookText(summary.elapsedMs)}`,
  ];
  const cost = costText(summary);
  if (cost !== undefined) lines.push(`  ${cost}`);
  lines.push(...bestLines(summary.objectives, summary.best));
  if ((summary.paretoSize ?? 0) > 1 && summary.objectives.length > 1) {
    lines.push(
      `  ${summary.paretoSize} trials are on the Pareto front; the best one is by ${summary.objectives[0]?.metric ?? ""} alone.`,
    );
  }
  lines.push("", "Look at it:", ...whereLines(summary.path, workspace));
  return lines;
}

/** Best trial and its parameters, one a line. */
export function bestLines(objectives: readonly Objective[], best: BestTrial | undefined): string[] {
  if (best === undefined) return ["  No trial has been completed."];
  const width = Math.max(0, ...Object.keys(best.params).map((name) => name.length));
  return [
    `  Best: trial ${best.number} with ${valuesText(objectives, best.values)}`,
    ...Object.entries(best.params).map(([name, value]) => `    ${name.padEnd(width)}  ${formatValue(value)}`),
  ];
}

function whereLines(study: string, workspace: string): string[] {
  return [
    `  in VS Code   open ${workspace}, then "Basin: Open Study Panel"`,
    `  here         basin show ${relative(study)}`,
    `  as a file    basin export ${relative(study)} --format csv -o trials.csv`,
  ];
}

/** A path as one would type it here. */
export function relative(file: string): string {
  const short = path.relative(process.cwd(), file);
  const shown = short !== "" && !short.startsWith(`..${path.sep}..`) ? short : file;
  return /^[\w@%+=:,./\\-]+$/.test(shown) ? shown : JSON.stringify(shown);
}

/** The object that `--json` prints. Numbers that JSON cannot hold are strings. */
export function resultObject(summary: StudySummary, workspace: string): Record<string, unknown> {
  const { best } = summary;
  return {
    study: summary.name,
    id: summary.id,
    generation: summary.generation,
    path: summary.path,
    workspace,
    state: summary.state,
    reason: summary.reason,
    trials: summary.counts,
    ...(summary.children === undefined ? {} : { children: summary.children }),
    elapsedMs: Math.round(summary.elapsedMs),
    ...(summary.spent === undefined ? {} : { spent: summary.spent }),
    ...(summary.samplerChoice === undefined ? {} : { samplerChoice: summary.samplerChoice }),
    best:
      best === undefined
        ? null
        : {
            number: best.number,
            values: Object.fromEntries(summary.objectives.map(({ metric }, i) => [metric, best.values[i] ?? null])),
            params: best.params,
          },
    ...(summary.paretoSize === undefined ? {} : { paretoSize: summary.paretoSize }),
  };
}

/** JSON with non-finite numbers as strings, as in the trainer protocol. */
export function toJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) => (typeof entry === "number" && !Number.isFinite(entry) ? String(entry) : entry),
    space,
  );
}

/** Columns padded to their widest entry; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** `basin list`. */
export function studyTable(studies: readonly StudySummary[]): string[] {
  const rows = studies.map((study) => [
    String(study.id),
    `${study.name} #${study.generation}`,
    study.state,
    `${finishedCount(study)}${study.budgetTrials === undefined ? "" : `/${study.budgetTrials}`}`,
    study.best === undefined ? "–" : valuesText(study.objectives, study.best.values),
    relative(study.path),
  ]);
  return table([["id", "study", "state", "trials", "best", "file"], ...rows]);
}

/** How much was trained and how much a study without a scheduler would have, then who stands at which rung. */
export function scheduleLines(report: Pick<ScheduleReport, "trainedSteps" | "fullSteps" | "brackets">): string[] {
  const { trainedSteps, fullSteps, brackets } = report;
  const saved = fullSteps === undefined || fullSteps <= 0 ? undefined : 1 - trainedSteps / fullSteps;
  const compared =
    fullSteps === undefined || saved === undefined
      ? ""
      : ` of ${formatNumber(fullSteps)} without a scheduler (${saved >= 0 ? `${Math.round(100 * saved)}% less` : `${Math.round(-100 * saved)}% more`})`;
  const lines = [`  ${formatNumber(trainedSteps)} epochs trained${compared}`];
  for (const { label, rungs } of brackets) {
    if (rungs.every(({ entries }) => entries.length === 0)) continue;
    lines.push(`  ${label}`);
    for (const { step, entries } of rungs) {
      const counts = new Map<string, number>();
      for (const { outcome } of entries) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      const parts = [...counts].map(([outcome, count]) => `${count} ${outcome}`);
      if (parts.length > 0) lines.push(`    epoch ${step}: ${parts.join(", ")}`);
    }
  }
  return lines;
}

/** `basin show`: the study, then its trials, the best first. @param schedule for studies with a scheduler */
export function studyLines(
  study: StudySummary,
  rows: readonly TrialRow[],
  total: number,
  schedule?: Pick<ScheduleReport, "trainedSteps" | "fullSteps" | "brackets">,
): string[] {
  const lines = [
    `${study.name} #${study.generation} (study ${study.id}) ${study.state}${study.reason === "" ? "" : `: ${study.reason}`}`,
    `  file ${study.path}`,
    `  ${countsText(study)} in ${formatDuration(study.elapsedMs)}${study.etaMs === undefined || study.state !== "running" ? "" : `, about ${formatEta(study.etaMs)} left`}`,
    ...(costText(study) === undefined ? [] : [`  ${costText(study)}`]),
    ...(study.samplerChoice === undefined ? [] : [`  ${study.samplerChoice}`]),
    ...(schedule === undefined ? [] : scheduleLines(schedule)),
    ...bestLines(study.objectives, study.best),
    "",
    ...table([
      ["trial", "state", ...study.objectives.map(({ metric }) => metric), "parameters"],
      ...rows.map((row) => [
        String(row.number),
        row.state,
        ...study.objectives.map((_, i) =>
          formatNumber(row.values[i] ?? (i === 0 ? (row.last?.value ?? Number.NaN) : Number.NaN)),
        ),
        paramsText(row.params),
      ]),
    ]),
  ];
  if (total > rows.length) lines.push(`... and ${total - rows.length} more (--limit ${total} shows all)`);
  return lines;
}

/** `basin show <study> <trial>`. */
export function trialLines(objectives: readonly Objective[], trial: TrialDetail): string[] {
  const width = Math.max(0, ...Object.keys(trial.params).map((name) => name.length));
  const lines = [`trial ${trial.number} ${trial.state}${trial.reason === "" ? "" : `: ${trial.reason}`}`];
  if (trial.values.length > 0) lines.push(`  ${valuesText(objectives, trial.values)}`);
  lines.push(`  suggested because: ${trial.suggestedBecause}`);
  if (trial.state === "running" && trial.placement !== undefined) lines.push(`  runs on ${trial.placement}`);
  if (trial.startedAt !== undefined && trial.finishedAt !== undefined) {
    lines.push(
      `  took ${tookText(trial.finishedAt - trial.startedAt)}${trial.placement === undefined ? "" : ` on ${trial.placement}`}${trial.attempt > 1 ? `, attempt ${trial.attempt}` : ""}`,
    );
  }
  lines.push(
    "  parameters:",
    ...Object.entries(trial.params).map(([name, value]) => `    ${name.padEnd(width)}  ${formatValue(value)}`),
  );
  for (const { metric, steps, values } of trial.curves) {
    const shown = steps.map((step, i) => `${step}:${formatNumber(values[i] ?? Number.NaN)}`);
    const text = shown.length > 12 ? [...shown.slice(0, 4), "...", ...shown.slice(-4)] : shown;
    lines.push(`  ${metric} by step  ${text.join("  ")}`);
  }
  if (trial.logPath !== undefined) lines.push(`  log ${trial.logPath}`);
  for (const line of trial.logTail.slice(-10)) lines.push(`    | ${line}`);
  return lines;
}
