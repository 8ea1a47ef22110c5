/**
 * What the status-bar item says.
 * Invariant: pure; a name in a study file cannot draw an icon.
 */
import { bestText, finishedTrials, progressText } from "../explorer/texts.ts";
import type { LiveStudy } from "../studies.ts";

/** The text of the item, or undefined when there is nothing to say. `$(` of a study's name is broken up: it is no icon. */
export function statusText(studies: readonly LiveStudy[]): string | undefined {
  const running = studies.filter((study) => study.summary.state === "running");
  const paused = studies.filter((study) => study.summary.state === "paused");
  const first = running[0] ?? paused[0];
  if (first === undefined) return undefined;
  const icon = running.length > 0 ? "$(loading~spin)" : "$(debug-pause)";
  const plain = (text: string): string => text.replaceAll("$(", "$ (");
  if (running.length > 1) {
    const done = running.reduce((sum, { summary }) => sum + finishedTrials(summary), 0);
    return `${icon} ${running.length} studies · ${done} trials`;
  }
  const { summary } = first;
  const best = bestText(summary.best);
  return `${icon} ${plain(summary.name)} ${progressText(summary)}${best === "" ? "" : ` · ${best}`}${running.length === 0 ? " paused" : ""}`;
}
