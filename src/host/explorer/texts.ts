/**
 * What the Trials view and the status bar say: labels, descriptions, icons and tooltips, as plain data.
 * Invariant: pure; nothing of a study reaches Markdown without `escapeMarkdown`.
 */
import { formatDuration, formatEta, formatNumber, formatValue } from "../../core/format.ts";
import type { ParamValue } from "../../core/space/parameter.ts";
import type { TrialState } from "../../core/trial.ts";
import type { BestTrial, StudyStateName, StudySummary, TrialDetail, TrialRow } from "../../protocol/engine.ts";

/** A codicon and the id of its theme colour. */
export interface IconSpec {
  readonly id: string;
  readonly color?: string;
}

export const trialIcons: Readonly<Record<TrialState, IconSpec>> = {
  waiting: { id: "watch", color: "disabledForeground" },
  running: { id: "loading~spin", color: "charts.blue" },
  paused: { id: "debug-pause", color: "charts.yellow" },
  complete: { id: "pass", color: "charts.green" },
  pruned: { id: "circle-slash", color: "editorWarning.foreground" },
  failed: { id: "error", color: "charts.red" },
};

export const incumbentIcon: IconSpec = { id: "star-full", color: "charts.yellow" };

export const studyIcons: Readonly<Record<StudyStateName, IconSpec>> = {
  created: { id: "circle-large-outline" },
  running: { id: "loading~spin", color: "charts.blue" },
  paused: { id: "debug-pause", color: "charts.yellow" },
  complete: { id: "pass-filled", color: "charts.green" },
  stopped: { id: "debug-stop", color: "editorWarning.foreground" },
  failed: { id: "error", color: "charts.red" },
};

/** Trials that are over, failed and pruned ones included and those that a copy replaced left out: what the budget counts. */
export function finishedTrials({ counts, children = 0 }: StudySummary): number {
  return counts.complete + counts.pruned + counts.failed - children;
}

/** "12/50", or "12" when the number of trials is not bounded. */
export function progressText(summary: StudySummary): string {
  const done = finishedTrials(summary);
  return summary.budgetTrials === undefined ? String(done) : `${done}/${summary.budgetTrials}`;
}

/** "0.981 (#7)"; several objectives: "0.981, 12 (#7)"; empty without a complete trial. */
export function bestText(best: BestTrial | undefined): string {
  return best === undefined ? "" : `${best.values.map(formatNumber).join(", ")} (#${best.number})`;
}

/** "12/50 · best 0.981 (#7)", plus the state when it is not running and the folder where several are open. */
export function studyDescription(summary: StudySummary, folderName = ""): string {
  const parts = [progressText(summary)];
  const best = bestText(summary.best);
  if (best !== "") parts.push(`best ${best}`);
  if (summary.paretoSize !== undefined && summary.objectives.length > 1) parts.push(`front of ${summary.paretoSize}`);
  if (summary.state !== "running" && summary.state !== "complete") parts.push(summary.state);
  if (summary.generation > 1) parts.push(`run ${summary.generation}`);
  if (folderName !== "") parts.push(folderName);
  return parts.join(" · ");
}

/** "3.1e-3" for long parameter lists: at most `limit` parameters by name, then "...". */
export function paramsText(params: Readonly<Record<string, ParamValue>>, limit: number): string {
  const entries = Object.entries(params);
  const shown = entries.slice(0, limit).map(([name, value]) => `${name} ${formatValue(value)}`);
  if (entries.length > limit) shown.push("…");
  return shown.join(", ");
}

/** "12/30" while it runs, "12" when the planned number of steps is unknown; empty before the first report. */
export function stepsText(row: TrialRow): string {
  if (row.last === undefined) return row.steps === undefined || row.state !== "running" ? "" : `0/${row.steps}`;
  return row.steps === undefined ? String(row.last.step) : `${row.last.step}/${row.steps}`;
}

/** The objective values of a complete trial, else the last report; empty if there is none. */
export function valueText(row: TrialRow): string {
  if (row.values.length > 0) return row.values.map(formatNumber).join(", ");
  return row.last === undefined ? "" : formatNumber(row.last.value);
}

/** "0.981 · learningRate 3.1e-3, width 128", with "12/30" before the value while it runs. */
export function trialDescription(row: TrialRow): string {
  const parts: string[] = [];
  const steps = row.state === "complete" || row.state === "failed" ? "" : stepsText(row);
  if (steps !== "") parts.push(steps);
  const value = valueText(row);
  if (value !== "") parts.push(value);
  if (row.state === "failed" && row.reason !== "") parts.push(firstLine(row.reason, 60));
  const params = paramsText(row.params, 4);
  if (params !== "") parts.push(params);
  return parts.join(" · ");
}

/** For screen readers: "Trial 7, complete, val_accuracy 0.981, best". */
export function trialSpoken(row: TrialRow, metrics: readonly string[], incumbent: boolean): string {
  const values = row.values.map((value, i) => `${metrics[i] ?? "value"} ${formatNumber(value)}`);
  const steps = row.state === "running" ? stepsText(row) : "";
  return [
    `Trial ${row.number}`,
    row.state,
    ...values,
    ...(steps === "" ? [] : [`step ${steps}`]),
    ...(incumbent ? ["best"] : []),
  ].join(", ");
}

/** "Running 12/50 · best 0.981 (#7)": lens and status bar. */
export function runningText(summary: StudySummary): string {
  const best = bestText(summary.best);
  const eta = summary.etaMs === undefined ? "" : ` · ${formatEta(summary.etaMs)} left`;
  const word = summary.state === "paused" ? "Paused" : "Running";
  return `${word} ${progressText(summary)}${best === "" ? "" : ` · best ${best}`}${summary.state === "paused" ? "" : eta}`;
}

function firstLine(text: string, limit: number): string {
  const line = text.split(/\r?\n/, 1)[0] ?? "";
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

/** Text as Markdown that shows exactly these characters: no markup, links, images or HTML. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/\s+/g, " ");
}

/** Markdown of a study's tooltip. */
export function studyTooltip(summary: StudySummary): string {
  const lines = [
    `**${escapeMarkdown(summary.name)}** — ${summary.state}${summary.reason === "" ? "" : `: ${escapeMarkdown(summary.reason)}`}`,
  ];
  const { counts } = summary;
  lines.push(
    (["complete", "pruned", "failed", "running", "waiting", "paused"] as const)
      .filter((state) => counts[state] > 0)
      .map((state) => `${counts[state]} ${state}`)
      .join(", ") || "no trials yet",
  );
  for (const [i, objective] of summary.objectives.entries()) {
    const value = summary.best?.values[i];
    lines.push(
      `${objective.direction} \`${escapeCode(objective.metric)}\`${value === undefined ? "" : `: best ${formatNumber(value)} (trial ${summary.best?.number ?? 0})`}`,
    );
  }
  lines.push(
    `ran ${formatDuration(summary.elapsedMs)}${summary.etaMs === undefined ? "" : `, about ${formatEta(summary.etaMs)} left`}, ${summary.parallel} in parallel`,
  );
  if (summary.samplerChoice !== undefined) lines.push(escapeMarkdown(summary.samplerChoice));
  lines.push(escapeMarkdown(summary.path));
  return lines.join("\n\n");
}

/** A code span cannot hold a backtick or a line end. */
function escapeCode(text: string): string {
  return text.replace(/[`\r\n]/g, "'");
}

/** Markdown of a trial's tooltip: all parameters and metrics, why it was tried, why it ended. */
export function trialTooltip(row: TrialRow | TrialDetail, metrics: readonly string[]): string {
  const lines = [
    `**Trial ${row.number}** — ${row.state}${row.reason === "" ? "" : `: ${escapeMarkdown(firstLine(row.reason, 300))}`}`,
  ];
  const table: [string, string][] = [];
  row.values.forEach((value, i) => table.push([metrics[i] ?? "value", formatNumber(value)]));
  if (row.values.length === 0 && row.last !== undefined)
    table.push([`${metrics[0] ?? "value"} at step ${row.last.step}`, formatNumber(row.last.value)]);
  if ("metrics" in row) {
    for (const [name, value] of Object.entries(row.metrics))
      if (!metrics.includes(name)) table.push([name, formatNumber(value)]);
  }
  for (const [name, value] of Object.entries(row.params)) table.push([name, formatValue(value)]);
  if (table.length > 0) {
    lines.push(
      [
        "| | |",
        "|:--|--:|",
        ...table.slice(0, 40).map(([name, value]) => `| ${escapeMarkdown(name)} | ${escapeMarkdown(value)} |`),
      ].join("\n"),
    );
  }
  if (row.startedAt !== undefined) {
    const end = row.finishedAt;
    const where = "placement" in row && row.placement !== undefined ? ` on ${escapeMarkdown(row.placement)}` : "";
    lines.push(
      end === undefined
        ? `started ${escapeMarkdown(new Date(row.startedAt).toLocaleTimeString())}${where}`
        : `took ${formatDuration(end - row.startedAt)}${where}`,
    );
  }
  if ("suggestedBecause" in row && row.suggestedBecause !== "") lines.push(`_${escapeMarkdown(row.suggestedBecause)}_`);
  return lines.join("\n\n");
}
