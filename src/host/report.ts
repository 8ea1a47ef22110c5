/**
 * The one way an error reaches the person: its message, its hint, and the action that helps.
 * Invariant: cancelled work is silent; everything else is logged in full and shown once, never thrown away.
 */
import * as vscode from "vscode";
import { BasinError, errorText, type BasinErrorCode } from "../core/errors.ts";
import { commands } from "./ids.ts";
import type { Log } from "./log.ts";

export type Report = (error: unknown) => void;

interface Action {
  readonly title: string;
  readonly command: string;
}

const showLogs: Action = { title: "Show Logs", command: commands.showLogs };

const actions: Readonly<Partial<Record<BasinErrorCode, Action>>> = {
  "invalid-study": { title: "Show Problems", command: commands.showProblems },
  "not-trusted": { title: "Manage Workspace Trust", command: "workbench.trust.manage" },
  "engine-unavailable": showLogs,
  "protocol-mismatch": { title: "Reload Window", command: "workbench.action.reloadWindow" },
  storage: showLogs,
  trainer: showLogs,
  "native-backend": showLogs,
  internal: showLogs,
};

/** Whether `error` only says that the person (or a newer request) called the work off. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof BasinError) return error.code === "cancelled";
  return error instanceof vscode.CancellationError || (error instanceof Error && error.name === "AbortError");
}

export function createReport(log: Log): Report {
  return (thrown) => {
    if (isCancelled(thrown)) return;
    log.error(thrown instanceof Error ? thrown : String(thrown));
    show(thrown).catch((problem: unknown) => log.error(errorText(problem)));
  };
}

async function show(error: unknown): Promise<void> {
  const action = error instanceof BasinError ? actions[error.code] : showLogs;
  const chosen = await vscode.window.showErrorMessage(
    errorText(error),
    ...(action === undefined ? [] : [action.title]),
  );
  if (action !== undefined && chosen === action.title) await vscode.commands.executeCommand(action.command);
}
