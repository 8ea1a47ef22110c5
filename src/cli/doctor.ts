/**
 * `basin doctor`: what Basin can use on this machine, and what to install for what it cannot.
 * Invariant: everything that could crash is tried in a process of its own; never fails itself, whatever it finds.
 */
import { execFile } from "node:child_process";
import { connectRunning } from "./session.ts";
import { readLock, workspaceFiles } from "../client/workspaceFiles.ts";
import { errorText } from "../core/errors.ts";
import { sqliteBinding } from "../engine/distFolder.ts";
import { engineVersion } from "../engine/version.ts";
import { backendFinding, backendReports } from "./doctorBackends.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { oldestNode } from "./nodeVersion.ts";
import { table, toJson } from "./text.ts";
import { workspaceHere } from "./workspace.ts";

/** One thing looked at. `needed`: Basin does not work without it. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly needed: boolean;
  readonly detail: string;
  /** What to do, when it is not ok. */
  readonly hint: string;
}

interface Ran {
  readonly ok: boolean;
  readonly output: string;
  readonly problem: string;
}

/** Runs a program to its end; never throws. */
function tryProgram(file: string, args: readonly string[], timeoutMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      file,
      [...args],
      { timeout: timeoutMs, windowsHide: true, maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        const cause =
          (error as NodeJS.ErrnoException | null)?.code === "ENOENT"
            ? "not found"
            : (error?.signal ?? stderr.trim().split("\n").at(-1) ?? "");
        resolve({
          ok: error === null,
          output: stdout,
          problem: error === null ? "" : cause === "" || cause === null ? errorText(error) : cause,
        });
      },
    );
  });
}

export async function doctorCommand(
  options: { readonly json?: boolean; readonly quick?: boolean; readonly workspace?: string },
  distFolder: string,
): Promise<ExitCode> {
  const workspace = workspaceHere(options.workspace);
  const findings = await Promise.all([
    Promise.resolve(nodeFinding()),
    databaseFinding(),
    engineFinding(workspace),
    pythonFinding(),
    gpuFinding(),
  ]);
  // Last and alone: what runs beside a measurement is measured with it.
  const tell = process.stderr.isTTY ? (what: string) => void process.stderr.write(`${what} ...\n`) : () => undefined;
  const backends = await backendReports(distFolder, options.quick === true, tell);
  findings.splice(3, 0, ...backends.map(backendFinding));
  const broken = findings.some((finding) => finding.needed && !finding.ok);
  if (options.json === true)
    process.stdout.write(`${toJson({ version: engineVersion, workspace, ok: !broken, findings, backends })}\n`);
  else for (const line of doctorLines(findings)) process.stdout.write(`${line}\n`);
  return broken ? exitCodes.failed : exitCodes.done;
}

/** A table of findings, then what to do about those that are not ok. */
export function doctorLines(findings: readonly Finding[]): string[] {
  const rows = findings.map(({ what, ok, needed, detail }) => [ok ? "ok" : needed ? "MISSING" : "-", what, detail]);
  const hints = findings.filter(({ ok, hint }) => !ok && hint !== "").map(({ what, hint }) => `  ${what}: ${hint}`);
  return [...table(rows), ...(hints.length === 0 ? [] : ["", "What would help:", ...hints])];
}

function nodeFinding(): Finding {
  // An older one never gets here: the entry sees to that.
  return {
    what: "Node",
    ok: true,
    needed: true,
    detail: `${process.version} (${oldestNode} or newer is needed), ${process.execPath}`,
    hint: "",
  };
}

async function databaseFinding(): Promise<Finding> {
  const binding = sqliteBinding();
  const what = "database (better-sqlite3)";
  const platform = `${process.platform}-${process.arch}`;
  if (binding === undefined) {
    const hint = "Reinstall Basin for this platform, or build it with: npm run build";
    return { what, ok: false, needed: true, detail: `no binary for ${platform}`, hint };
  }
  const load = `process.dlopen({ exports: {} }, ${JSON.stringify(binding)})`;
  const { ok, problem } = await tryProgram(process.execPath, ["-e", load], 10_000);
  const hint = `Reinstall Basin; its binary ${binding} does not load.`;
  return { what, ok, needed: true, detail: ok ? `loads, ${platform}` : problem, hint };
}

async function engineFinding(workspace: string): Promise<Finding> {
  const what = "engine";
  const lock = readLock(workspaceFiles(workspace).lock);
  try {
    const session = await connectRunning(workspace);
    if (session === undefined)
      return {
        what,
        ok: true,
        needed: true,
        detail: `none runs in ${workspace}; a command or the editor starts one`,
        hint: "",
      };
    const status = await session.client.request("engine.status", {});
    await session.close();
    return {
      what,
      ok: true,
      needed: true,
      detail: `process ${status.pid} runs in ${workspace}: ${status.runningStudies} running studies, ${Math.round(status.rssBytes / 1e6)} MB`,
      hint: "",
    };
  } catch (error) {
    return {
      what,
      ok: false,
      needed: true,
      detail: errorText(error),
      hint: lock === undefined ? "" : `If it does not come back, end process ${lock.pid}.`,
    };
  }
}

async function pythonFinding(): Promise<Finding> {
  const name = process.platform === "win32" ? "python" : "python3";
  const code =
    "import importlib.util as u, sys; print(sys.version.split()[0], *[m for m in ('torch', 'tensorflow', 'jax', 'sklearn') if u.find_spec(m)])";
  const { ok, output, problem } = await tryProgram(name, ["-c", code], 20_000);
  const [version = "", ...modules] = output.trim().split(" ");
  const detail = ok
    ? `${version}, ${modules.length === 0 ? "without torch, tensorflow, jax or sklearn" : `with ${modules.join(", ")}`}`
    : `${name}: ${problem}`;
  return {
    what: "Python",
    ok,
    needed: false,
    detail,
    hint: "Install Python 3 to tune Python programs; Basin's module for it has no dependencies.",
  };
}

async function gpuFinding(): Promise<Finding> {
  const { ok, output, problem } = await tryProgram(
    "nvidia-smi",
    ["--query-gpu=name,memory.total", "--format=csv,noheader"],
    20_000,
  );
  const gpus = output
    .trim()
    .split("\n")
    .filter((line) => line !== "");
  const found = ok && gpus.length > 0;
  return {
    what: "NVIDIA GPUs",
    ok: found,
    needed: false,
    detail: found ? gpus.join("; ") : problem === "not found" ? "none (no nvidia-smi)" : problem || "none",
    hint: "",
  };
}
