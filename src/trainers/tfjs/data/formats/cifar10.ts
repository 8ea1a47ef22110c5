/**
 * CIFAR-10, binary version: data_batch_1.bin ..., test_batch.bin, and batches.meta.txt with the names of the classes.
 */
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Cifar10DataSpec } from "../../../../core/study/definition.ts";
import { badFile } from "../files/bytes.ts";
import { cifarFolder, requireFolder, type CifarLayout } from "../files/cifarRecords.ts";
import { cifarFormat, type CifarFiles } from "./cifar.ts";

const layout: CifarLayout = { labelBytes: 1, label: 0, classes: 10 };
const hint = "Unpack the binary version of CIFAR-10 and name the folder that holds data_batch_1.bin.";

function find({ cifar10 }: Cifar10DataSpec, root: string): CifarFiles {
  requireFolder(root, cifar10, hint);
  const folder = cifarFolder(root, cifar10, "cifar-10-batches-bin", "data_batch_1.bin");
  const present = readdirSync(path.resolve(root, folder));
  const numbers = present
    .map((name) => /^data_batch_([1-9]\d?)\.bin$/.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
  if (numbers.length === 0) {
    if (present.includes("data_batch_1")) {
      throw badFile(folder, "these are the files of CIFAR-10's Python version, which are pickles.", hint);
    }
    throw badFile(folder, "there is no data_batch_1.bin.", hint);
  }
  const gap = numbers.findIndex((number, i) => number !== i + 1);
  if (gap >= 0) {
    throw badFile(folder, `data_batch_${gap + 1}.bin is missing, but data_batch_${numbers[gap]!}.bin is there.`, hint);
  }
  const test = path.join(folder, "test_batch.bin");
  return {
    train: numbers.map((number) => path.join(folder, `data_batch_${number}.bin`)),
    test: existsSync(path.resolve(root, test)) ? [test] : [],
    names: path.join(folder, "batches.meta.txt"),
  };
}

export const cifar10Format = cifarFormat<Cifar10DataSpec>("cifar10", find, () => layout);
