import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dataset, Part } from "../data/dataset.ts";
import { probeOf } from "./probe.ts";

/** Rows whose features tell which row they are. */
function part(classes: readonly number[], stored = false): Part {
  const width = 2;
  const all = Float32Array.from({ length: classes.length * width }, (_, i) => i);
  const features = stored
    ? {
        width,
        gather: (rows: Int32Array, out: Float32Array) =>
          rows.forEach((row, i) => out.set(all.subarray(row * width, (row + 1) * width), i * width)),
      }
    : all;
  return {
    rows: classes.length,
    features,
    targets: Float32Array.from(classes),
    augment: () => expect.fail("augmented"),
  };
}

function dataset(train: Part, validation: Part, task: Dataset["task"] = "classification"): Dataset {
  const test = part([]);
  return { task, inputShape: [2], outputs: 3, classes: [], train, validation, test, targetMean: 0, targetScale: 1 };
}

const labels = fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 60 });

describe("the probe", () => {
  it("is the same rows for the same labels and seed, each class in its share, and carries their samples", () => {
    fc.assert(
      fc.property(
        labels,
        fc.integer({ min: 1, max: 70 }),
        fc.nat({ max: 9 }),
        fc.boolean(),
        (classes, count, seed, stored) => {
          const data = dataset(part(classes, stored), part([0, 1]));
          const probe = probeOf(data, "train", count, seed);
          const again = probeOf(dataset(part(classes), part([0, 1])), "train", count, seed);
          expect(again).toEqual(probe);
          expect(probe.rows).toHaveLength(Math.min(count, classes.length));
          expect([...probe.rows]).toEqual([...new Set(probe.rows)].sort((a, b) => a - b));
          const { features, targets, augment } = probe.part;
          expect(augment).toBeUndefined();
          probe.rows.forEach((row, i) => {
            expect(targets[i]).toBe(classes[row]);
            expect([...(features as Float32Array).subarray(2 * i, 2 * i + 2)]).toEqual([2 * row, 2 * row + 1]);
          });
          for (const label of [0, 1, 2]) {
            const all = classes.filter((one) => one === label).length;
            const here = targets.filter((one) => one === label).length;
            expect(Math.abs(here - (all * probe.rows.length) / classes.length)).toBeLessThan(1);
          }
        },
      ),
    );
  });

  it("has another name for other samples, parts, seeds and labels", () => {
    const classes = Array.from({ length: 40 }, (_, i) => i % 3);
    const data = dataset(part(classes), part(classes));
    const hashes = [
      probeOf(data, "train", 20, 1),
      probeOf(data, "validation", 20, 1),
      probeOf(data, "train", 21, 1),
      probeOf(data, "train", 20, 2),
      probeOf(dataset(part(classes.with(0, 1)), part([])), "train", 40, 1),
      probeOf(data, "train", 40, 1),
    ].map(({ indexHash }) => indexHash);
    expect(new Set(hashes).size).toBe(6);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it("draws rows of values, which have no classes, too", () => {
    const data = dataset(part([0.5, 1.5, 2.5, 3.5, 4.5]), part([]), "regression");
    expect(probeOf(data, "train", 3, 7).rows).toHaveLength(3);
  });
});
