/**
 * Commands of the Trials view itself: filter, sort, refresh, load more; and the logs.
 * Invariant: a filter that does not parse is never applied.
 */
import * as vscode from "vscode";
import { workspaceFiles } from "../../client/workspaceFiles.ts";
import { BasinError } from "../../core/errors.ts";
import { workspaceFolders } from "../engineConnection.ts";
import { isNode } from "../explorer/nodes.ts";
import { parseFilter } from "../explorer/trialFilter.ts";
import type { Services } from "../services.ts";
import { openTrialLog, showLogFile } from "./trialCommands.ts";

export async function filterTrials({ tree }: Services): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: "Filter Trials",
    prompt: "States (running, complete, pruned, failed, paused, waiting) or a condition. Empty shows all.",
    placeHolder: "val_accuracy > 0.95 and optimizer = adam",
    value: tree.filter()?.text ?? "",
    validateInput: (value) => {
      const parsed = parseFilter(value);
      return parsed.ok ? undefined : parsed.message;
    },
  });
  if (text === undefined) return;
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new BasinError("invalid-argument", parsed.message);
  tree.setFilter(parsed.filter);
}

export async function sortTrials({ tree }: Services): Promise<void> {
  const current = tree.sort();
  const picked = await vscode.window.showQuickPick(
    [
      { label: "Best first", description: "by the first objective, running trials on top", sort: "best" as const },
      { label: "Newest first", description: "by trial number", sort: "number" as const },
    ].map((item) => (item.sort === current ? { ...item, label: `$(check) ${item.label}` } : item)),
    { title: "Sort Trials" },
  );
  if (picked !== undefined) tree.setSort(picked.sort);
}

export async function refresh(services: Services): Promise<void> {
  await services.files.scan();
  await services.studies.refresh();
  services.tree.refresh();
}

export function loadMore({ tree }: Services, argument: unknown): void {
  if (isNode(argument) && argument.kind === "more") tree.loadMore(argument.parent);
}

/** The trial's own log when called on a trial, else Basin's. */
export async function showLogs(services: Services, argument: unknown): Promise<void> {
  if (isNode(argument) && argument.kind === "trial") await openTrialLog(services, argument);
  else services.log.show(true);
}

export async function openEngineLog(argument: unknown): Promise<void> {
  const folders = workspaceFolders();
  const folder =
    typeof argument === "string" && folders.includes(argument)
      ? argument
      : folders.length <= 1
        ? folders[0]
        : await vscode.window.showQuickPick(folders, { title: "Open Engine Log", placeHolder: "Folder" });
  if (folder === undefined) return;
  await showLogFile(
    vscode.Uri.file(workspaceFiles(folder).log),
    new BasinError(
      "engine-unavailable",
      "There is no engine log yet.",
      "An engine writes one when the first study of the folder starts.",
    ),
  );
}
