/**
 * The one status-bar item: what runs, how far it is, what is best.
 * Invariant: hidden when nothing runs or is paused; never a toast.
 */
import * as vscode from "vscode";
import { commands } from "../ids.ts";
import { studyTooltip } from "../explorer/texts.ts";
import { plainMarkdown } from "../explorer/nodes.ts";
import { createScope, type Disposable } from "../disposables.ts";
import type { Studies } from "../studies.ts";
import { statusText } from "./texts.ts";

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
