import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DataSpec } from "../../../core/study/definition.ts";
import { rngForKey } from "../../../core/rng.ts";
import { requireBatch } from "./check.ts";
import { parseCsv } from "./csv.ts";
import { datasetFrom, loadDataset, type Part } from "./dataset.ts";
import { sampleRows, splitRows } from "./split.ts";
import { fixtures } from "./testing/dataFiles.ts";
import expected from "./testing/fixtures/expected.json" with { type: "json" };
import { memoryStore } from "./rowStore.ts";
import { fitScaling, scalerFor } from "./standardize.ts";

/** The features of a part that lies in memory. */
function featuresOf(part: Part): Float32Array {
  if (!(part.features instanceof Float32Array)) throw new Error("not in memory");
  return part.features;
}

const spec: DataSpec = {
  csv: "x.csv",
  label: "y",
  validation: 0.25,
  test: 0.25,
  standardize: true,
  task: "classification",
};

function table(rows: number, label: (row: number) => string | number, columns = 3) {
  const rng = rngForKey("dataset-test");
  const lines = Array.from({ length: rows }, (_, row) =>
    [...Array.from({ length: columns }, (_, j) => (10 * j + (j + 1) * rng.normal()).toFixed(4)), label(row)].join(","),
  );
  return parseCsv(
    new TextEncoder().encode(
      [[...Array.from({ length: columns }, (_, j) => `c${j}`), "y"].join(","), ...lines].join("\n"),
    ),
    "y",
  );
}

describe("splitRows", () => {
  it("gives every row to exactly one part, keeps each class's share, and depends on the seed alone", () => {
    const labels = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(
        labels,
        fc.double({ min: 0.05, max: 0.45, noNaN: true }),
        fc.double({ min: 0, max: 0.45, noNaN: true }),
        fc.nat(),
        (labels, validation, test, seed) => {
          const classes = Int32Array.from(labels);
          const split = splitRows(classes, validation, test, seed);
          const all = [...split.train, ...split.validation, ...split.test].sort((a, b) => a - b);
          expect(all).toEqual(labels.map((_, i) => i));
          expect(split.validation.length).toBe(Math.round(labels.length * validation));
          expect(split.test.length).toBe(Math.round(labels.length * test));
          for (const label of new Set(labels)) {
            const size = labels.filter((other) => other === label).length;
            const held = [...split.test].filter((row) => labels[row] === label).length;
            expect(Math.abs(held - size * test)).toBeLessThanOrEqual(1 + 1e-9);
          }
          expect(splitRows(classes, validation, test, seed)).toEqual(split);
        },
      ),
    );
  });

  it("draws a stratified part of the rows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 320 }),
        fc.nat(),
        (labels, count, seed) => {
          const classes = Int32Array.from(labels);
          const rows = sampleRows(classes, count, seed);
          expect(rows.length).toBe(Math.min(count, labels.length));
          expect([...rows]).toEqual([...new Set(rows)].sort((a, b) => a - b));
          for (const label of new Set(labels)) {
            const size = labels.filter((other) => other === label).length;
            const drawn = [...rows].filter((row) => labels[row] === label).length;
            expect(Math.abs(drawn - (size * rows.length) / labels.length)).toBeLessThanOrEqual(1 + 1e-9);
          }
          expect(sampleRows(classes, count, seed)).toEqual(rows);
        },
      ),
    );
  });

  it("differs between seeds", () => {
    const classes = new Int32Array(100);
    expect(splitRows(classes, 0.2, 0.2, 1).validation).not.toEqual(splitRows(classes, 0.2, 0.2, 2).validation);
  });
});

describe("standardisation", () => {
  it("gives the fitted rows mean 0 and deviation 1 and leaves constants at 0", () => {
    const values = Float32Array.from([1, 5, 2, 5, 3, 5, 1000, 5]);
    const scaling = fitScaling(memoryStore(values, 2), 2, Int32Array.of(0, 1, 2));
    const scaled = new Float32Array(8);
    scalerFor(scaling, "float32")(values, scaled);
    expect(scaled.filter((_, i) => i % 2 === 1)).toEqual(new Float32Array(4));
    expect((scaled[0]! + scaled[2]! + scaled[4]!) / 3).toBeCloseTo(0, 6);
    expect((scaled[0]! ** 2 + scaled[2]! ** 2 + scaled[4]! ** 2) / 3).toBeCloseTo(1, 5);
  });

  it("shares one scale a channel", () => {
    const scaling = fitScaling(memoryStore(Float32Array.from([0, 10, 2, 30]), 4), 2, Int32Array.of(0));
    expect([...scaling.mean]).toEqual([1, 20]);
    expect([...scaling.scale]).toEqual([1, 10]);
  });
});

describe("datasetFrom", () => {
  it("fits the standardisation on the training part only", () => {
    const data = datasetFrom(
      table(200, (row) => row % 2),
      spec,
      3,
    );
    expect([data.train.rows, data.validation.rows, data.test.rows]).toEqual([100, 50, 50]);
    const mean = (features: Float32Array): number =>
      features.filter((_, i) => i % 3 === 1).reduce((a, b) => a + b, 0) / (features.length / 3);
    expect(mean(featuresOf(data.train))).toBeCloseTo(0, 5);
    expect(Math.abs(mean(featuresOf(data.validation)))).toBeGreaterThan(1e-4);
  });

  it("orders classes by number, or by name", () => {
    expect(
      datasetFrom(
        table(60, (row) => [10, 9, 2][row % 3]!),
        spec,
        0,
      ).classes,
    ).toEqual(["2", "9", "10"]);
    expect(
      datasetFrom(
        table(60, (row) => ["dog", "Cat", "1"][row % 3]!),
        spec,
        0,
      ).classes,
    ).toEqual(["1", "Cat", "dog"]);
  });

  it("standardises a numeric target and remembers how", () => {
    const data = datasetFrom(
      table(100, (row) => 1000 + row),
      { ...spec, task: "regression" },
      0,
    );
    expect(data.outputs).toBe(1);
    expect(data.targetMean).toBeGreaterThan(1000);
    expect(data.train.targets.reduce((a, b) => a + b, 0) / data.train.rows).toBeCloseTo(0, 5);
  });

  it.each([
    [
      "an image that does not fit",
      () =>
        datasetFrom(
          table(20, (row) => row % 2),
          { ...spec, image: [2, 2, 1] },
          0,
        ),
      /needs 4 feature columns, but there are 3/,
    ],
    [
      "one class",
      () =>
        datasetFrom(
          table(20, () => "x"),
          spec,
          0,
        ),
      /one class only/,
    ],
    [
      "a numeric target taken for classes",
      () =>
        datasetFrom(
          table(200, (row) => row / 7),
          spec,
          0,
        ),
      /different values/,
    ],
    [
      "names as a numeric target",
      () =>
        datasetFrom(
          table(20, () => "x"),
          { ...spec, task: "regression" },
          0,
        ),
      /"x" is not a finite number/,
    ],
    [
      "too few rows",
      () =>
        datasetFrom(
          table(1, () => "1"),
          { ...spec, task: "regression" },
          0,
        ),
      /too few/,
    ],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(message);
  });

  it("uses the official test part unless a fraction is asked for, and shrinks it with a subset", async () => {
    const npz = { npz: "deflated.npz", features: "x_train", labels: "y_train" };
    const own = { validation: 0.25, standardize: false, task: "classification" } as const;
    const parts = { testFeatures: "x_test", testLabels: "y_test" };
    const load = async (spec: DataSpec): Promise<number[]> => {
      const { test, train, validation } = await loadDataset(spec, fixtures, 1, { cacheFolder: "" });
      return [train.rows, validation.rows, test.rows];
    };
    expect(await load({ ...own, ...npz, ...parts })).toEqual([18, 6, 6]);
    expect(await load({ ...own, ...npz, ...parts, test: 0.5 })).toEqual([6, 6, 12]);
    expect(await load({ ...own, ...npz, ...parts, test: 0 })).toEqual([18, 6, 0]);
    expect(await load({ ...own, ...npz })).toEqual([13, 6, 5]);
    expect(await load({ ...own, ...npz, ...parts, subset: 12 })).toEqual([9, 3, 3]);
    const official = await loadDataset({ ...own, ...npz, ...parts }, fixtures, 9, { cacheFolder: "" });
    // As the file has it, bytes as 0 to 1.
    expect([...featuresOf(official.test)]).toEqual(expected.npz_x_test.values.map((value) => Math.fround(value / 255)));
    expect([...official.test.targets]).toEqual([0, 1, 2, 0, 1, 2]);
    expect(official.classes).toEqual(["0", "1", "2"]);
    expect(official.inputShape).toEqual([4, 4, 1]);
  });

  it("standardises images by channel, fitted on the training part only", async () => {
    const spec: DataSpec = {
      validation: 0.25,
      test: 0.25,
      standardize: true,
      task: "classification",
      svhn: "svhn_plain",
    };
    const { inputShape, train } = await loadDataset(spec, fixtures, 2, { cacheFolder: "" });
    expect(inputShape).toEqual([4, 4, 3]);
    for (let channel = 0; channel < 3; channel++) {
      const values = featuresOf(train).filter((_, i) => i % 3 === channel);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean).toBeCloseTo(0, 5);
      expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length).toBeCloseTo(1, 5);
    }
  });

  it("holds a batch size against the training part", () => {
    const data = datasetFrom(
      table(20, (row) => row % 2),
      spec,
      0,
    );
    requireBatch(data, 10);
    expect(() => requireBatch(data, 11)).toThrow("The training part has 10 rows, fewer than one batch of 11.");
  });

  it("names a file that is missing", async () => {
    await expect(loadDataset(spec, "/nowhere", 0)).rejects.toThrow(/x\.csv cannot be read/);
  });
});
