/**
 * What the fault tests share: the engine as it is shipped (one bundle, beside its native part), a workspace with a tiny
 * trainer, and the means to find and kill the processes of both.
 */
import {
  existsSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import Database from "better-sqlite3";
import { connectEngine } from "../../src/client/engineClient.ts";
import type { EngineClient } from "../../src/client/engineClient.types.ts";
import { bundleWithEngine } from "../../src/engine/testing/engineBundle.ts";
import { bundleTrainer } from "../../src/trainers/tfjs/testing/trainerBundle.ts";
import { readLock, workspaceFiles } from "../../src/client/workspaceFiles.ts";

/** Bundles the engine, and the built-in trainer beside it if wanted, into a fresh folder; returns the bundle's path. */
export async function bundleEngine(withTrainer = false): Promise<{ bundle: string; folder: string }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "basin-fault-engine-"));
  const bundle = await bundleWithEngine(folder, "engine", "src/engine/main.ts");
  if (withTrainer) {
    const built = await bundleTrainer("fault-test");
    cpSync(built.file, path.join(folder, "trainer.cjs"));
    await built.remove();
  }
  return { bundle, folder };
}

/**
 * Speaks the protocol: six reports, some milliseconds apart, then the result. With `stubborn` it neither notices that its
 * standard input closes nor that nobody reads its output, and would run for a minute.
 */
const trainer = `
const params = JSON.parse(process.env.BASIN_PARAMS);
const stubborn = params.x > 0.7;
const send = (event) => process.stdout.write("\\x1e" + JSON.stringify(event) + "\\n");
process.stdout.on("error", () => { if (stubborn) setTimeout(() => {}, 60000); else process.exit(1); });
if (!stubborn) { process.stdin.on("end", () => process.exit(1)); process.stdin.resume(); }
for (let step = 1; step <= 6; step++) {
  send({ type: "report", step, metrics: { loss: params.x + 1 / step, other: step } });
  await new Promise((resolve) => setTimeout(resolve, 8));
}
send({ type: "done", metrics: {} });
process.stdin.destroy();
`;

export interface FaultWorkspace {
  readonly folder: string;
  readonly studyPath: string;
  connect(): Promise<EngineClient>;
  text(trials: number, parallel: number): string;
  /** The living engine's pid, if there is one. */
  enginePid(): number | undefined;
  /** Pids of processes started for trials of this workspace. */
  trainers(): number[];
  /** Runs SQLite's own check on the database. */
  integrity(): string;
  /** What the engines said, for a failed test. */
  logs(): string;
  dispose(): void;
}

/** Rows of three classes with some noise. */
function samples(): string {
  const rows = Array.from(
    { length: 120 },
    (_, i) => `${i % 3},${((i * 7) % 5) / 5},${Math.sin(i).toFixed(3)},${((i % 3) * i) % 4},c${i % 3}`,
  );
  return `a,b,noise,d,y\n${rows.join("\n")}\n`;
}

/**
 * A study of the built-in trainer on its reproducible back end; every trial's result depends on its number alone.
 * @param process whether one process serves trials in turn
 */
export function builtInText(trials: number, parallel: number, process: "shared" | "fresh"): string {
  return `study: fault
objective: { metric: val_loss, direction: minimize }
trainer:
  kind: tfjs
  model: mlp
  data: { csv: ./data.csv, label: y }
  epochs: 6
  backend: cpu
  process: ${process}
space:
  width: { type: int, low: 4, high: 12 }
  dropout: { type: float, low: 0, high: 0.4 }
  batchSize: { type: int, low: 8, high: 32 }
  learningRate: { type: float, low: 1e-3, high: 1e-1, log: true }
sampler: { kind: random }
budget: { trials: ${trials}, parallel: ${parallel} }
seed: 11
`;
}

export function faultWorkspace(bundle: string): FaultWorkspace {
  const folder = mkdtempSync(path.join(os.tmpdir(), "basin-fault-"));
  const studyPath = path.join(folder, "fault.study.yaml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "train.mjs"), trainer);
  writeFileSync(path.join(folder, "data.csv"), samples());
  const marked = (text: string): boolean => text.includes(`BASIN_DATA_ROOT=${folder}\0`);
  const workspace: FaultWorkspace = {
    folder,
    studyPath,
    connect: () =>
      connectEngine({
        workspace: folder,
        client: "fault test",
        start: {
          execPath: process.execPath,
          args: [bundle],
          env: { BASIN_IDLE_MS: "5000", BASIN_NODE: process.execPath },
        },
      }),
    text: (trials, parallel) => `study: fault
objective: { metric: loss, direction: minimize }
trainer: { kind: command, run: [${JSON.stringify(process.execPath)}, train.mjs], epochs: 6 }
space:
  x: { type: float, low: 0, high: 1 }
  n: { type: int, low: 1, high: 1000, log: true }
  kind: { type: categorical, choices: [a, b] }
sampler: { kind: tpe }
budget: { trials: ${trials}, parallel: ${parallel} }
seed: 11
`,
    enginePid: () => {
      const pid = readLock(workspaceFiles(folder).lock)?.pid;
      return pid !== undefined && isAlive(pid) ? pid : undefined;
    },
    trainers: () =>
      readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
        .filter((pid) => {
          try {
            return marked(readFileSync(`/proc/${pid}/environ`, "latin1")) && readlinkSync(`/proc/${pid}/exe`) !== "";
          } catch {
            return false;
          }
        }),
    integrity: () => {
      const db = new Database(workspaceFiles(folder).database, { timeout: 10_000 });
      try {
        return String(db.pragma("integrity_check", { simple: true }));
      } finally {
        db.close();
      }
    },
    logs: () =>
      [workspaceFiles(folder).startLog, workspaceFiles(folder).log]
        .map((file) =>
          existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(-40).join("\n") : `${file}: none`,
        )
        .join("\n"),
    dispose: () => {
      const pid = workspace.enginePid();
      if (pid !== undefined) kill(pid);
      for (const trainerPid of workspace.trainers()) kill(trainerPid);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  return workspace;
}

/** Ends the workspace's engine in order, and waits until its process is gone. */
export async function endEngine(place: FaultWorkspace, client: EngineClient): Promise<void> {
  const last = place.enginePid() ?? 0;
  await client.request("engine.shutdown", {});
  client.dispose();
  while (isAlive(last)) await sleep(5);
}

/** SIGKILL to a process, or to a group when negative; one that is gone already is fine. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** Whether a process runs; one that has ended and waits to be collected does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
