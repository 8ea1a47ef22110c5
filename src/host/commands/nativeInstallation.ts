/**
 * Runs `basin native install` for the editor, in a process of its own.
 * Invariant: the process ends when the editor does or the signal is aborted, since it watches its standard input; the promise
 * settles once, with what was installed or a BasinError that says what to do.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { BasinError } from "../../core/errors.ts";
import { installLines, type NativeInstallLine } from "../../native/installLines.ts";
import type { NativeManifest, NativeVariant } from "../../native/layout.ts";
import type { NativeProgress } from "../../native/progress.ts";

export interface InstallationRequest {
  readonly variant: NativeVariant;
  /** The Python whose TensorFlow is linked against; needed for `gpu`. */
  readonly python?: string;
  /** Folder of the bundles. */
  readonly distFolder: string;
  /** The program that runs the command line, and what it needs to behave as Node. */
  readonly execPath: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: NativeProgress) => void;
  /** Everything the command printed, for the log. */
  readonly onLine: (line: string) => void;
}

export interface InstallationResult {
  readonly manifest: NativeManifest;
  readonly before: boolean;
}

/** @throws BasinError `cancelled`, or `native-backend` with the command's own words */
export function runInstallation(request: InstallationRequest): Promise<InstallationResult> {
  const { variant, python, distFolder, execPath, env, signal, onProgress, onLine } = request;
  const args = [
    path.join(distFolder, "cli.cjs"),
    "native",
    "install",
    "--json",
    "--until-input-ends",
    ...(variant === "gpu" ? ["--gpu"] : []),
    ...(python === undefined ? [] : ["--python", python]),
  ];
  return new Promise((resolve, reject) => {
    // Not in the folder of the project: nothing in it takes part.
    const child = spawn(execPath, args, { cwd: distFolder, env, stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    const stop = (): void => void child.stdin.end();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    child.stdin.on("error", () => undefined);
    let last: Exclude<NativeInstallLine, { type: "progress" }> | undefined;
    let text = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      const { lines, rest } = installLines(text + chunk);
      text = rest;
      for (const line of lines) {
        if (line.type !== "progress") last = line;
        else {
          onLine(`${line.percent}% ${line.message}`);
          onProgress(line);
        }
      }
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-4000);
      onLine(chunk.trimEnd());
    });
    child.once("error", (error) => reject(failed(`The installation could not be started: ${error.message}`, "")));
    child.once("close", (code, ended) => {
      signal.removeEventListener("abort", stop);
      if (last?.type === "done") resolve({ manifest: last.installed, before: last.before });
      else if (signal.aborted || last?.cancelled === true) reject(new BasinError("cancelled", "Cancelled."));
      else if (last !== undefined) reject(failed(last.message, last.hint));
      else reject(failed(`The installation ended unexpectedly (${ended ?? `exit code ${String(code)}`}). ${said}`, ""));
    });
  });
}

function failed(message: string, hint: string): BasinError {
  return new BasinError("native-backend", message, hint);
}
