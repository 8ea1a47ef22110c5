/**
 * Starts a detached engine and tells what became of it.
 * Invariant: the engine outlives the process that started it; what it says before its log is open is kept for the person.
 */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { ensureBasinFolder } from "./workspaceFiles.ts";

export interface EngineProgram {
  readonly execPath: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Launch {
  readonly pid: number | undefined;
  /** Set once the process has ended or could not be started. */
  ended(): { readonly message: string; readonly clean: boolean } | undefined;
}

const maxStartLog = 256 * 1024;

/** Starts `program` for `workspace`; `--workspace <folder>` is added unless the arguments already say it. */
export function launchEngine(workspace: string, program: EngineProgram): Launch {
  const files = ensureBasinFolder(workspace);
  let from = 0;
  try {
    from = statSync(files.startLog).size;
    if (from > maxStartLog) {
      truncateSync(files.startLog);
      from = 0;
    }
  } catch {
    // There is none yet.
  }
  const log = openSync(files.startLog, "a", 0o600);
  let ended: { message: string; clean: boolean } | undefined;
  const said = (): string => {
    try {
      const text = readFileSync(files.startLog, "utf8").slice(from).trim();
      return text === "" ? "" : ` It said: ${text.split("\n").slice(-5).join(" / ").slice(-1000)}`;
    } catch {
      return "";
    }
  };
  try {
    const args = program.args.includes("--workspace") ? [...program.args] : [...program.args, "--workspace", workspace];
    const child = spawn(program.execPath, args, {
      cwd: workspace,
      detached: true,
      stdio: ["ignore", log, log],
      env: { ...process.env, ...program.env },
      windowsHide: true,
    });
    child.on("error", (error) => {
      ended ??= {
        message: `The engine could not be started with ${program.execPath}: ${error.message}.`,
        clean: false,
      };
    });
    child.on("exit", (code, signal) => {
      ended ??=
        code === 0
          ? { message: "The engine ended at once, since another one owns the workspace.", clean: true }
          : {
              message: `The engine ended at its start (${signal ?? `exit code ${String(code)}`}).${said()}`,
              clean: false,
            };
    });
    child.unref();
    return { pid: child.pid, ended: () => ended };
  } finally {
    closeSync(log);
  }
}
