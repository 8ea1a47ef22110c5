/**
 * For the end-to-end tests: the command line bundled as `scripts/build.ts` does it, run as a process on a workspace of its own.
 * Invariant: everything is below one temporary folder, which `dispose` removes; no process outlives its test.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { bundleWithEngine } from "../engine/testing/engineBundle.ts";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
  /** Standard output so far. */
  readonly stdout: () => string;
  /** Resolves with the first match in standard output; rejects when the process ends before. */
  readonly saw: (pattern: RegExp) => Promise<RegExpExecArray>;
}

export interface CliBench {
  /** Folder of the bundle. */
  readonly dist: string;
  readonly root: string;
  /** A new empty workspace with the trainer program `train.mjs` in it. */
  readonly workspace: () => string;
  readonly start: (folder: string, args: readonly string[], nodeArgs?: readonly string[]) => RunningCli;
  /** Runs to the end with `input` as standard input. */
  readonly run: (folder: string, args: readonly string[], input?: string) => Promise<Finished>;
  readonly dispose: () => Promise<void>;
}

/** Reports three epochs of `acc` that peak at x = 0.3; `slow` in the environment: milliseconds an epoch. */
const trainer = `
const params = JSON.parse(process.env.BASIN_PARAMS);
const send = (event) => process.stdout.write("\\x1e" + JSON.stringify(event) + "\\n");
process.stdin.on("end", () => process.exit(0)).resume();
send({ type: "started", protocol: 1, steps: 3 });
let acc = 0;
for (let step = 1; step <= 3; step++) {
  acc = 1 - (params.x - 0.3) ** 2 - 0.1 / step;
  send({ type: "report", step, metrics: { acc } });
  await new Promise((resolve) => setTimeout(resolve, Number(process.env.slow ?? "1")));
}
if (process.env.broken) process.exit(3);
send({ type: "done", metrics: { acc } });
process.exit(0);
`;

/** Bundles the command line; call once for a file of tests. */
export async function createCliBench(): Promise<CliBench> {
  const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "basin-cli-")));
  const dist = path.join(root, "package", "dist");
  mkdirSync(dist, { recursive: true });
  const program = await bundleWithEngine(dist, "cli", "src/cli.ts");

  const running = new Set<RunningCli>();
  let workspaces = 0;
  const start = (folder: string, args: readonly string[], nodeArgs: readonly string[] = []): RunningCli => {
    const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
      cwd: folder,
      env: {
        ...process.env,
        XDG_RUNTIME_DIR: "",
        TMPDIR: os.tmpdir(),
        // Each test starts the same bundle many times: it is compiled once.
        NODE_COMPILE_CACHE: path.join(root, "compiled"),
      },
    });
    let stdout = "";
    let stderr = "";
    let over = false;
    const watchers = new Set<() => void>();
    const tell = (): void => {
      for (const watcher of watchers) watcher();
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      tell();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    // A command that ends early closes its input under us.
    child.stdin.on("error", () => undefined);
    const finished = new Promise<Finished>((resolve) => {
      child.on("close", (code, signal) => {
        over = true;
        running.delete(cli);
        resolve({ code, signal, stdout, stderr });
        tell();
      });
    });
    const saw = (pattern: RegExp): Promise<RegExpExecArray> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stdout);
          if (match === null && !over) return;
          watchers.delete(look);
          if (match === null) reject(new Error(`ended without ${String(pattern)}:\n${stdout}\n${stderr}`));
          else resolve(match);
        };
        watchers.add(look);
        look();
      });
    const cli: RunningCli = { child, finished, stdout: () => stdout, saw };
    running.add(cli);
    return cli;
  };
  return {
    dist,
    root,
    start,
    workspace: () => {
      const folder = path.join(root, `workspace ${(workspaces += 1)}`);
      mkdirSync(path.join(folder, ".vscode"), { recursive: true });
      writeFileSync(path.join(folder, "train.mjs"), trainer);
      return folder;
    },
    run: (folder, args, input = "") => {
      const cli = start(folder, args);
      cli.child.stdin.end(input);
      return cli.finished;
    },
    dispose: async () => {
      for (const cli of running) cli.child.kill("SIGKILL");
      await Promise.all([...running].map((cli) => cli.finished));
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** A small study of the bench's trainer. */
export function studyText(
  changes: {
    readonly trials?: number;
    readonly parallel?: number;
    readonly env?: string;
    readonly trainer?: string;
  } = {},
): string {
  const { trials = 5, parallel = 2, env = "{}" } = changes;
  return `# a toy
study: toy
objective: { metric: acc, direction: maximize }
trainer: ${changes.trainer ?? `{ kind: command, run: [node, train.mjs], env: ${env} }`}
space:
  x: { type: float, low: 0, high: 1 }
  optimizer: { type: categorical, choices: [sgd, adam] }
budget: { trials: ${trials}, parallel: ${parallel} }
seed: 1
`;
}
