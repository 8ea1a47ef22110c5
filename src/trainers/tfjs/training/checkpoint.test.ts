import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  copiedCheckpointName,
  readNewestCheckpoint,
  readWeights,
  writeCheckpoint,
  type Checkpoint,
  type TrainingState,
} from "./checkpoint.ts";
import { newProgress } from "./progress.ts";
import { run } from "./testing/run.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "basin-checkpoint-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const state = (step: number, more: Partial<TrainingState> = {}): TrainingState => ({
  epoch: 1,
  batch: 2,
  loss: 0.5,
  correct: 3,
  step,
  time: step,
  slotKind: "adam:mean,square",
  progress: newProgress(),
  metrics: { loss: 0.25 },
  batchSize: 8,
  rows: 24,
  seed: 1,
  finished: false,
  ...more,
});
const checkpoint = (step: number, more: Partial<TrainingState> = {}): Checkpoint => ({
  state: state(step, more),
  weights: [{ name: "dense0/kernel", shape: [1, 2], values: Float32Array.of(1, 2) }],
  slots: [{ name: "dense0/kernel/mean", shape: [1, 2], values: Float32Array.of(3, 4) }],
  best: [],
});
const any = (): undefined => undefined;

async function readLogged(): Promise<{ found: Checkpoint | undefined; log: string }> {
  const lines: string[] = [];
  const found = await readNewestCheckpoint(folder, any, (line) => lines.push(line));
  return { found, log: lines.join("\n") };
}

describe("a checkpoint", () => {
  it("of the trial itself is newer than the copy of another one's, however few steps it counts", async () => {
    const file = await writeCheckpoint(folder, checkpoint(56, { seed: 2 }));
    await rename(file, path.join(folder, copiedCheckpointName));
    await writeCheckpoint(folder, checkpoint(24));
    expect((await readLogged()).found?.state.step).toBe(24);
    await writeCheckpoint(folder, checkpoint(36));
    expect((await readLogged()).found?.state.step).toBe(36);
  });

  it("comes back as it was written, whatever its numbers are", async () => {
    const numbers = fc.double();
    const values = fc.float32Array({ minLength: 6, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(numbers, numbers, values, values, async (loss, rate, weights, slots) => {
        const written: Checkpoint = {
          state: state(7, {
            loss,
            metrics: { loss: Number.NaN, val_loss: rate },
            rates: { learningRate: rate, momentum: 0.1 },
            architecture: "[]",
          }),
          weights: [{ name: "a", shape: [2, 3], values: weights }],
          slots: [{ name: "a/mean", shape: [2, 3], values: slots }],
          best: [{ name: "a", shape: [2, 3], values: weights }],
        };
        await writeCheckpoint(folder, written);
        const { found } = await readLogged();
        // -0 has no JSON form, and is no other number.
        expect(found).toEqual(withoutNegativeZeros(written));
      }),
      { numRuns: 30 },
    );
  });

  it("is kept with the one before it, and alone when the run is over", async () => {
    for (const step of [1, 2, 3]) await writeCheckpoint(folder, checkpoint(step));
    expect((await readdir(folder)).sort()).toEqual(["checkpoint-000000000002.bin", "checkpoint-000000000003.bin"]);
    await writeCheckpoint(folder, checkpoint(4, { finished: true }));
    expect(await readdir(folder)).toEqual(["checkpoint-000000000004.bin"]);
  });

  it("that was cut off, changed or written by others gives way to the one before, and the log says why", async () => {
    await writeCheckpoint(folder, checkpoint(1));
    const file = await writeCheckpoint(folder, checkpoint(2));
    const whole = await readFile(file);
    for (const length of [0, 5, 11, 12, 40, whole.length - 40, whole.length - 1]) {
      await writeFile(file, whole);
      await truncate(file, length);
      const { found, log } = await readLogged();
      expect(found?.state.step).toBe(1);
      expect(log).toMatch(/checkpoint-000000000002\.bin was skipped: (it is no checkpoint|its contents are damaged)/);
    }
    for (const at of [9, 20, Math.floor(whole.length / 2), whole.length - 1]) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x40;
      await writeFile(file, changed);
      expect((await readLogged()).found?.state.step).toBe(1);
    }
    const older = Buffer.from(whole);
    older.write("BASINCK1", 0, "latin1");
    await writeFile(file, older);
    expect((await readLogged()).log).toMatch(/another version of Basin wrote it \(format 1, this one reads 2\)/);
  });

  it("leaves no unfinished file behind", async () => {
    await writeFile(path.join(folder, "checkpoint-000000000009.bin.1.tmp"), "half");
    await writeCheckpoint(folder, checkpoint(1));
    expect(await readdir(folder)).toEqual(["checkpoint-000000000001.bin"]);
  });
});

/** As JSON keeps numbers: -0 becomes 0 in the state, and stays in the values. */
function withoutNegativeZeros(written: Checkpoint): Checkpoint {
  const plain = (value: unknown): unknown => {
    if (typeof value === "number") return value === 0 ? 0 : value;
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
    return value;
  };
  return { ...written, state: plain(written.state) as TrainingState };
}

describe("readWeights", () => {
  it("gives the final weights of a finished trial by name, moving averages included", async () => {
    const params = { width: 6, depth: 1, batchNorm: true, batchSize: 32 };
    const trained = await run({ params, epochs: 2, folder });
    const stored = (await readWeights(folder))!;
    expect(stored).toMatchObject({ epoch: 2, finished: true });
    expect(stored.weights.map(({ name, shape }) => [name, shape])).toEqual([
      ["dense1/kernel", [16, 6]],
      ["batchNorm2/gamma", [6]],
      ["batchNorm2/beta", [6]],
      ["dense4/kernel", [6, 2]],
      ["dense4/bias", [2]],
      ["batchNorm2/moving_mean", [6]],
      ["batchNorm2/moving_variance", [6]],
    ]);
    expect(stored.weights.map(({ values }) => [...values])).toEqual(trained.weights);
  });

  it("gives the best epoch's weights where early stopping went back to them", async () => {
    const params = { width: 32, learningRate: 0.05, earlyStoppingPatience: 2 };
    const trained = await run({ params, epochs: 60, folder });
    expect((await readWeights(folder))!.weights.map(({ values }) => [...values])).toEqual(trained.weights);
  });

  it("gives the newest weights of a trial that was stopped, and nothing where there are none", async () => {
    expect(await readWeights(folder)).toBeUndefined();
    expect(await readWeights(path.join(folder, "missing"))).toBeUndefined();
    const params = { width: 6, batchSize: 32 };
    const stopped = await run({ params, folder, stopAfter: 3 });
    const stored = (await readWeights(folder))!;
    expect(stored).toMatchObject({ step: 3, finished: false });
    expect(stored.weights.map(({ values }) => [...values])).toEqual(stopped.weights);
  });

  it("has the same names however many models the process has built", async () => {
    const params = { width: 6, batchSize: 64 };
    await run({ params, epochs: 1 });
    await run({ params, epochs: 1, folder });
    expect((await readWeights(folder))!.weights[0]!.name).toBe("dense1/kernel");
  });
});
