import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DataSpec } from "../../../../core/study/definition.ts";
import { openFile } from "../files/bytes.ts";
import { npyWidth, readNpyHeader, readNpyLabels, readNpyRows } from "../files/npyArray.ts";
import type { Source } from "../source.ts";
import { allValues, cifarBytes, fixtures } from "../testing/dataFiles.ts";
import expectedText from "../testing/fixtures/expected.json" with { type: "json" };
import { formatOf } from "./registry.ts";

const expected = expectedText as Readonly<Record<string, { shape: number[]; values: number[] }>>;
const options = { validation: 0.2, standardize: true, task: "classification" } as const;

let folder: string;
const opened: Source[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "basin-formats-"));
});
afterEach(() => {
  for (const source of opened.splice(0)) source.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(spec: DataSpec, root = fixtures): Source {
  const format = formatOf(spec);
  const peek = format.check(spec, root);
  const source = format.open(spec, root);
  opened.push(source);
  // What headers tell is what comes out.
  if (peek.rows !== undefined) expect(peek.rows).toBe(source.rows);
  expect(peek.image).toEqual(source.image);
  expect(format.files(spec, root).length).toBeGreaterThan(0);
  return source;
}

describe("NumPy arrays, against NumPy itself", () => {
  it.each(Object.keys(expected).filter((name) => /^(?:c_|fortran|version|channels_first)/.test(name)))("%s", (name) => {
    const bytes = openFile(fixtures, `${name}.npy`);
    const array = readNpyHeader(bytes);
    const { shape, values } = expected[name]!;
    expect(array.shape).toEqual(shape);
    const rows = shape[0]!;
    const out = new Float32Array(values.length);
    // In two pieces, so that positions count.
    const width = npyWidth(array);
    readNpyRows(bytes, array, 0, 1, undefined, out.subarray(0, width));
    readNpyRows(bytes, array, 1, rows, undefined, out.subarray(width));
    bytes.close();
    expect([...out]).toEqual(values.map(Math.fround));
  });

  it("reads texts as labels, with zeros at their end and letters beyond Latin", () => {
    const read = (name: string): string[] | Float64Array => {
      const bytes = openFile(fixtures, name);
      const labels = readNpyLabels(bytes, readNpyHeader(bytes));
      bytes.close();
      return labels;
    };
    expect(read("names_unicode.npy")).toEqual(["Zoë", "b", "", "long name"]);
    expect(read("names_bytes.npy")).toEqual(["a", "bc"]);
  });

  it("turns channels to the end, also where only `image` tells what they are", () => {
    const labels = "names_unicode.npy";
    const source = open({ ...options, npy: "channels_first.npy", labels });
    expect(source.image).toEqual([5, 6, 3]);
    expect(source.type).toBe("uint8");
    expect(allValues(source)).toEqual(expected["channels_last"]!.values);
    const told = open({ ...options, npy: "channels_first.npy", labels, image: [5, 6, 3] });
    expect(allValues(told)).toEqual(expected["channels_last"]!.values);
    const asStored = open({ ...options, npy: "channels_first.npy", labels, image: [3, 5, 6] });
    expect(allValues(asStored)).toEqual(expected["channels_first"]!.values);
  });

  it.each(["stored.npz", "deflated.npz", "zip64.npz"])("reads %s with its test part", (npz) => {
    const source = open({
      ...options,
      npz,
      features: "x_train",
      labels: "y_train",
      testFeatures: "x_test",
      testLabels: "y_test",
    });
    expect([source.rows, source.testRows, source.type]).toEqual([24, 6, "uint8"]);
    expect(source.image).toEqual([4, 4, 1]);
    expect(allValues(source)).toEqual([...expected["npz_x_train"]!.values, ...expected["npz_x_test"]!.values]);
    expect([...source.labels]).toEqual([...expected["npz_y_train"]!.values, ...expected["npz_y_test"]!.values]);
  });

  it("follows the 64-bit directory where the short one says so", () => {
    const bytes = readFileSync(path.join(fixtures, "zip64.npz"));
    // The last 22 bytes: number of entries, size and place of the directory as archives beyond 4 GiB have them.
    bytes.fill(0xff, bytes.length - 14, bytes.length - 2);
    writeFileSync(path.join(folder, "large.npz"), bytes);
    const source = open({ ...options, npz: "large.npz", features: "x_train", labels: "y_train" }, folder);
    expect(allValues(source)).toEqual(expected["npz_x_train"]!.values);
  });
});

describe("SVHN, against SciPy", () => {
  it.each(["svhn_compressed", "svhn_plain"])("%s", (svhn) => {
    const source = open({ ...options, svhn });
    expect([source.rows, source.testRows]).toEqual([12, 3]);
    expect(source.image).toEqual([4, 4, 3]);
    expect(allValues(source)).toEqual([...expected["svhn_train"]!.values, ...expected["svhn_test"]!.values]);
    expect([...source.labels]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 1, 2, 3]);
    expect(source.classes).toHaveLength(10);
  });
});

describe("IDX", () => {
  it("reads gzipped and plain files side by side", () => {
    const source = open({ ...options, mnist: "mnist" });
    expect([source.rows, source.testRows]).toEqual([20, 5]);
    expect(source.image).toEqual([6, 5, 1]);
    expect(allValues(source)).toEqual([...expected["mnist_train"]!.values, ...expected["mnist_t10k"]!.values]);
    expect([...source.labels].slice(0, 5)).toEqual([0, 1, 2, 3, 0]);
  });

  it("finds one of several data sets by its prefix", () => {
    const from = path.join(fixtures, "mnist");
    for (const prefix of ["emnist-letters", "emnist-digits"]) {
      for (const what of ["images-idx3", "labels-idx1"]) {
        const bytes = readFileSync(path.join(from, `t10k-${what}-ubyte`));
        writeFileSync(path.join(folder, `${prefix}-train-${what}-ubyte`), bytes);
        writeFileSync(path.join(folder, `${prefix}-test-${what}-ubyte`), bytes);
      }
    }
    const source = open({ ...options, mnist: ".", prefix: "emnist-digits" }, folder);
    expect([source.rows, source.testRows]).toEqual([5, 5]);
    const several: DataSpec = { ...options, mnist: "." };
    expect(() => formatOf(several).check(several, folder)).toThrow(/several data sets: emnist-digits, emnist-letters/);
    const wrong: DataSpec = { ...several, prefix: "kmnist" };
    expect(() => formatOf(wrong).check(wrong, folder)).toThrow(/no files begin with "kmnist-train-images"/);
  });
});

describe("CIFAR", () => {
  const pixel = (record: number, channel: number, row: number, column: number): number =>
    record * 7 + channel * 101 + row * 3 + column;
  /** The same picture row by row with channels last. */
  const picture = (record: number): number[] =>
    Array.from({ length: 3072 }, (_, i) => {
      const place = Math.floor(i / 3);
      return pixel(record, i % 3, Math.floor(place / 32), place % 32) & 255;
    });

  it("reads CIFAR-10 with its names, batches in their order, also from the folder inside", () => {
    const inner = path.join(folder, "cifar-10-batches-bin");
    for (const root of [folder, inner]) {
      rmSync(root, { recursive: true, force: true });
      writeCifar10(root, pixel);
      const source = open({ ...options, cifar10: "." }, folder);
      expect([source.rows, source.testRows, source.type]).toEqual([22, 2, "uint8"]);
      expect([...source.labels]).toEqual([3, 9, ...Array.from({ length: 18 }, (_, i) => i % 10), 4, 4, 1, 2]);
      const values = allValues(source);
      expect(values.slice(0, 3072)).toEqual(picture(0));
      expect(values.slice(3072, 6144)).toEqual(picture(1));
      expect(values.slice(-3072)).toEqual(picture(1));
      expect(source.classes?.[3]).toBe("cat");
      source.close();
    }
  });

  it("reads both labels of CIFAR-100", () => {
    writeFileSync(
      path.join(folder, "train.bin"),
      cifarBytes(
        [
          [4, 99],
          [19, 0],
        ],
        pixel,
      ),
    );
    writeFileSync(path.join(folder, "test.bin"), cifarBytes([[0, 5]], pixel));
    const fine = open({ ...options, cifar100: ".", labels: "fine" }, folder);
    expect([...fine.labels]).toEqual([99, 0, 5]);
    expect(fine.classes).toHaveLength(100);
    expect(allValues(fine).slice(3072, 6144)).toEqual(picture(1));
    const coarse = open({ ...options, cifar100: ".", labels: "coarse" }, folder);
    expect([...coarse.labels]).toEqual([4, 19, 0]);
    expect(coarse.classes).toHaveLength(20);
  });
});

function writeCifar10(root: string, pixel: Parameters<typeof cifarBytes>[1]): void {
  mkdirSync(root, { recursive: true });
  const write = (name: string, labels: number[][]): void =>
    writeFileSync(path.join(root, name), cifarBytes(labels, pixel));
  write("data_batch_1.bin", [[3], [9]]);
  for (let batch = 2; batch <= 10; batch++)
    write(`data_batch_${batch}.bin`, [[(2 * batch - 4) % 10], [(2 * batch - 3) % 10]]);
  write("data_batch_11.bin", [[4], [4]]);
  write("test_batch.bin", [[1], [2]]);
  writeFileSync(
    path.join(root, "batches.meta.txt"),
    "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n",
  );
}
