import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { Limits, TfjsTrainerSpec } from "../../core/study/definition.ts";
import type { TrialJob } from "../executor.ts";
import { markerOf } from "../marker.ts";
import { createLocalExecutor, type LocalExecutor, type LocalExecutorOptions } from "./localExecutor.ts";
import { markedFinder, signalProcess } from "./processTree.ts";
import { commandJob, record as start, type Recording, temporaryFolder, trainersFolder, until } from "./testing.ts";

let place: ReturnType<typeof temporaryFolder>;
let dist: string;
const executors: LocalExecutor[] = [];
const recordings: Recording[] = [];
beforeEach(() => {
  place = temporaryFolder("shared");
  dist = path.join(place.folder, "dist");
  mkdirSync(dist);
  copyFileSync(path.join(trainersFolder, "sharedTrainer.cjs"), path.join(dist, "trainer.cjs"));
});
afterEach(async () => {
  await Promise.all(recordings.splice(0).map(({ trial }) => trial.kill()));
  await Promise.all(executors.splice(0).map((executor) => executor.close()));
  place.remove();
});

/** Lines of the executors' logs. */
let said: string[] = [];

function make(options: Partial<LocalExecutorOptions> = {}): LocalExecutor {
  said = [];
  const fixed = { distFolder: dist, nodePath: process.execPath, termGraceMs: 200, strayGraceMs: 50 };
  const executor = createLocalExecutor({ gpus: [], log: (message) => said.push(message), ...fixed, ...options });
  executors.push(executor);
  return executor;
}

const tfjs: TfjsTrainerSpec = {
  kind: "tfjs",
  model: "mlp",
  data: { csv: "./d.csv", label: "y", validation: 0.2, test: 0, standardize: true, task: "classification" },
  epochs: 3,
  backend: "auto",
  threads: 1,
};

interface Wanted {
  readonly number?: number;
  readonly slot?: number;
  readonly trainer?: Partial<TfjsTrainerSpec>;
  readonly limits?: Partial<Limits>;
}

function jobOf(params: Params, { number = 0, slot = 0, trainer = {}, limits = {} }: Wanted = {}): TrialJob {
  const job = commandJob({ run: ["unused"], folder: place.folder, params, number, limits });
  return { ...job, slot, study: { ...job.study, trainer: { ...tfjs, ...trainer } } };
}

function record(executor: LocalExecutor, job: TrialJob): Recording {
  const recording = start(executor, job);
  recordings.push(recording);
  return recording;
}

const logOf = (job: TrialJob): string => readFileSync(path.join(job.trialFolder, "trainer.log"), "utf8");
const types = ({ events }: Recording): string[] => events.map(({ type }) => type);
/** What the trainer says of how many trials its process has served with this one. */
const servedOf = (job: TrialJob): number => Number([...logOf(job).matchAll(/served (\d+)/g)].at(-1)?.[1]);
const fine = { kind: "exited", code: 0 };

/** Runs a trial to its end. */
async function run(executor: LocalExecutor, params: Params, wanted: Wanted = {}) {
  const job = jobOf(params, wanted);
  const recording = record(executor, job);
  return { job, recording, exit: await recording.exit, served: servedOf(job) };
}

describe("a process that serves trials in turn", () => {
  it("is the same for the trials of a slot, each with its own events and log", async () => {
    const executor = make();
    const pids = new Set<number | undefined>();
    for (const [number, name] of ["a", "b", "c"].entries()) {
      const { job, recording, exit } = await run(
        executor,
        { act: "steps", steps: 3, value: number * 10, name },
        { number },
      );
      expect(exit).toEqual(fine);
      expect(types(recording)).toEqual(["started", "report", "report", "report", "done"]);
      expect(recording.events.at(-1)).toEqual({ type: "done", metrics: { accuracy: number * 10 } });
      expect(recording.warnings).toEqual([]);
      expect(recording.late).toEqual([]);
      const log = logOf(job);
      expect(log).toContain(`out of ${name}, served ${number + 1}`);
      expect(log).toContain(`err of ${name}`);
      expect(log).not.toContain("\u001E");
      for (const other of ["a", "b", "c"]) if (other !== name) expect(log).not.toContain(`of ${other}`);
      pids.add(recording.trial.pid);
    }
    expect(pids.size).toBe(1);
  });

  it("is another one for another slot, trainer, folder of GPUs, or where a process each is wanted", async () => {
    const executor = make({ gpus: ["0", "1"] });
    expect((await run(executor, { name: "a" })).served).toBe(1);
    expect((await run(executor, { name: "b" }, { slot: 1 })).served).toBe(1);
    expect((await run(executor, { name: "c" })).served).toBe(2);
    expect((await run(executor, { name: "d" }, { trainer: { backend: "cpu" } })).served).toBe(1);
    expect((await run(executor, { name: "e" }, { trainer: { backend: "cpu" }, limits: { gpus: 2 } })).served).toBe(1);
    // What the trainer's file is, its process is: a new build counts at once.
    writeFileSync(
      path.join(dist, "trainer.cjs"),
      `${readFileSync(path.join(dist, "trainer.cjs"), "utf8")}\n// newer\n`,
    );
    expect((await run(executor, { name: "f" }, { slot: 1 })).served).toBe(1);
    expect((await run(executor, { name: "g" }, { slot: 1 })).served).toBe(2);
    const fresh = record(executor, jobOf({ name: "h" }, { slot: 1, trainer: { process: "fresh" } }));
    const module = record(executor, jobOf({ name: "i" }, { number: 1, trainer: { model: "./model.js" } }));
    // The fixture waits for trials it is told of, and ends when its input does.
    await Promise.all([fresh.trial.kill(), module.trial.kill()]);
    expect([...types(fresh), ...types(module)]).toEqual([]);
  });

  it.each(["crash", "fail", "dirty", "grow"])("takes no other trial after one that did this: %s", async (act) => {
    const executor = make();
    expect((await run(executor, { name: "a" })).served).toBe(1);
    const { exit, recording, job } = await run(executor, { act, name: "b" }, { number: 1 });
    expect(servedOf(job)).toBe(2);
    expect(exit).toEqual({ kind: "exited", code: act === "dirty" || act === "grow" ? 0 : 1 });
    expect(types(recording)).toEqual(
      { crash: ["started"], fail: ["started", "failed"], dirty: ["started", "done"], grow: ["started", "done"] }[act],
    );
    if (act === "crash") expect(logOf(job)).toContain("crashed as asked");
    // When the exit is told, the process is gone: nothing of the trial can write.
    expect(signalProcess(recording.trial.pid!, 0 as unknown as NodeJS.Signals)).toBe(false);
    expect((await run(executor, { name: "c" }, { number: 2 })).served).toBe(1);
  });

  it("ends after its share of trials, when it has waited long enough, and with the executor", async () => {
    const executor = make({ maxTurns: 2 });
    expect((await run(executor, { name: "a" })).served).toBe(1);
    expect((await run(executor, { name: "b" })).served).toBe(2);
    expect((await run(executor, { name: "c" })).served).toBe(1);
    const { recording } = await run(make({ idleMs: 1 }), { name: "d" }, { number: 1 });
    await until("it is gone", () => !signalProcess(recording.trial.pid!, 0 as unknown as NodeJS.Signals));
    const other = make();
    const { pid } = (await run(other, { name: "e" }, { number: 2 })).recording.trial;
    await other.close();
    expect(signalProcess(pid!, 0 as unknown as NodeJS.Signals)).toBe(false);
  });

  it("drops what comes late from the trial before, or of no trial", async () => {
    const executor = make();
    await run(executor, { name: "a", after: "noise" });
    const { recording, job, served } = await run(executor, { act: "late", name: "b" }, { number: 1 });
    expect(served).toBe(2);
    expect(types(recording)).toEqual(["started", "done"]);
    expect(recording.warnings).toEqual([expect.stringMatching(/not valid/)]);
    expect(logOf(job)).not.toContain("between the trials");
    expect(said.join("\n")).toMatch(/something late, of 1\.0\.1#1/);
    expect(said.join("\n")).toContain("between the trials");
  });
});

describe("a trial on a shared process", () => {
  it("is stopped in time and the process goes on; one that does not listen takes it along", async () => {
    const executor = make();
    const listening = record(executor, jobOf({ act: "wait", name: "a" }));
    await listening.waitFor((event) => event.type === "heartbeat");
    await listening.trial.stop(20_000);
    expect(await listening.exit).toEqual(fine);
    const { pid } = listening.trial;
    const deaf = record(executor, jobOf({ act: "hang", name: "b" }, { number: 1 }));
    await deaf.waitFor((event) => event.type === "started");
    expect(deaf.trial.pid).toBe(pid);
    await deaf.trial.stop(20);
    expect(await deaf.exit).toEqual({ kind: "killed", cause: "requested" });
    expect(signalProcess(pid!, 0 as unknown as NodeJS.Signals)).toBe(false);
    expect((await run(executor, { name: "c" }, { number: 2 })).served).toBe(1);
  });

  it("has limits of its own: time, silence, output", async () => {
    const executor = make({ maxOutputBytes: 300_000 });
    await run(executor, { name: "a" });
    const wait = record(executor, jobOf({ act: "wait", name: "b" }, { limits: { timeout: 0.2 } }));
    expect(await wait.exit).toEqual({ kind: "killed", cause: "timeout" });
    const hang = record(executor, jobOf({ act: "hang", name: "c" }, { limits: { heartbeat: 0.2 } }));
    expect(await hang.exit).toEqual({ kind: "killed", cause: "heartbeat" });
    const flood = record(executor, jobOf({ act: "flood", name: "d" }));
    expect(await flood.exit).toEqual({ kind: "killed", cause: "log-limit" });
    // What one has printed is not counted against the next.
    for (const name of ["e", "f", "g"]) {
      const { exit } = await run(executor, { act: "steps", steps: 2_000, value: 0, name });
      expect(exit).toEqual(fine);
    }
  });

  it("begins on a new process when the waiting one had died unnoticed", async () => {
    const executor = make();
    await run(executor, { name: "a", after: "die" });
    // No turn of the event loop in between: nobody has been told yet.
    const { exit, recording, job } = await run(
      executor,
      { act: "steps", steps: 1, value: 1, name: "b" },
      { number: 1 },
    );
    expect(exit).toEqual(fine);
    expect(types(recording)).toEqual(["started", "report", "done"]);
    expect(servedOf(job)).toBe(1);
    // One that is new and dies is broken: that is not tried again.
    const broken = record(executor, jobOf({ act: "deadAtBirth", name: "c" }, { slot: 3 }));
    expect(await broken.exit).toEqual({ kind: "exited", code: 3 });
  });

  it("is found by the marker that was known before it ran, and by no other", async () => {
    const executor = make();
    const job = jobOf({ act: "wait", name: "a" });
    await run(executor, { name: "before" });
    const waiting = record(executor, job);
    await waiting.waitFor((event) => event.type === "heartbeat");
    const other = record(executor, jobOf({ act: "wait", name: "b" }, { slot: 1, number: 1 }));
    await other.waitFor((event) => event.type === "heartbeat");
    expect((await markedFinder(markerOf(job))()).pids).toEqual([waiting.trial.pid]);
    await executor.reap(0, markerOf(job));
    expect(await waiting.exit).toEqual({ kind: "signal", signal: "SIGKILL" });
    await other.trial.stop(20_000);
    expect(await other.exit).toEqual(fine);
  });
});

it(
  "200 trials through two slots, some stopped, some killed, some failing: none mixed, none lost",
  { timeout: 120_000 },
  async () => {
    const executor = make({ maxTurns: 25 });
    const seed = String(Date.now());
    const rng = rngForKey(`turns/${seed}`);
    const plans = Array.from({ length: 200 }, () => ({
      act: rng.choice(["steps", "steps", "steps", "steps", "steps", "steps", "fail", "crash", "dirty"]),
      stop: rng.choice(["", "", "", "stop", "stop", "kill"]),
      after: rng.int(5),
    }));
    let next = 0;
    const pids = new Set<number>();
    const work = async (slot: number): Promise<void> => {
      while (next < plans.length) {
        const number = next++;
        const plan = plans[number]!;
        const params = { act: plan.act, steps: 6, ms: 1, value: number * 100, name: `n${number}.` };
        const job = jobOf(params, { number, slot });
        const { exit, trial, ...recording } = record(executor, job);
        pids.add(trial.pid!);
        if (plan.stop !== "") {
          const seen = (): number => recording.events.filter(({ type }) => type === "report").length;
          let over = false;
          void exit.then(() => (over = true));
          await until("it has got so far", () => over || seen() >= plan.after, 30_000);
          if (plan.stop === "stop") void trial.stop(20_000);
          else void trial.kill();
        }
        const how = await exit;
        const where = `trial ${number}, ${JSON.stringify(plan)}, seed ${seed}`;
        if (plan.stop !== "kill") {
          expect(how, where).toEqual({ kind: "exited", code: plan.act === "fail" || plan.act === "crash" ? 1 : 0 });
        }
        const steps = recording.events.filter((event) => event.type === "report");
        expect(
          steps.map(({ step, metrics }) => [step, metrics["accuracy"]]),
          where,
        ).toEqual(steps.map((_, i) => [i + 1, number * 100 + i + 1]));
        if (plan.act === "steps" && plan.stop === "") {
          expect(recording.events.at(-1), where).toEqual({ type: "done", metrics: { accuracy: number * 100 } });
        }
        expect(recording.events.filter(({ type }) => type === "started").length, where).toBeLessThanOrEqual(1);
        expect(recording.late, where).toEqual([]);
        const log = logOf(job);
        for (const [, name] of log.matchAll(/of (n\d+\.)/g)) expect(name, where).toBe(params.name);
      }
    };
    await Promise.all([work(0), work(1)]);
    // Each clean end has saved a start.
    expect(pids.size).toBeLessThan(160);
    await executor.close();
    for (const pid of pids) expect(signalProcess(pid, 0 as unknown as NodeJS.Signals)).toBe(false);
  },
);
