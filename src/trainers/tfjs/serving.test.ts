import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Params } from "../../core/space/parameter.ts";
import type { TfjsTrainerSpec } from "../../core/study/definition.ts";
import { estimatorIds, type Diagnostics } from "../../core/study/diagnostics.ts";
import { createLocalExecutor, type LocalExecutor } from "../../executors/local/localExecutor.ts";
import { commandJob, record, type Recording, temporaryFolder } from "../../executors/local/testing.ts";
import type { TrainerEvent } from "../protocol.ts";
import { imagesSpec, writeTable } from "./testing/classTable.ts";
import { bundleTrainer, type TrainerBundle } from "./testing/trainerBundle.ts";

let bundle: TrainerBundle;
let place: ReturnType<typeof temporaryFolder>;
let executor: LocalExecutor;
let said: string[];
beforeAll(async () => {
  bundle = await bundleTrainer("serving-test");
});
afterAll(() => bundle.remove());
beforeEach(() => {
  said = [];
  place = temporaryFolder("serving");
  executor = createLocalExecutor({
    distFolder: bundle.folder,
    nodePath: process.execPath,
    gpus: [],
    log: (message) => said.push(message),
  });
  writeTable(place.folder, (i, j) => ((i % 3) * j + i) % 7);
});
afterEach(async () => {
  await executor.close();
  place.remove();
});

interface Trial {
  readonly number: number;
  readonly params: Params;
  readonly seed?: number;
  /** Stop after this report. */
  readonly stopAt?: number;
  /** Pause there. */
  readonly untilStep?: number;
}

type Spec = Partial<Omit<TfjsTrainerSpec, "kind">> & { readonly diagnostics?: Diagnostics };

/** Starts a trial; each `folderName` has trial folders of its own. */
function start(
  { number, params, seed = 100 + number, untilStep }: Trial,
  { diagnostics, ...spec }: Spec,
  folderName: string,
): Recording {
  const job = commandJob({ run: ["unused"], folder: place.folder, params, number });
  const trialFolder = path.join(place.folder, folderName, String(number));
  mkdirSync(trialFolder, { recursive: true });
  const trainer = {
    kind: "tfjs",
    model: "mlp",
    data: imagesSpec,
    epochs: 3,
    backend: "cpu",
    threads: 1,
    ...spec,
  } as const;
  const study = { ...job.study, trainer, ...(diagnostics === undefined ? {} : { diagnostics }) };
  const rung = untilStep === undefined ? {} : { untilStep };
  return record(executor, { ...job, ...rung, seed, trialFolder, study });
}

/** What a trial says that must not depend on where it ran; heartbeats and checkpoints come by the clock. */
function heard(events: readonly TrainerEvent[]): unknown[] {
  return events
    .filter(({ type }) => type !== "heartbeat" && type !== "checkpoint")
    .map((event) => {
      if (event.type !== "done") return event;
      const { epoch_seconds: _, ...metrics } = event.metrics;
      return { ...event, metrics };
    });
}

async function run(trial: Trial, spec: Spec, folderName: string) {
  const recording = start(trial, spec, folderName);
  if (trial.stopAt !== undefined) {
    await recording.waitFor((event) => event.type === "report" && event.step >= (trial.stopAt ?? 0));
    await recording.trial.stop(30_000);
  }
  const exit = await recording.exit;
  return { events: heard(recording.events), all: recording.events, exit, pid: recording.trial.pid };
}

const log = (folderName: string, number: number): string =>
  readFileSync(path.join(place.folder, folderName, String(number), "trainer.log"), "utf8");

const dense: Params = { width: 12, depth: 2, batchSize: 16, learningRate: 0.02, dropout: 0.2 };
const convolutional: Params = { filters: 3, blocks: 1, batchNorm: true, dropout: 0.1, batchSize: 16 };

/** Every measure, and embeddings. */
const everything: Diagnostics = {
  sharpness: { estimators: estimatorIds, at: 2, samples: 40, batch: 16 },
  rtd: {
    variant: "one-to-noise",
    use: "diagnostic",
    samples: 12,
    noiseWidth: 256,
    references: 16,
    refresh: "frozen",
    everyEpochs: 2,
  },
};

describe("trials in turn in one process", () => {
  it.each([
    ["cpu", "mlp", "plain", dense, undefined],
    ["wasm", "mlp", "plain", dense, undefined],
    ["wasm", "vgg", "plain", convolutional, undefined],
    ["cpu", "mlp", "measured", dense, everything],
    ["wasm", "vgg", "measured", convolutional, everything],
  ] as const)(
    "equal those in processes of their own, bit for bit: %s, %s, %s",
    { timeout: 120_000 },
    async (backend, model, _label, params, diagnostics) => {
      const spec = { backend, model, ...(diagnostics === undefined ? {} : { diagnostics }) };
      const others: Params = { ...params, optimizer: "sgd", learningRate: 0.05 };
      const trials: Trial[] = [
        { number: 0, params },
        { number: 1, params: others },
        // The first one again: nothing of the second must show.
        { number: 2, params, seed: 100 },
      ];
      const shared = [];
      for (const trial of trials) shared.push(await run(trial, spec, "shared"));
      expect(said.join("\n")).not.toContain("takes no further trial");
      expect(new Set(shared.map(({ pid }) => pid)).size).toBe(1);
      const fresh = await Promise.all(
        trials.slice(0, 2).map((trial) => run(trial, { ...spec, process: "fresh" }, "fresh")),
      );
      expect(shared[0]?.events).toEqual(fresh[0]?.events);
      expect(shared[1]?.events).toEqual(fresh[1]?.events);
      expect(shared[2]?.events).toEqual(shared[0]?.events);
      expect(shared[0]?.events[0]).toMatchObject({ type: "started", backend });
      expect(shared[0]?.events.at(-1)).toMatchObject({ type: "done" });
      const measured = shared[0]?.all.filter(({ type }) => type === "sharpness" || type === "embedding") ?? [];
      if (diagnostics === undefined) expect(measured).toEqual([]);
      else expect(measured.length).toBeGreaterThan(2 * estimatorIds.length);
    },
  );

  it(
    "go on in the same process after one that was stopped in time, and resume as anywhere",
    { timeout: 60_000 },
    async () => {
      const spec = { epochs: 40 };
      const stopped = await run({ number: 0, params: dense, stopAt: 2 }, spec, "shared");
      expect(stopped.exit).toEqual({ kind: "exited", code: 0 });
      expect(stopped.all.at(-1)).toMatchObject({ type: "checkpoint" });
      const resumed = await run({ number: 0, params: dense }, spec, "shared");
      expect(resumed.pid).toBe(stopped.pid);
      const whole = await run({ number: 0, params: dense }, spec, "whole");
      const reports = (events: readonly unknown[]) =>
        events.filter((event) => (event as TrainerEvent).type === "report");
      expect([...reports(stopped.events), ...reports(resumed.events)]).toEqual(reports(whole.events));
    },
  );

  it.each([
    ["cpu", "mlp", dense],
    ["wasm", "vgg", convolutional],
  ] as const)(
    "pause at a rung, make way for others, and go on to the same end: %s, %s",
    { timeout: 120_000 },
    async (backend, model, params) => {
      const spec = { backend, model, epochs: 5 };
      const scheduled: Params = { ...params, lrSchedule: "cosine" };
      const [a, b] = [scheduled, { ...scheduled, learningRate: 0.05 }];
      const parts: Awaited<ReturnType<typeof run>>[] = [];
      for (const [number, untilStep] of [
        [0, 2],
        [1, 1],
        [0, 4],
        [1, undefined],
        [0, undefined],
      ] as const)
        parts.push(
          await run(
            { number, params: number === 0 ? a : b, ...(untilStep === undefined ? {} : { untilStep }) },
            spec,
            "shared",
          ),
        );
      expect(new Set(parts.map(({ pid }) => pid)).size).toBe(1);
      for (const at of [0, 1, 2]) {
        expect(parts[at]!.exit).toEqual({ kind: "exited", code: 0 });
        expect(parts[at]!.all.at(-1)).toMatchObject({ type: "checkpoint", step: [2, 1, 4][at] });
        expect(parts[at]!.all.some(({ type }) => type === "done")).toBe(false);
      }
      for (const [number, own] of [
        [0, [0, 2, 4]],
        [1, [1, 3]],
      ] as const) {
        const whole = await run({ number, params: number === 0 ? a : b }, spec, "whole");
        const heardOf = own.flatMap((at, i) => parts[at]!.events.slice(i === 0 ? 0 : 1));
        expect(heardOf).toEqual(whole.events);
      }
    },
  );

  it("get a new process after a failure, which says in its own log what it was", { timeout: 60_000 }, async () => {
    const before = await run({ number: 0, params: dense }, {}, "shared");
    const broken = await run({ number: 1, params: { widht: 3 } }, {}, "shared");
    expect(broken.pid).toBe(before.pid);
    expect(broken.exit).toEqual({ kind: "exited", code: 1 });
    expect(broken.all.at(-1)).toMatchObject({ type: "failed", reason: expect.stringContaining("widht") as string });
    expect(log("shared", 1)).toContain("BasinError");
    expect(log("shared", 0)).not.toContain("BasinError");
    const after = await run({ number: 2, params: dense, seed: 100 }, {}, "shared");
    expect(after.pid).not.toBe(before.pid);
    expect(after.events).toEqual(before.events);
  });

  it("see the data that is there when they begin", { timeout: 60_000 }, async () => {
    const before = await run({ number: 0, params: dense }, {}, "shared");
    appendFileSync(
      path.join(place.folder, "data.csv"),
      `${Array.from({ length: 16 }, () => 3).join(",")},c1\n`.repeat(30),
    );
    const after = await run({ number: 1, params: dense, seed: 100 }, {}, "shared");
    expect(after.pid).toBe(before.pid);
    expect(after.events).not.toEqual(before.events);
    const fresh = await run({ number: 1, params: dense, seed: 100 }, { process: "fresh" }, "fresh");
    expect(after.events).toEqual(fresh.events);
  });
});
