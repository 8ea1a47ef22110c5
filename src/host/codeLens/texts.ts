/**
 * What the lenses say.
 * Invariant: pure, and the same state always gives the same words.
 */
import { formatEta } from "../../core/format.ts";
import type { StudyDefinition, StudyIssue } from "../../core/study/definition.ts";
import type { StudySummary } from "../../protocol/engine.ts";
import { bestText, progressText, runningText } from "../explorer/texts.ts";

export type LensAction = "start" | "startFresh" | "pause" | "resume" | "stop" | "openPanel" | "showProblems";

export interface LensText {
  readonly title: string;
  readonly action: LensAction;
}

/** The lenses above the first line of a study file. */
export function studyLensTexts(issues: readonly StudyIssue[], summary: StudySummary | undefined): LensText[] {
  const errors = issues.filter((issue) => issue.severity === "error").length;
  const active = summary?.state === "running" || summary?.state === "paused";
  const lenses: LensText[] = [];
  if (errors > 0 && !active) {
    lenses.push({
      title: `$(error) ${errors} ${errors === 1 ? "problem" : "problems"}: fix before starting`,
      action: "showProblems",
    });
  }
  if (summary?.state === "running") {
    lenses.push(
      { title: `$(loading~spin) ${runningText(summary)}`, action: "openPanel" },
      { title: "$(debug-pause) Pause", action: "pause" },
      { title: "$(debug-stop) Stop", action: "stop" },
    );
  } else if (summary?.state === "paused") {
    lenses.push(
      { title: `$(debug-pause) ${runningText(summary)}`, action: "openPanel" },
      { title: "$(debug-continue) Resume", action: "resume" },
      { title: "$(debug-stop) Stop", action: "stop" },
    );
  } else if (errors === 0) {
    lenses.push({ title: "$(play) Start HPO Study", action: "start" });
    if (summary !== undefined && summary.state !== "created") {
      const best = bestText(summary.best);
      const word = summary.state === "complete" ? "Finished" : summary.state === "failed" ? "Failed at" : "Stopped at";
      lenses.push({
        title: `${word} ${progressText(summary)}${best === "" ? "" : ` · best ${best}`}`,
        action: "openPanel",
      });
      lenses.push({ title: "$(debug-restart) Start Fresh", action: "startFresh" });
    }
  }
  if (summary !== undefined) lenses.push({ title: "$(graph) Open Panel", action: "openPanel" });
  return lenses;
}

/** "6 parameters (1 conditional) · 12,288 configurations · 50 trials, 2 at a time · about 6 min left". */
export function spaceLensText(
  { space, budget }: Pick<StudyDefinition, "space" | "budget">,
  size: number,
  summary: StudySummary | undefined,
): string {
  const searched = space.filter((parameter) => parameter.type !== "constant");
  const conditional = searched.filter((parameter) => parameter.when !== undefined).length;
  const parts = [
    `${searched.length} ${searched.length === 1 ? "parameter" : "parameters"}${conditional === 0 ? "" : ` (${conditional} conditional)`}`,
  ];
  parts.push(sizeText(size));
  const trials = budget.trials === undefined ? "" : `${budget.trials} ${budget.trials === 1 ? "trial" : "trials"}`;
  const time = budget.time === undefined ? "" : `at most ${formatEta(budget.time * 1000)}`;
  const bounds = [trials, time].filter((bound) => bound !== "").join(" or ");
  parts.push(budget.parallel === 1 ? bounds : `${bounds}, ${budget.parallel} at a time`);
  if (summary?.etaMs !== undefined && summary.state === "running") parts.push(`about ${formatEta(summary.etaMs)} left`);
  return parts.join(" · ");
}

/** "12,288 configurations", "about 3.1e12 configurations", "continuous". */
function sizeText(size: number): string {
  if (!Number.isFinite(size)) return "continuous";
  if (size === 1) return "1 configuration";
  if (size < 1e7) return `${Math.round(size).toLocaleString("en-US")} configurations`;
  return `about ${size.toExponential(1).replace("e+", "e")} configurations`;
}

/** Above a configuration file in which hyperparameters were recognised. */
export function tuneLensText(found: number): string {
  return `$(beaker) Tune This Model · ${found} ${found === 1 ? "hyperparameter" : "hyperparameters"}`;
}

/** Offset of the top-level key `name`, or undefined: where a lens about it stands. */
export function keyOffset(text: string, format: "yaml" | "json", name: string): number | undefined {
  const pattern = format === "yaml" ? new RegExp(`^["']?${name}["']?[ \\t]*:`, "m") : new RegExp(`"${name}"\\s*:`);
  return pattern.exec(text)?.index;
}
