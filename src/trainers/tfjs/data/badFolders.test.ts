import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import type { DataSpec } from "../../../core/study/definition.ts";
import { cifarBytes, fixtures, idxBytes } from "./testing/dataFiles.ts";
import { dataFolder } from "./testing/dataFolder.ts";

const options = { validation: 0.2, test: 0.2, standardize: true, task: "classification" } as const;
const { complaint, folder, remove, write } = dataFolder();

describe("CIFAR files", () => {
  const flat = (labels: number[][]): Buffer => cifarBytes(labels, (record, channel) => record + channel);
  const spec: DataSpec = { ...options, cifar10: "c" };
  const names = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n";
  beforeEach(() => {
    write("c/data_batch_1.bin", flat(Array.from({ length: 20 }, (_, i) => [i % 10])));
    write("c/batches.meta.txt", names);
  });

  it.each<[string, () => void, RegExp]>([
    [
      "no folder",
      () => remove("c"),
      /^study: The data folder c cannot be read: it is not there\. Unpack the binary version of CIFAR-10/,
    ],
    [
      "an empty folder",
      () => (remove("c"), mkdirSync(path.join(folder, "c"))),
      /^study: c: there is no data_batch_1\.bin\. Unpack the binary version/,
    ],
    [
      "the Python version",
      () => (remove("c/data_batch_1.bin"), write("c/data_batch_1", "x")),
      /^study: c: these are the files of CIFAR-10's Python version, which are pickles/,
    ],
    [
      "a gap",
      () => write("c/data_batch_3.bin", flat([[1]])),
      /^study: c: data_batch_2\.bin is missing, but data_batch_3\.bin is there/,
    ],
    [
      "a cut off file",
      () => write("c/data_batch_1.bin", flat([[1], [2]]).subarray(0, 5000)),
      /^study: c\/data_batch_1\.bin: 5000 bytes are no whole number of records of 3073 bytes; 1927 are left over/,
    ],
    [
      "a cut off test file",
      () => write("c/test_batch.bin", flat([[1]]).subarray(1)),
      /^study: c\/test_batch\.bin: 3072 bytes are no whole number/,
    ],
    ["an empty file", () => write("c/data_batch_1.bin", ""), /^study: c\/data_batch_1\.bin: the file is empty/],
    ["a label beyond the classes", () => write("c/data_batch_1.bin", flat([[1], [10]])), /^study: The data has 2 rows/],
    [
      "a wrong label",
      () => write("c/data_batch_1.bin", flat([[1], [2], [77], [3]])),
      /^trial: c\/data_batch_1\.bin: record 3 has the label 77, but there are 10 classes/,
    ],
    [
      "wrong names",
      () => write("c/batches.meta.txt", "a\nb\n"),
      /^study: c\/batches\.meta\.txt: it names 2 different classes instead of 10/,
    ],
    [
      "one class",
      () => write("c/data_batch_1.bin", flat([[4], [4], [4], [4]])),
      /^trial: The labels hold one class only/,
    ],
  ])("says what is wrong with %s", async (_, make, message) => {
    make();
    expect(await complaint(spec)).toMatch(message);
  });
});

describe("IDX and MATLAB files", () => {
  const pictures = idxBytes([20, 2, 2], new Uint8Array(80));
  const digits = idxBytes(
    [20],
    Uint8Array.from({ length: 20 }, (_, i) => i % 2),
  );
  const mnist: DataSpec = { ...options, mnist: "m" };
  const svhn: DataSpec = { ...options, svhn: "s" };
  const mat = readFileSync(path.join(fixtures, "svhn_compressed/train_32x32.mat"));
  const plain = readFileSync(path.join(fixtures, "svhn_plain/train_32x32.mat"));
  beforeEach(() => {
    write("m/train-images-idx3-ubyte", pictures);
    write("m/train-labels-idx1-ubyte", digits);
    mkdirSync(path.join(folder, "s"));
  });

  it.each<[string, DataSpec, () => void, RegExp]>([
    ["no images", mnist, () => remove("m/train-images-idx3-ubyte"), /^study: m: there is no train-images-idx3-ubyte/],
    [
      "no labels",
      mnist,
      () => remove("m/train-labels-idx1-ubyte"),
      /^study: m\/train-images-idx3-ubyte: the labels of the train part are missing/,
    ],
    [
      "cut off images",
      mnist,
      () => write("m/train-images-idx3-ubyte", pictures.subarray(0, 90)),
      /^study: m\/train-images-idx3-ubyte: its shape \[20, 2, 2\] needs 96 bytes, but the file has 90/,
    ],
    [
      "bytes at the end",
      mnist,
      () => write("m/train-labels-idx1-ubyte", Buffer.concat([digits, Buffer.alloc(1)])),
      /^study: m\/train-labels-idx1-ubyte: its shape \[20\] needs 28 bytes, but the file has 29/,
    ],
    ["no IDX file", mnist, () => write("m/train-images-idx3-ubyte", "hello there"), /^study: .*this is no IDX file/],
    [
      "other labels",
      mnist,
      () => write("m/train-labels-idx1-ubyte", idxBytes([19], new Uint8Array(19))),
      /^study: .*it holds labels of the shape \[19\] for 20 images/,
    ],
    [
      "labels for images",
      mnist,
      () => write("m/train-images-idx3-ubyte", digits),
      /^study: .*images have the shape \[rows, height, width\], but these have \[20\]/,
    ],
    [
      "a cut off gzip file",
      mnist,
      () => {
        remove("m/train-images-idx3-ubyte");
        write("m/train-images-idx3-ubyte.gz", gzipSync(pictures).subarray(0, -9));
      },
      /^trial: m\/train-images-idx3-ubyte\.gz: it (?:cannot be decompressed|ends after)/,
    ],
    [
      "a gzip file of something else",
      mnist,
      () => {
        remove("m/train-images-idx3-ubyte");
        write("m/train-images-idx3-ubyte.gz", gzipSync("no pictures at all"));
      },
      /^study: .*this is no IDX file/,
    ],
    ["no MATLAB file", svhn, () => mkdirSync(path.join(folder, "s/x")), /^study: s: there is no train_32x32\.mat/],
    [
      "another file",
      svhn,
      () => write("s/train_32x32.mat", Buffer.alloc(300)),
      /^study: s\/train_32x32\.mat: this is no MATLAB 5 file/,
    ],
    [
      "a short file",
      svhn,
      () => write("s/train_32x32.mat", "x"),
      /^study: s\/train_32x32\.mat: this is no MATLAB file: it is too short/,
    ],
    [
      "MATLAB 7.3",
      svhn,
      () =>
        write("s/train_32x32.mat", Buffer.concat([Buffer.from("MATLAB 7.3 MAT-file".padEnd(200)), Buffer.alloc(400)])),
      /^study: .*MATLAB 7\.3 \(HDF5\) cannot be read/,
    ],
    [
      "a cut off file",
      svhn,
      () => write("s/train_32x32.mat", mat.subarray(0, 300)),
      /^study: s\/train_32x32\.mat: the file ends after 300 bytes, but \d+ are needed/,
    ],
    [
      "labels missing",
      svhn,
      () => write("s/train_32x32.mat", mat.subarray(0, 128 + 8 + mat.readUInt32LE(132))),
      /^study: s\/train_32x32\.mat: there is no numeric array "y"/,
    ],
    [
      "a cut off plain file",
      svhn,
      () => write("s/train_32x32.mat", plain.subarray(0, 400)),
      /^study: s\/train_32x32\.mat: the file ends after 400 bytes/,
    ],
  ])("says what is wrong with %s", async (_, spec, make, message) => {
    make();
    expect(await complaint(spec)).toMatch(message);
  });
});
