/**
 * The "Basin" output channel.
 * Invariant: everything the host logs goes through this one channel, never to the console.
 */
import * as vscode from "vscode";

export type Log = vscode.LogOutputChannel;

export function createLog(): Log {
  return vscode.window.createOutputChannel("Basin", { log: true });
}
