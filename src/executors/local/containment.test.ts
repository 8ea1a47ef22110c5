import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Executor, RunningTrial, TrialJob } from "../executor.ts";
import { markerOf } from "../marker.ts";
import { createLocalExecutor } from "./localExecutor.ts";
import { markedFinder, signalProcess } from "./processTree.ts";
import {
  commandJob,
  record as recordTrial,
  type Recording,
  repositoryRoot,
  temporaryFolder,
  trainersFolder,
  until,
} from "./testing.ts";

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => (place = temporaryFolder("contain")));
const started: RunningTrial[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((trial) => trial.kill()));
  place.remove();
});

const distFolder = path.join(repositoryRoot, "dist");
const executor = createLocalExecutor({ distFolder, gpus: [], termGraceMs: 300, strayGraceMs: 100 });
const node = process.execPath;
const script = (name: string): string => path.join(trainersFolder, name);

function record(executor: Executor, job: TrialJob): Recording {
  const recording = recordTrial(executor, job);
  started.push(recording.trial);
  return recording;
}

/** The log so far; empty before its first line is on disk. */
function logOf(trialFolder: string): string {
  try {
    return readFileSync(path.join(trialFolder, "trainer.log"), "utf8");
  } catch {
    return "";
  }
}

/** Alive and not a zombie waiting for its parent. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(text.slice(text.lastIndexOf(")") + 2));
  } catch (error) {
    // Where there is no /proc, the signal has told.
    return process.platform !== "linux" && (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

describe("trainers that end badly", () => {
  it("a crash keeps what was reported and the exit code", async () => {
    const job = commandJob({ run: [node, script("crash.mjs")], folder: place.folder });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 1 });
    // No `done` is made up for a program that failed.
    expect(run.events).toEqual([{ type: "report", step: 1, metrics: { accuracy: 0.5 } }]);
    expect(logOf(job.trialFolder)).toContain("the loss went through the roof");
  });

  it("an exit code is handed on", async () => {
    const run = record(executor, commandJob({ run: [node, script("exitCode.mjs"), "42"], folder: place.folder }));
    expect(await run.exit).toEqual({ kind: "exited", code: 42 });
  });

  it("a signal that we did not send is named", async () => {
    const run = record(executor, commandJob({ run: [node, script("chatty.mjs")], folder: place.folder }));
    await run.waitFor((event) => event.type === "heartbeat");
    signalProcess(run.trial.pid!, "SIGKILL");
    expect(await run.exit).toEqual({ kind: "signal", signal: "SIGKILL" });
  });

  it.each(["no-such-program-at-all", "./missing/train.sh"])("a missing program is named: %s", async (program) => {
    const run = record(executor, commandJob({ run: [program, "--x"], folder: place.folder }));
    const exit = await run.exit;
    expect(exit.kind).toBe("spawn-failed");
    expect(exit.kind === "spawn-failed" && exit.message).toContain(path.basename(program));
    expect(run.trial.pid).toBeUndefined();
    expect(run.late).toEqual([]);
    // Stopping what never was is no error.
    await run.trial.stop(10);
    await run.trial.kill();
  });

  it("a missing folder is not blamed on the program", async () => {
    const job = commandJob({ run: [node], folder: place.folder, trainer: { cwd: "nowhere" } });
    const exit = await record(executor, job).exit;
    expect(exit.kind === "spawn-failed" && exit.message).toContain("nowhere");
  });

  it("an argument no process can take is a failed start, not a throw", async () => {
    const job = commandJob({ run: [node, "{text}"], folder: place.folder, params: { text: "a\0b" } });
    expect((await record(executor, job).exit).kind).toBe("spawn-failed");
  });

  it("a trial folder that cannot be written is a failed start", async () => {
    const job = commandJob({ run: [node, script("steady.mjs")], folder: place.folder });
    rmSync(job.trialFolder, { recursive: true });
    const run = record(executor, { ...job, trialFolder: path.join(script("steady.mjs"), "no") });
    expect((await run.exit).kind).toBe("spawn-failed");
  });
});

describe("trainers that do not end", () => {
  it("a hang is noticed by its silence", async () => {
    const job = commandJob({
      run: [node, script("silent.mjs"), "deaf"],
      folder: place.folder,
      limits: { heartbeat: 1 },
    });
    expect(await record(executor, job).exit).toEqual({ kind: "killed", cause: "heartbeat" });
  });

  it("a timeout ends one that is alive, heartbeat or not", async () => {
    const limits = { heartbeat: 30, timeout: 1 };
    const job = commandJob({ run: [node, script("chatty.mjs")], folder: place.folder, limits });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "killed", cause: "timeout" });
    expect(run.events.some((event) => event.type === "heartbeat")).toBe(true);
  });

  it("stop lets a trainer that listens end by itself", async () => {
    const job = commandJob({ run: [node, script("waitForEnd.mjs")], folder: place.folder });
    const run = record(executor, job);
    await run.waitFor((event) => event.type === "started");
    await run.trial.stop(20_000);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events[1]).toEqual({ type: "report", step: 2, metrics: { accuracy: 0.5 } });
    expect(logOf(job.trialFolder)).toContain('command {"type":"stop"');
  });

  it("stop ends one that is deaf to commands and to SIGTERM", async () => {
    const job = commandJob({ run: [node, script("silent.mjs"), "deaf"], folder: place.folder });
    const run = record(executor, job);
    await until("the trainer is up", () => logOf(job.trialFolder).includes("ready"));
    await run.trial.stop(50);
    expect(await run.exit).toEqual({ kind: "killed", cause: "requested" });
    expect(alive(run.trial.pid!)).toBe(false);
    expect(logOf(job.trialFolder)).toContain("SIGTERM? no");
  });

  it("kill resolves when it is gone, however often it is called", async () => {
    const run = record(executor, commandJob({ run: [node, script("silent.mjs")], folder: place.folder }));
    await Promise.all([run.trial.kill(), run.trial.stop(1000), run.trial.kill()]);
    expect(alive(run.trial.pid!)).toBe(false);
    expect(await run.exit).toEqual({ kind: "killed", cause: "requested" });
    expect(run.late).toEqual([]);
  });

  it("a trainer that speaks the protocol ends when its standard input closes", async () => {
    const engine = spawn(node, [script("engine.mjs"), node, script("waitForEnd.mjs")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(engine.stdout, "data")) as [Buffer];
    const pid = Number(String(line));
    expect(alive(pid)).toBe(true);
    engine.kill("SIGKILL");
    await until("the trainer has ended", () => !alive(pid));
  });
});

describe("output", () => {
  it("100 MB of log leave this process's memory flat, and a log with head and tail", async () => {
    const job = commandJob({ run: [node, script("flood.mjs"), "100"], folder: place.folder });
    const before = process.memoryUsage().rss;
    let peak = before;
    const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5);
    const run = record(executor, job);
    const exit = await run.exit;
    clearInterval(sampler);
    expect(exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events).toEqual([{ type: "done", metrics: { accuracy: 1 } }]);
    expect((peak - before) / 1e6).toBeLessThan(80);
    const file = path.join(job.trialFolder, "trainer.log");
    expect(statSync(file).size).toBeLessThan(22 * 1024 * 1024);
    const text = logOf(job.trialFolder);
    expect(text).toMatch(/\[basin: \d+\.\d MB of output dropped here/);
    expect(text.trimEnd().endsWith("the last line of the log")).toBe(true);
  });

  it("a flood without end is cut off", async () => {
    const small = createLocalExecutor({ distFolder, gpus: [], termGraceMs: 100, maxOutputBytes: 3e6 });
    const run = record(small, commandJob({ run: [node, script("flood.mjs"), "100000"], folder: place.folder }));
    expect(await run.exit).toEqual({ kind: "killed", cause: "log-limit" });
  });

  it("garbage becomes a few warnings; the event after it still counts", async () => {
    const job = commandJob({ run: [node, script("garbage.mjs")], folder: place.folder });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events).toContainEqual({ type: "report", step: 2, metrics: { accuracy: 0.25 } });
    expect(run.warnings.length).toBeGreaterThan(3);
    expect(run.warnings.length).toBeLessThan(15);
    expect(run.warnings.at(-1)).toMatch(/more malformed events/);
    expect(logOf(job.trialFolder)).not.toContain("\0");
  });

  it("NaN and infinity arrive as numbers", async () => {
    const run = record(executor, commandJob({ run: [node, script("nan.mjs")], folder: place.folder }));
    await run.exit;
    expect(run.events).toEqual([
      { type: "report", step: 1, metrics: { accuracy: Number.NaN, loss: Number.POSITIVE_INFINITY } },
      { type: "done", metrics: { accuracy: Number.NaN } },
    ]);
  });
});

describe.runIf(process.platform === "linux")("descendants", () => {
  const pidsIn = (trialFolder: string): number[] =>
    (/^pids (.*)$/m.exec(logOf(trialFolder))?.[1] ?? "").split(" ").filter(Boolean).map(Number);

  it("those left by a trainer that ended by itself are gone at its exit", async () => {
    const job = commandJob({ run: ["python3", script("forks.py")], folder: place.folder });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    const pids = pidsIn(job.trialFolder);
    expect(pids).toHaveLength(6);
    expect(pids.filter(alive)).toEqual([]);
    // They held the output open; that did not need to be cut off.
    expect(run.warnings).toEqual([]);
  });

  it("a kill reaches them all", async () => {
    const job = commandJob({ run: ["python3", script("forks.py"), "wait"], folder: place.folder });
    const run = record(executor, job);
    await until("all are up", () => pidsIn(job.trialFolder).length === 6);
    expect(pidsIn(job.trialFolder).filter(alive)).toHaveLength(6);
    await run.trial.kill();
    expect(pidsIn(job.trialFolder).filter(alive)).toEqual([]);
  });

  it("a target that keeps moving is caught", async () => {
    const job = commandJob({ run: ["python3", script("forkBomb.py")], folder: place.folder });
    const run = record(executor, job);
    await until("it runs", () => logOf(job.trialFolder).includes("started"));
    await run.trial.kill();
    await run.exit;
    expect(run.warnings.filter((text) => text.includes("could not be ended"))).toEqual([]);
    // Whatever escaped would show up in one of the next generations.
    for (let look = 0; look < 20; look++) expect((await markedFinder(markerOf(job))()).pids).toEqual([]);
  });

  it("reap ends what a killed engine left, and only what carries the marker", async () => {
    const marker = `basin-test-${process.pid}-${performance.now()}`;
    const start = (mark: string) =>
      spawn(node, [script("engine.mjs"), node, script("silent.mjs"), "deaf"], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, BASIN_MARKER: mark },
      });
    const ours = start(marker);
    const others = start(`${marker}0`);
    const [[ourLine], [otherLine]] = (await Promise.all([once(ours.stdout, "data"), once(others.stdout, "data")])) as [
      [Buffer],
      [Buffer],
    ];
    const pid = Number(String(ourLine));
    const otherPid = Number(String(otherLine));
    ours.kill("SIGKILL");
    await once(ours, "exit");
    await executor.reap(pid, marker);
    expect(alive(pid)).toBe(false);
    expect(alive(otherPid)).toBe(true);
    // A pid that now belongs to something else is left alone.
    await executor.reap(otherPid, marker);
    expect(alive(otherPid)).toBe(true);
    await executor.reap(otherPid, `${marker}0`);
    expect(alive(otherPid)).toBe(false);
    others.kill("SIGKILL");
  });
});
