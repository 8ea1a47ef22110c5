import { execFile } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import type { DataSpec } from "../../../core/study/definition.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { createBatches } from "./batches.ts";
import { allFeatures, loadDataset, type Dataset } from "./dataset.ts";
import { openPrepared, tidy } from "./preparedData.ts";
import { cifarBytes, floatBytes, npyBytes } from "./testing/dataFiles.ts";
import { dataFolder, npyLabels } from "./testing/dataFolder.ts";

const run = promisify(execFile);
const { folder, write } = dataFolder();
const cache = (): string => path.join(folder, "cache");
const cached = (): string[] => readdirSync(cache());
const options = { validation: 0.2, standardize: true, task: "classification" } as const;
const stored = (spec: DataSpec): Promise<Dataset> =>
  loadDataset(spec, folder, 5, { cacheFolder: cache(), memoryLimit: 0 });

function numbers(count: number, seed: string): number[] {
  const rng = rngForKey(seed);
  return Array.from({ length: count }, () => rng.int(256));
}

describe("data read by position", () => {
  it("is the same to the last bit as data in memory, whatever its type, shape and scaling", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<readonly number[]>([3], [70], [4, 5], [3, 4, 3], [2, 2, 4]),
        fc.boolean(),
        fc.boolean(),
        fc.option(fc.integer({ min: 20, max: 60 })),
        fc.nat(),
        async (shape, isBytes, standardize, subset, seed) => {
          const rows = 50;
          const width = shape.reduce((product, size) => product * size, 1);
          const values = numbers(rows * width, String(seed));
          write(
            "x.npy",
            isBytes
              ? npyBytes("|u1", [rows, ...shape], Uint8Array.from(values))
              : npyBytes("<f4", [rows, ...shape], floatBytes(values.map((value) => value / 7))),
          );
          write("y.npy", npyLabels(rows, 3));
          const spec: DataSpec = {
            ...options,
            standardize,
            npy: "x.npy",
            labels: "y.npy",
            ...(subset === null ? {} : { subset }),
          };
          const [memory, file] = [await loadDataset(spec, folder, 5, { cacheFolder: "" }), await stored(spec)];
          const again = await stored(spec);
          for (const name of ["train", "validation", "test"] as const) {
            expect(memory[name].features).toBeInstanceOf(Float32Array);
            expect(file[name].features).not.toBeInstanceOf(Float32Array);
            expect(allFeatures(file[name])).toEqual(allFeatures(memory[name]));
            expect(allFeatures(again[name])).toEqual(allFeatures(memory[name]));
            expect(file[name].targets).toEqual(memory[name].targets);
          }
          expect([file.classes, file.inputShape, file.outputs]).toEqual([
            memory.classes,
            memory.inputShape,
            memory.outputs,
          ]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("gives the same batches, shuffled, in runs and augmented", async () => {
    const labels = Array.from({ length: 60 }, (_, i) => [i % 10]);
    write(
      "data_batch_1.bin",
      cifarBytes(labels, (record, channel, row, column) => record * row + channel * column),
    );
    const spec: DataSpec = { ...options, cifar10: ".", augment: { flip: true, crop: 4, padding: "zero" } };
    const { tf } = await cpuBackend.load({ threads: 1 });
    const before = tf.memory().numTensors;
    const [memory, file] = [await loadDataset(spec, folder, 5, { cacheFolder: "" }), await stored(spec)];
    const read = (dataset: Dataset): Float32Array[] => {
      const batches = createBatches(tf, dataset.train, dataset.inputShape);
      const rows = Int32Array.of(30, 2, 3, 4, 0, 17);
      const all = [batches.gather(rows), batches.gather(rows, rngForKey("step")), batches.slice(5, 12)];
      const values = all.map(({ features }) => features.dataSync() as Float32Array);
      for (const { features } of all) features.dispose();
      batches.dispose();
      return [...values, ...all.map(({ targets }) => targets)];
    };
    const [a, b] = [read(memory), read(file)];
    expect(b).toEqual(a);
    expect(a[1]).not.toEqual(a[0]);
    expect(tf.memory().numTensors).toBe(before);
    expect(memory.validation.augment).toBeUndefined();
  });

  it("is prepared once, and again when a file, but not when only the split changes", async () => {
    write("x.npy", npyBytes("|u1", [50, 3], Uint8Array.from(numbers(150, "a"))));
    write("y.npy", npyLabels(50));
    const spec: DataSpec = { ...options, npy: "x.npy", labels: "y.npy" };
    await stored(spec);
    const [first] = cached();
    expect(cached()).toHaveLength(1);
    await stored({ ...spec, validation: 0.3, standardize: false, subset: 20 });
    expect(cached()).toEqual([first]);
    write("x.npy", npyBytes("|u1", [50, 3], Uint8Array.from(numbers(150, "b"))));
    const changed = await stored(spec);
    expect(cached()).toHaveLength(2);
    const expected = await loadDataset(spec, folder, 5, { cacheFolder: "" });
    expect(allFeatures(changed.train)).toEqual(allFeatures(expected.train));
  });

  it("makes anew what is damaged in the cache, and goes without one that cannot be written", async () => {
    write("x.npy", npyBytes("|u1", [50, 3], Uint8Array.from(numbers(150, "c"))));
    write("y.npy", npyLabels(50));
    const spec: DataSpec = { ...options, npy: "x.npy", labels: "y.npy" };
    const expected = allFeatures((await stored(spec)).train);
    const file = path.join(cache(), cached()[0]!);
    for (const damage of [
      () => truncateSync(file, 5000),
      () => appendFileSync(file, "x"),
      () => writeFileSync(file, "BASIN DATA 0\n"),
      () => writeFileSync(file, ""),
    ]) {
      damage();
      expect(openPrepared(cache(), path.basename(file))).toBeUndefined();
      expect(allFeatures((await stored(spec)).train)).toEqual(expected);
      expect(cached()).toHaveLength(1);
    }
    write("blocked", "a file where the folder should be");
    const lines: string[] = [];
    const dataset = await loadDataset(spec, folder, 5, {
      cacheFolder: path.join(folder, "blocked"),
      memoryLimit: 0,
      log: (line) => lines.push(line),
    });
    expect(allFeatures(dataset.train)).toEqual(expected);
    expect(lines.join()).toMatch(/could not be prepared in .*blocked and is held in memory/);
  });

  it("leaves nothing behind when a row is bad", async () => {
    write(
      "x.npy",
      npyBytes("<f4", [50, 3], floatBytes(Array.from({ length: 150 }, (_, i) => (i === 149 ? Number.NaN : i)))),
    );
    write("y.npy", npyLabels(50));
    await expect(stored({ ...options, npy: "x.npy", labels: "y.npy" })).rejects.toThrow(/Row 50, value 3 .* is NaN/);
    expect(cached()).toEqual([]);
  });

  it("goes when it is old, unfinished or too much, the least recently used first", () => {
    const day = 24 * 3600;
    const now = 1_800_000_000;
    mkdirSync(cache());
    const make = (name: string, size: number, age: number): void => {
      writeFileSync(path.join(cache(), name), Buffer.alloc(size));
      utimesSync(path.join(cache(), name), now - age, now - age);
    };
    make("new.rows", 10, 10);
    make("used.rows", 10, 100);
    make("idle.rows", 10, 1000);
    make("old.rows", 10, 40 * day);
    make("a.rows.1.x.part", 10, 2 * day);
    make("b.rows.1.x.part", 10, 60);
    make("notes.txt", 10, 400 * day);
    tidy(cache(), now * 1000, 25);
    expect(cached().sort()).toEqual(["b.rows.1.x.part", "new.rows", "notes.txt", "used.rows"]);
  });
});

describe("data of the size of CIFAR", () => {
  it("is held by no process as a whole, also while two prepare it at once", async () => {
    const [rows, width] = [60_000, 32 * 32 * 3];
    write("y.npy", npyLabels(rows, 10));
    // A file with holes: zeros that take no space, and some rows that differ.
    write("x.npy", npyBytes("|u1", [rows, 32, 32, 3], new Uint8Array()));
    const file = openSync(path.join(folder, "x.npy"), "r+");
    const offset = 128;
    for (const row of [0, 1, 31_000, rows - 1])
      writeSync(file, Uint8Array.from(numbers(width, `row ${row}`)), 0, width, offset + row * width);
    ftruncateSync(file, offset + rows * width);
    closeSync(file);
    const job = JSON.stringify({
      spec: { ...options, npy: "x.npy", labels: "y.npy" },
      root: folder,
      cacheFolder: cache(),
    });
    const probe = path.join(import.meta.dirname, "testing", "memoryProbe.ts");
    const load = async (): Promise<{ rows: number; peakBytes: number; digest: string }> =>
      JSON.parse((await run(process.execPath, [probe, job])).stdout) as never;
    const both = await Promise.all([load(), load()]);
    const third = await load();
    expect(cached()).toHaveLength(1);
    for (const probed of [...both, third]) {
      expect(probed.rows).toBe(36_000);
      expect(probed.digest).toBe(third.digest);
      // The rows take 703 MiB as float32 and 176 MiB as bytes; Node itself takes about 45 MiB.
      expect(probed.peakBytes).toBeLessThan(176 * 1024 ** 2);
    }
  });
});
