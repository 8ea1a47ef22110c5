import { cpSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { deflateRawSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import type { DataSpec } from "../../../core/study/definition.ts";
import { checkData } from "./check.ts";
import { fixtures, floatBytes, npyBytes } from "./testing/dataFiles.ts";
import { dataFolder, npyFeatures, npyLabels } from "./testing/dataFolder.ts";

const options = { validation: 0.2, test: 0.2, standardize: true, task: "classification" } as const;
const { complaint, folder, remove, write } = dataFolder();

describe("NumPy files", () => {
  const spec: DataSpec = { ...options, npy: "x.npy", labels: "y.npy" };
  beforeEach(() => {
    write("x.npy", npyFeatures(20));
    write("y.npy", npyLabels(20));
  });

  it("loads what is right", async () => {
    expect(await complaint(spec)).toBe("it loaded");
  });

  it.each<[string, () => void, RegExp]>([
    ["a missing file", () => remove("y.npy"), /^study: The data file y\.npy cannot be read: it is not there\./],
    ["a folder", () => (remove("x.npy"), mkdirSync(path.join(folder, "x.npy"))), /^study: .*x\.npy cannot be read/],
    ["no NumPy file", () => write("x.npy", "1,2,3\n4,5,6\n"), /^study: x\.npy: this is no NumPy \.npy file/],
    ["an empty file", () => write("x.npy", ""), /^study: x\.npy: this is no NumPy/],
    [
      "a cut off file",
      () => write("x.npy", npyFeatures(20).subarray(0, -3)),
      /^study: x\.npy: the shape \[20, 2\] needs 160 bytes, but the file holds 157/,
    ],
    [
      "a file cut off in its header",
      () => write("x.npy", npyFeatures(20).subarray(0, 40)),
      /^study: x\.npy: the file is cut off in its header/,
    ],
    [
      "bytes at the end",
      () => write("x.npy", Buffer.concat([npyFeatures(20), Buffer.alloc(8)])),
      /^study: x\.npy: 8 bytes follow/,
    ],
    [
      "an absurd size",
      () => write("x.npy", npyBytes("<f8", [1e12, 1e5], Buffer.alloc(8))),
      /^study: x\.npy: the shape .* in its header cannot be right/,
    ],
    [
      "a size that memory could not hold",
      () => write("x.npy", npyBytes("<f8", [1e9, 100], Buffer.alloc(8))),
      /^study: x\.npy: the shape .* needs 800000000000 bytes/,
    ],
    [
      "a pickle",
      () => cpSync(path.join(fixtures, "objects.npy"), path.join(folder, "x.npy")),
      /^study: x\.npy: it holds Python objects \(a pickle\), which Basin does not open/,
    ],
    [
      "a pickle as labels",
      () => cpSync(path.join(fixtures, "objects.npy"), path.join(folder, "y.npy")),
      /^study: y\.npy: it holds Python objects/,
    ],
    [
      "named fields",
      () => cpSync(path.join(fixtures, "records.npy"), path.join(folder, "x.npy")),
      /^study: x\.npy: it holds records/,
    ],
    [
      "complex numbers",
      () => cpSync(path.join(fixtures, "complex.npy"), path.join(folder, "x.npy")),
      /^study: x\.npy: elements of the type "<c8"/,
    ],
    [
      "texts as features",
      () => write("x.npy", npyBytes("|S2", [20, 1], Buffer.alloc(40))),
      /^study: x\.npy: features must be numbers/,
    ],
    [
      "one dimension",
      () => write("x.npy", npyBytes("<f4", [20], Buffer.alloc(80))),
      /^study: x\.npy: features have the shape \[rows, \.\.\.\]/,
    ],
    [
      "no rows",
      () => write("x.npy", npyBytes("<f4", [0, 2], Buffer.alloc(0))),
      /^study: x\.npy: an array of shape \[0, 2\] holds no values/,
    ],
    [
      "another number of labels",
      () => write("y.npy", npyLabels(19)),
      /^study: y\.npy: it holds labels of the shape \[19\], but x\.npy has 20 rows/,
    ],
    [
      "one-hot labels",
      () => write("y.npy", npyBytes("|u1", [20, 3], Buffer.alloc(60))),
      /^trial: y\.npy: labels have the shape \[rows\].*argmax/,
    ],
    ["one class", () => write("y.npy", npyBytes("|u1", [20], Buffer.alloc(20))), /^trial: .*one class only/],
    [
      "numeric targets taken for classes",
      () => write("y.npy", npyBytes("<f4", [20], floatBytes(Array.from({ length: 20 }, (_, i) => i / 3)))),
      /^trial: .*20 different values in 20 rows.*regression/,
    ],
    [
      "a label that is not a number",
      () =>
        write(
          "y.npy",
          npyBytes("<f4", [20], floatBytes(Array.from({ length: 20 }, (_, i) => (i === 6 ? Number.NaN : i % 2)))),
        ),
      /^trial: Row 7 of the data: the label is NaN/,
    ],
    [
      "NaN",
      () =>
        write(
          "x.npy",
          npyBytes("<f4", [20, 2], floatBytes(Array.from({ length: 40 }, (_, i) => (i === 11 ? Number.NaN : i)))),
        ),
      /^trial: Row 6, value 2 of the features is NaN/,
    ],
    [
      "infinity",
      () =>
        write(
          "x.npy",
          npyBytes(
            "<f4",
            [20, 2],
            floatBytes(Array.from({ length: 40 }, (_, i) => (i === 0 ? Number.NEGATIVE_INFINITY : i))),
          ),
        ),
      /^trial: Row 1, value 1 of the features is -Infinity/,
    ],
    [
      "too few rows",
      () => (write("x.npy", npyFeatures(2)), write("y.npy", npyLabels(2))),
      /^study: The data has 2 rows/,
    ],
  ])("says what is wrong with %s", async (_, make, message) => {
    make();
    expect(await complaint(spec)).toMatch(message);
  });

  it("asks for images where images are needed", async () => {
    expect(await complaint({ ...spec, augment: { flip: true, crop: 0, padding: "zero" } })).toMatch(
      /^study: Only images/,
    );
    expect(await complaint({ ...spec, image: [2, 2, 1] })).toMatch(/^study: x\.npy: image: \[2, 2, 1\] needs 4 values/);
    const trainer = { kind: "tfjs", model: "vgg", data: spec, epochs: 1, backend: "cpu", threads: 1 } as const;
    expect(() => checkData({ trainer }, folder)).toThrow(/vgg works on images/);
  });

  it("refuses a label of the test part that training never shows", async () => {
    write("z.npy", npyLabels(20, 3));
    const { test: _, ...own } = options;
    const wanted: DataSpec = { ...own, npy: "x.npy", labels: "y.npy", testFeatures: "x.npy", testLabels: "z.npy" };
    expect(await complaint(wanted)).toMatch(/^trial: The test part has the label "2", which no training row has/);
  });
});

/** A zip archive with one member whose sizes are as given, whatever its content is. */
function zipBytes(name: string, content: Uint8Array, method: number, unpacked: number): Buffer {
  const local = Buffer.alloc(30 + name.length);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(name.length, 26);
  local.write(name, 30);
  const central = Buffer.alloc(46 + name.length);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE(method, 10);
  central.writeUInt32LE(content.length, 20);
  central.writeUInt32LE(unpacked, 24);
  central.writeUInt16LE(name.length, 28);
  central.write(name, 46);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + content.length, 16);
  return Buffer.concat([local, content, central, end]);
}

describe("NumPy archives", () => {
  const spec: DataSpec = { ...options, npz: "a.npz", features: "x_train", labels: "y_train" };
  const whole = readFileSync(path.join(fixtures, "deflated.npz"));

  it.each<[string, () => void, Partial<typeof spec>, RegExp]>([
    [
      "a wrong name",
      () => write("a.npz", whole),
      { features: "X" },
      /^study: a\.npz: there is no array "X"\. It holds x_train, y_train, x_test, y_test\./,
    ],
    [
      "a cut off archive",
      () => write("a.npz", whole.subarray(0, -30)),
      {},
      /^study: a\.npz: this is no zip archive, or it is cut off/,
    ],
    ["no archive", () => write("a.npz", npyFeatures(20)), {}, /^study: a\.npz: this is no zip archive/],
    [
      "a member that grows without measure",
      () => {
        const header = npyBytes("|u1", [500_000_000, 1], Buffer.alloc(0));
        const content = deflateRawSync(Buffer.concat([header, Buffer.alloc(1_000_000)]));
        const padded = Buffer.concat([content, Buffer.alloc(600_000)]);
        write("a.npz", zipBytes("x_train.npy", padded, 8, header.length + 500_000_000));
      },
      { labels: "x_train" },
      /^trial: a\.npz, x_train\.npy: it would grow from \d+ to \d+ bytes in memory, which is refused/,
    ],
    [
      "a member that holds more than it says",
      () =>
        write(
          "a.npz",
          zipBytes(
            "x_train.npy",
            deflateRawSync(Buffer.concat([npyFeatures(20), Buffer.alloc(64)])),
            8,
            npyFeatures(20).length,
          ),
        ),
      { labels: "x_train" },
      /^trial: a\.npz, x_train\.npy: it holds more than the \d+ bytes/,
    ],
    [
      "a member that cannot be as large as it says",
      () =>
        write(
          "a.npz",
          zipBytes(
            "x_train.npy",
            deflateRawSync(npyBytes("|u1", [100_000_000, 1], Buffer.alloc(0))),
            8,
            100_000_000 + npyBytes("|u1", [100_000_000, 1], Buffer.alloc(0)).length,
          ),
        ),
      { labels: "x_train" },
      /^trial: a\.npz, x_train\.npy: its header promises \d+ bytes, which its \d+ compressed bytes cannot hold/,
    ],
    [
      "a wrong checksum",
      () => write("a.npz", zipBytes("x_train.npy", deflateRawSync(npyFeatures(20)), 8, npyFeatures(20).length)),
      { labels: "x_train" },
      /^trial: a\.npz, x_train\.npy: its checksum is wrong/,
    ],
    [
      "another compression",
      () => write("a.npz", zipBytes("x_train.npy", npyFeatures(20), 12, npyFeatures(20).length)),
      {},
      /^study: a\.npz: x_train\.npy is compressed by a method/,
    ],
  ])("says what is wrong with %s", async (_, make, change, message) => {
    make();
    expect(await complaint({ ...spec, ...change })).toMatch(message);
  });
});
