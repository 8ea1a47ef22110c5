/**
 * Workspace trust in code, as well as in the manifest.
 * Invariant: every path that starts a process or writes beside the user's files calls `requireTrust` first.
 */
import * as vscode from "vscode";
import { BasinError } from "../core/errors.ts";

/** @throws BasinError `not-trusted` while the workspace is restricted. */
export function requireTrust(action: string): void {
  if (vscode.workspace.isTrusted) return;
  throw new BasinError(
    "not-trusted",
    `Basin cannot ${action} in a restricted workspace.`,
    "A study runs programs of this folder: trust the workspace first.",
  );
}
