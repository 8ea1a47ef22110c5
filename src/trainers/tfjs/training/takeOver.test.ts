import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Params } from "../../../core/space/parameter.ts";
import { readNewestCheckpoint, type Checkpoint } from "./checkpoint.ts";
import type { HypergradientPlan } from "./hypergradient.ts";
import { architectureDifference, takenOverRates, type HdCopy } from "./takeOver.ts";
import { run, type Run, type RunOptions } from "./testing/run.ts";

const parentSeed = 5;
const childSeed = 6;
const common: Params = { width: 8, batchSize: 24, learningRate: 0.01 };

let root: string;
let parentFolder: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "basin-takeover-"));
  [parentFolder, folder] = [path.join(root, "parent"), path.join(root, "child")];
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function checkpointIn(where: string): Promise<Checkpoint> {
  return (await readNewestCheckpoint(
    where,
    () => undefined,
    (message) => {
      throw new Error(message);
    },
  ))!;
}

/** A parent trained for two epochs; its checkpoint lies in the child's folder. */
async function parent(options: RunOptions): Promise<Run> {
  const done = await run({ epochs: 6, seed: parentSeed, ...options, folder: parentFolder, untilEpoch: 2 });
  await cp(parentFolder, folder, { recursive: true });
  return done;
}

const child = (options: RunOptions): Promise<Run> => run({ epochs: 6, seed: childSeed, ...options, folder });

describe("a trial that goes on from another trial's checkpoint", () => {
  it.each<[string, Params]>([
    ["sgd with momentum", { optimizer: "sgd", momentum: 0.8 }],
    ["adam", { optimizer: "adam" }],
    ["heavy ball with hypergradients", { optimizer: "momentum", hypergradient: "cosine" }],
    ["adam with hypergradients", { optimizer: "adam", hypergradient: "cosine" }],
  ])("has its weights and slots, the last move and gradient among them: %s", async (_name, params) => {
    const model = { ...common, batchNorm: true, ...params };
    const before = await parent({ params: model });
    const taken = await child({
      params: { ...model, learningRate: 0.03, batchSize: 10, dropout: 0.3, weightDecay: 0.01, labelSmoothing: 0.1 },
      untilEpoch: 2,
    });
    expect(taken.log.join("\n")).toContain("Resumed from another trial's checkpoint after epoch 2.");
    expect(taken.weights).toEqual(before.weights);
    const [theirs, own] = [await checkpointIn(parentFolder), await checkpointIn(folder)];
    expect(own.slots.length).toBeGreaterThan(0);
    // Names count all layers, dropout too.
    expect(own.slots.map(({ values }) => values)).toEqual(theirs.slots.map(({ values }) => values));
    expect(own.state.time).toBe(theirs.state.time);
    expect(own.state.seed).toBe(childSeed);
    const after = await child({ params: { ...model, learningRate: 0.03, batchSize: 10 } });
    expect(after.reports.map(({ epoch }) => epoch)).toEqual([3, 4, 5, 6]);
    expect(after.log.join("\n")).toContain("Resumed from a checkpoint after epoch 2.");
  });

  it("follows its own schedule from the epoch where it stands", async () => {
    const scheduled = { ...common, lrSchedule: "exponential", lrDecay: 0.5 };
    await parent({ params: scheduled });
    const { reports } = await child({ params: { ...scheduled, learningRate: 0.08, batchSize: 10 } });
    expect(reports.map(({ epoch, metrics }) => [epoch, metrics["learning_rate"]])).toEqual([
      [3, 0.02],
      [4, 0.01],
      [5, 0.005],
      [6, 0.0025],
    ]);
  });

  it("does the same in a second attempt, and goes on from its own checkpoints as any trial", async () => {
    const params = { ...common, optimizer: "momentum", hypergradient: "cosine" };
    await parent({ params });
    await cp(folder, path.join(root, "again"), { recursive: true });
    const whole = await child({ params });
    await rm(folder, { recursive: true });
    await cp(path.join(root, "again"), folder, { recursive: true });
    const parts = [
      await child({ params, stopAfter: 3 }),
      await child({ params, untilEpoch: 4 }),
      await child({ params }),
    ];
    expect(parts.flatMap(({ reports }) => reports)).toEqual(whole.reports);
    expect(parts.at(-1)!.weights).toEqual(whole.weights);
  });

  it("starts its optimizer afresh where it is another one, and says so", async () => {
    await parent({ params: common });
    const other = await child({ params: { ...common, optimizer: "momentum" } });
    expect(other.log.join("\n")).toContain("The checkpoint is of another optimizer, which starts afresh.");
    expect(other.reports[0]!.epoch).toBe(3);
  });

  it("is refused, with what differs, where its model is another one", async () => {
    await parent({ params: common });
    await expect(child({ params: { ...common, width: 9 } })).rejects.toThrow(
      "cannot go on from the other trial's checkpoint: it is of another model (its layer 2 is dense units 8 bias true, this trial's is dense units 9 bias true).",
    );
    await expect(child({ params: { ...common, activation: "tanh" } })).rejects.toThrow(
      "its layer 3 is activation relu, this trial's is activation tanh",
    );
    await expect(child({ params: { ...common, depth: 3 } })).rejects.toThrow(/its layer 6 is dense units 2/);
  });
});

describe("adapted rates of another trial", () => {
  const plan: HypergradientPlan = { rule: "cosine", beta: 0.05, eta: 0.02, alpha: [1e-6, 1], gamma: [0, 0.99] };
  const theirs = { learningRate: 0.1, momentum: 0.5 };
  const own = { learningRate: 0.02, momentum: 0.9 };
  const taken = (policy: HdCopy, seed = 1, at = 7) => takenOverRates(plan, policy, theirs, own, seed, at);

  it("are copied, or left for the trial's own", () => {
    expect(taken("copy")).toEqual(theirs);
    expect(taken("reset")).toEqual(own);
    expect(taken("keep")).toEqual(own);
    expect(takenOverRates(plan, "copy", undefined, own, 1, 7)).toEqual(own);
  });

  it("are moved by a fifth up or down, each by itself, as seed and step decide", () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const { learningRate, momentum } = taken("perturb", seed);
      seen.add(`${learningRate.toFixed(9)} ${momentum.toFixed(9)}`);
      expect(taken("perturb", seed)).toEqual({ learningRate, momentum });
    }
    const expected = [0.08, 0.12].flatMap((alpha) =>
      [0.6, 0.4].map((gamma) => `${alpha.toFixed(9)} ${gamma.toFixed(9)}`),
    );
    expect([...seen].sort()).toEqual(expected.sort());
    const steps = Array.from({ length: 20 }, (_, at) => taken("perturb", 1, at).learningRate);
    expect(new Set(steps).size).toBe(2);
  });

  it("stay within the bounds", () => {
    const narrow = { ...plan, alpha: [1e-6, 0.1], gamma: [0.45, 0.55] } as const;
    for (let seed = 0; seed < 20; seed++) {
      const rates = takenOverRates(narrow, "perturb", theirs, own, seed, 0);
      expect(rates.learningRate).toBeLessThanOrEqual(0.1);
      expect([0.45, 0.55]).toContain(rates.momentum);
    }
  });

  it("are the trial's own where they never move", () => {
    expect(takenOverRates({ ...plan, eta: 0 }, "copy", theirs, own, 1, 7)).toEqual({
      learningRate: 0.1,
      momentum: 0.9,
    });
    expect(takenOverRates({ ...plan, beta: 0 }, "perturb", theirs, own, 1, 7).learningRate).toBe(0.02);
  });

  it.each<[HdCopy, (before: number, now: number) => boolean]>([
    ["copy", (before, now) => now === before],
    ["perturb", (before, now) => Math.abs(now / before - 1.2) < 1e-6 || Math.abs(now / before - 0.8) < 1e-6],
    ["reset", (_before, now) => now === 0.01],
  ])("go into the training: %s", async (hdCopy, holds) => {
    const online = {
      rule: "cosine",
      learningRate: { name: "learningRate", start: 0.01, low: 1e-6, high: 1 },
      momentum: { name: "momentum", start: 0.8, low: 0, high: 0.99 },
    } as const;
    const params = { ...common, optimizer: "sgd", momentum: 0.8 };
    await parent({ params, online });
    await child({ params, online, hdCopy, untilEpoch: 2 });
    const before = (await checkpointIn(parentFolder)).state.rates!;
    const now = (await checkpointIn(folder)).state.rates!;
    expect(before.learningRate).not.toBe(0.01);
    expect(holds(before.learningRate, now.learningRate)).toBe(true);
  });
});

it("models that differ are told apart by their first difference", () => {
  const text = (layers: readonly object[], inputShape = [4]): string => JSON.stringify({ inputShape, layers });
  const dense = { kind: "dense", units: 3 };
  expect(architectureDifference(text([dense]), text([dense]))).toBe("its layers are those of this trial");
  expect(architectureDifference(text([dense]), text([dense], [2, 2]))).toBe(
    "its samples have the shape 4, this trial's 2 x 2",
  );
  expect(architectureDifference(text([dense]), text([dense, { kind: "flatten" }]))).toBe(
    "its layer 2 is nothing, this trial's is flatten",
  );
});
