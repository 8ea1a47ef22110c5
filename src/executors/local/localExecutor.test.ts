import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TfjsTrainerSpec } from "../../core/study/definition.ts";
import { createLocalExecutor, type LocalExecutorOptions } from "./localExecutor.ts";
import { commandJob, record, repositoryRoot, temporaryFolder, trainersFolder, type JobOptions } from "./testing.ts";

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => (place = temporaryFolder("executor")));
afterEach(() => place.remove());

const distFolder = path.join(repositoryRoot, "dist");
const executor = createLocalExecutor({ distFolder, gpus: [] });
const node = process.execPath;
const script = (name: string): string => path.join(trainersFolder, name);

interface Echo {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Runs a trainer that prints what it was given. */
async function echo(job: Omit<JobOptions, "folder">, options: Partial<LocalExecutorOptions> = {}): Promise<Echo> {
  const made = commandJob({ ...job, folder: place.folder });
  const run = record(createLocalExecutor({ distFolder, gpus: [], ...options }), made);
  expect(await run.exit).toEqual({ kind: "exited", code: 0 });
  const log = readFileSync(path.join(made.trialFolder, "trainer.log"), "utf8");
  return JSON.parse(/^ECHO (.*)$/m.exec(log)![1]!) as Echo;
}

describe("a trainer that behaves", () => {
  it("sends its events in order, then exactly one exit", async () => {
    const job = commandJob({ run: [node, script("steady.mjs")], folder: place.folder, params: { lr: 0.1 } });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events.map((event) => event.type)).toEqual(["started", "report", "report", "report", "done"]);
    expect(run.warnings).toEqual([]);
    expect(readFileSync(path.join(job.trialFolder, "trainer.log"), "utf8")).toContain('params {"lr":0.1}');
    expect(JSON.parse(readFileSync(path.join(job.trialFolder, "params.json"), "utf8"))).toEqual({ lr: 0.1 });
    expect(run.trial.pid).toBeGreaterThan(0);
    expect(run.late).toEqual([]);
  });

  it("several at once do not mix", async () => {
    const runs = [1, 2, 3].map((number) => {
      const options = { run: ["python3", script("printer.py")], folder: place.folder, number };
      return record(
        executor,
        commandJob({ ...options, trainer: { metrics: [{ metric: "m", pattern: "loss=(\\S+)" }] } }),
      );
    });
    for (const run of runs) {
      expect(await run.exit).toEqual({ kind: "exited", code: 0 });
      expect(run.events.filter((event) => event.type === "report")).toHaveLength(3);
    }
  });
});

describe("what a command is given", () => {
  it("arguments with values that are never split or interpreted", async () => {
    const params = { text: "a b; $(touch x) 'q' \"d\" *", lr: 1e-5 };
    const { args } = await echo({ run: [node, script("echoArguments.mjs"), "--t={text}", "{lr}"], params });
    expect(args).toEqual([`--t=${params.text}`, "0.00001"]);
  });

  it("its folder, variables, seed and threads", async () => {
    mkdirSync(path.join(place.folder, "sub"));
    const { cwd, env } = await echo(
      {
        run: [node, script("echoArguments.mjs")],
        trainer: { cwd: "sub", env: { MINE: "yes" } },
        params: { lr: 1 },
        parallel: 3,
      },
      { cores: 8, env: { PATH: process.env["PATH"], ELECTRON_RUN_AS_NODE: "1", BASIN_PARAM_OLD: "1" } },
    );
    expect(path.basename(cwd)).toBe("sub");
    expect(env).toMatchObject({
      MINE: "yes",
      BASIN_PARAM_LR: "1",
      BASIN_SEED: "7",
      BASIN_THREADS: "2",
      OMP_NUM_THREADS: "2",
    });
    expect(env["ELECTRON_RUN_AS_NODE"]).toBeUndefined();
    expect(env["BASIN_PARAM_OLD"]).toBeUndefined();
    expect(env["PYTHONPATH"]).toContain("python");
  });

  it("what the study tunes online, and its scheduler's word on copies of adapted rates", async () => {
    const tuneOnline = { rule: "cosine", learningRate: { name: "lr", start: 0.1, low: 0, high: 1 } } as const;
    const job = commandJob({ run: [node, script("echoArguments.mjs")], folder: place.folder, params: { lr: 0.1 } });
    const scheduler = { kind: "pbt", options: { hdCopy: "reset" } };
    const run = record(executor, { ...job, study: { ...job.study, tuneOnline, scheduler } });
    await run.exit;
    const log = readFileSync(path.join(job.trialFolder, "trainer.log"), "utf8");
    const { env } = JSON.parse(/ECHO (.*)/.exec(log)![1]!) as { env: Record<string, string> };
    expect(env["BASIN_HD_COPY"]).toBe("reset");
    expect(JSON.parse(env["BASIN_TUNE_ONLINE"]!)).toEqual(tuneOnline);
  });

  it("with shell: true, the text as written, and parameters by environment only", async () => {
    const params = { text: "$(echo hacked); 'x'" };
    const shellText = `"${node}" "${script("echoArguments.mjs")}" "$BASIN_PARAM_TEXT" {text} && echo "from the shell"`;
    const { args } = await echo({ run: [shellText], trainer: { shell: true }, params });
    expect(args).toEqual([params.text, "{text}"]);
  });

  it("a program beside the study", async () => {
    writeFileSync(
      path.join(place.folder, "run.sh"),
      `#!/bin/sh\nexec "${node}" "${script("echoArguments.mjs")}" "$@"\n`,
    );
    chmodSync(path.join(place.folder, "run.sh"), 0o755);
    expect((await echo({ run: ["./run.sh", "a b"] })).args).toEqual(["a b"]);
  });

  it("a GPU of its own, given back at the exit", async () => {
    const pool = createLocalExecutor({ distFolder, gpus: ["0", "1"] });
    const waiting = commandJob({ run: [node, script("silent.mjs")], folder: place.folder, number: 1 });
    const first = record(pool, waiting);
    const second = record(pool, { ...waiting, number: 2 });
    expect([first.trial.placement, second.trial.placement]).toEqual([
      expect.stringMatching(/^GPU 0, /),
      expect.stringMatching(/^GPU 1, /),
    ]);
    await second.trial.kill();
    const third = record(pool, { ...waiting, number: 3 });
    expect(third.trial.placement).toMatch(/^GPU 1, /);
    await Promise.all([first.trial.kill(), third.trial.kill()]);
    expect(pool.gpus()).toEqual(["0", "1"]);
    const { env } = await echo({ run: [node, script("echoArguments.mjs")] }, { gpus: ["3"] });
    expect(env).toMatchObject({ CUDA_VISIBLE_DEVICES: "3", CUDA_DEVICE_ORDER: "PCI_BUS_ID" });
  });
});

describe("programs that know nothing of Basin", () => {
  const metrics = [
    { metric: "accuracy", pattern: String.raw`epoch (?<step>\d+):.*accuracy=(?<value>\S+)` },
    { metric: "loss", pattern: String.raw`loss=(\S+)` },
  ];

  it("metrics come off the output, and exit code 0 makes the last ones final", async () => {
    const job = commandJob({ run: ["python", script("printer.py")], folder: place.folder, trainer: { metrics } });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events).toEqual([
      { type: "report", step: 1, metrics: { accuracy: 0.1, loss: 1 } },
      { type: "report", step: 2, metrics: { accuracy: 0.2, loss: 0.5 } },
      { type: "report", step: 3, metrics: { accuracy: 0.3, loss: 0.333 } },
      { type: "done", metrics: { accuracy: 0.3, loss: 0.333 } },
    ]);
    expect(run.late).toEqual([]);
  });

  it("no `done` is made up when it fails", async () => {
    const job = commandJob({ run: ["python3", script("printer.py"), "3"], folder: place.folder, trainer: { metrics } });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 3 });
    expect(run.events.at(-1)?.type).toBe("report");
  });

  it("a shell script can speak the protocol", async () => {
    const text = String.raw`printf '\036{"type":"report","step":%d,"metrics":{"accuracy":%s}}\n' 1 "$BASIN_PARAM_RATE"; echo bye`;
    const job = commandJob({ run: ["sh", "-c", text], folder: place.folder, params: { rate: 0.5 } });
    const run = record(executor, job);
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    expect(run.events).toEqual([
      { type: "report", step: 1, metrics: { accuracy: 0.5 } },
      { type: "done", metrics: { accuracy: 0.5 } },
    ]);
  });

  it("says when no line matched", async () => {
    const none = [{ metric: "f1", pattern: "f1=(\\S+)" }];
    const job = commandJob({
      run: ["python3", script("printer.py")],
      folder: place.folder,
      trainer: { metrics: none },
    });
    const run = record(executor, job);
    await run.exit;
    expect(run.events).toEqual([]);
    expect(run.warnings).toEqual(["No line of the output matched a metric's pattern"]);
  });

  it("stop does not wait for one that cannot listen", async () => {
    const job = commandJob({ run: [node, script("silent.mjs")], folder: place.folder, trainer: { metrics } });
    const run = record(executor, job);
    // A grace of ten minutes would pass the test's own limit.
    await run.trial.stop(600_000);
    expect(await run.exit).toEqual({ kind: "killed", cause: "requested" });
  });
});

describe("the built-in trainer", () => {
  const tfjs: TfjsTrainerSpec = {
    kind: "tfjs",
    model: "mlp",
    data: { csv: "./d.csv", label: "y", validation: 0.2, test: 0, standardize: true, task: "classification" },
    epochs: 1,
    backend: "auto",
    threads: 3,
  };

  it("runs the bundle with the chosen Node and its files", async () => {
    const dist = path.join(place.folder, "dist");
    mkdirSync(dist);
    writeFileSync(
      path.join(dist, "trainer.cjs"),
      `console.log("GOT", require("node:fs").readFileSync(process.env.BASIN_TRAINER_FILE, "utf8").includes('"mlp"'), process.env.BASIN_THREADS, process.env.BASIN_DATA_ROOT);`,
    );
    const job = commandJob({ run: ["unused"], folder: place.folder });
    const run = record(createLocalExecutor({ distFolder: dist, nodePath: node, gpus: [] }), {
      ...job,
      study: { ...job.study, trainer: { ...tfjs, process: "fresh" } },
    });
    expect(await run.exit).toEqual({ kind: "exited", code: 0 });
    const log = readFileSync(path.join(job.trialFolder, "trainer.log"), "utf8");
    expect(log).toContain(`GOT true 3 ${place.folder}`);
    expect(log).toContain("setting basin.nodePath");
    // Only a program that is read by its output has a `done` made for it.
    expect(run.events).toEqual([]);
  });

  it("a missing bundle or a wrong setting is said", async () => {
    const job = commandJob({ run: ["unused"], folder: place.folder });
    const withTfjs = { ...job, study: { ...job.study, trainer: tfjs } };
    const missing = record(createLocalExecutor({ distFolder: place.folder, gpus: [] }), withTfjs);
    const exit = await missing.exit;
    expect(exit.kind === "spawn-failed" && exit.message).toContain("trainer.cjs");
    writeFileSync(path.join(place.folder, "trainer.cjs"), "");
    const options = { distFolder: place.folder, nodePath: "/no/such/node", gpus: [] };
    const wrong = await record(createLocalExecutor(options), withTfjs).exit;
    expect(wrong.kind === "spawn-failed" && wrong.message).toContain("/no/such/node");
  });
});
