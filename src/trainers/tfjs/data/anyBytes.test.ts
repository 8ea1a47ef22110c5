import { cpSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { DataSpec } from "../../../core/study/definition.ts";
import { cifarBytes, fixtures } from "./testing/dataFiles.ts";
import { dataFolder, npyFeatures, npyLabels } from "./testing/dataFolder.ts";

const options = { validation: 0.2, test: 0.2, standardize: true, task: "classification" } as const;
const { complaint, folder, remove, write } = dataFolder();
/** Runs of each property. */
const numRuns = Number(process.env["BASIN_FUZZ_RUNS"] ?? "60");

describe("any bytes at all", () => {
  const cases: readonly (readonly [string, DataSpec, () => void])[] = [
    ["CSV", { ...options, csv: "a.csv", label: "y" }, () => write("a.csv", `a,b,y\n${"1,2,u\n3.5,-4,v\n".repeat(10)}`)],
    [
      "npy",
      { ...options, npy: "x.npy", labels: "y.npy" },
      () => (write("x.npy", npyFeatures(20)), write("y.npy", npyLabels(20))),
    ],
    [
      "npz",
      { ...options, npz: "a.npz", features: "x_train", labels: "y_train" },
      () => cpSync(path.join(fixtures, "deflated.npz"), path.join(folder, "a.npz")),
    ],
    [
      "stored npz",
      { ...options, npz: "a.npz", features: "x_train", labels: "y_train" },
      () => cpSync(path.join(fixtures, "stored.npz"), path.join(folder, "a.npz")),
    ],
    ["IDX", { ...options, mnist: "." }, () => cpSync(path.join(fixtures, "mnist"), folder, { recursive: true })],
    [
      "SVHN",
      { ...options, svhn: "." },
      () => cpSync(path.join(fixtures, "svhn_compressed"), folder, { recursive: true }),
    ],
    [
      "plain SVHN",
      { ...options, svhn: "." },
      () => cpSync(path.join(fixtures, "svhn_plain"), folder, { recursive: true }),
    ],
    [
      "CIFAR-10",
      { ...options, cifar10: "." },
      () =>
        write(
          "data_batch_1.bin",
          cifarBytes(
            Array.from({ length: 6 }, (_, i) => [i % 3]),
            (record) => record,
          ),
        ),
    ],
  ];

  it.each(cases)("%s: a mutated file is read or refused in words, never more", async (_, spec, make) => {
    make();
    const names = readdirSync(folder).filter((name) => statSync(path.join(folder, name)).isFile());
    const whole = new Map(names.map((name) => [name, readFileSync(path.join(folder, name))]));
    const change = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), value: fc.nat(255) }) },
      // Headers are short: half of the changes go there.
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("flip" as const), at: fc.nat(200), value: fc.nat(255) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), value: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("add" as const), at: fc.nat(64), value: fc.nat(255) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (name, changes) => {
          let bytes = Buffer.from(whole.get(name)!);
          for (const { at, kind, value } of changes) {
            if (kind === "cut") bytes = bytes.subarray(0, at % (bytes.length + 1));
            else if (kind === "add") bytes = Buffer.concat([bytes, Buffer.alloc(at, value)]);
            else if (bytes.length > 0) bytes[at % bytes.length] = value;
          }
          write(name, bytes);
          await complaint(spec);
          write(name, whole.get(name)!);
        },
      ),
      { numRuns },
    );
  });

  it("random bytes in every file are refused in words", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cases), fc.uint8Array({ maxLength: 400 }), async ([, spec, make], bytes) => {
        make();
        for (const name of readdirSync(folder)) if (statSync(path.join(folder, name)).isFile()) write(name, bytes);
        await complaint(spec);
        for (const name of readdirSync(folder)) remove(name);
      }),
      { numRuns: 2 * numRuns },
    );
  });
});
