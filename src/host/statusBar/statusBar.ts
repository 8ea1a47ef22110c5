/**
 * The one status-bar item: what runs, how far it is, what is best.
 * Invariant: hidden when nothing runs or is paused; never a toast.
 */
import * as vscode from "vscode";
import { commands } from "../ids.ts";
import { bestText, progressText, studyTooltip } from "../explorer/texts.ts";
import { plainMarkdown } from "../explorer/nodes.ts";
import { createScope, type Disposable } from "../disposables.ts";
import type { LiveStudy, Studies } from "../studies.ts";

/** The text of the item, or undefined when there is nothing to say. `$(` of a study's name is broken up: it is no icon. */
export function statusText(studies: readonly LiveStudy[]): string | undefined {
  const running = studies.filter((study) => study.summary.state === "running");
  const paused = studies.filter((study) => study.summary.state === "paused");
  const first = running[0] ?? paused[0];
  if (first === undefined) return undefined;
  const icon = running.length > 0 ? "$(loading~spin)" : "$(debug-pause)";
  const plain = (text: string): string => text.replaceAll("$(", "$ (");
  if (running.length > 1) {
    const done = running.reduce((sum, { summary }) => sum + summary.counts.complete + summary.counts.pruned + summary.counts.failed, 0);
    return `${icon} ${running.length} studies · ${done} trials`;
  }
  const { summary } = first;
  const best = bestText(summary.best);
  return `${icon} ${plain(summary.name)} ${progressText(summary)}${best === "" ? "" : ` · ${best}`}${running.length === 0 ? " paused" : ""}`;
}

export function createStatusBar(studies: Studies): Disposable {
  const scope = createScope();
  const item = scope.add(vscode.window.createStatusBarItem("basin.status", vscode.StatusBarAlignment.Left, 10));
  item.name = "Basin Studies";
  item.command = commands.openStatus;
  const update = (): void => {
    const all = studies.all();
    const text = statusText(all);
    if (text === undefined) {
      item.hide();
      return;
    }
    item.text = text;
    const shown = all.filter(({ summary }) => summary.state === "running" || summary.state === "paused");
    item.tooltip = plainMarkdown(shown.map(({ summary }) => studyTooltip(summary)).join("\n\n---\n\n"));
    item.accessibilityInformation = { label: `Basin: ${text.replace(/\$\([^)]*\) ?/g, "")}` };
    item.show();
  };
  scope.add(studies.onDidChange(update));
  update();
  return scope;
}
