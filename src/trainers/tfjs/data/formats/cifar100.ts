/**
 * CIFAR-100, binary version: train.bin and test.bin with a coarse and a fine label a record, and files with the names.
 */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Cifar100DataSpec } from "../../../../core/study/definition.ts";
import { badFile } from "../files/bytes.ts";
import { cifarFolder, requireFolder, type CifarLayout } from "../files/cifarRecords.ts";
import { cifarFormat, type CifarFiles } from "./cifar.ts";

const layouts: Readonly<Record<Cifar100DataSpec["labels"], CifarLayout>> = {
  coarse: { labelBytes: 2, label: 0, classes: 20 },
  fine: { labelBytes: 2, label: 1, classes: 100 },
};
const hint = "Unpack the binary version of CIFAR-100 and name the folder that holds train.bin.";

function find({ cifar100, labels }: Cifar100DataSpec, root: string): CifarFiles {
  requireFolder(root, cifar100, hint);
  const folder = cifarFolder(root, cifar100, "cifar-100-binary", "train.bin");
  const there = (name: string): boolean => existsSync(path.resolve(root, folder, name));
  if (!there("train.bin")) {
    if (there("train"))
      throw badFile(folder, "these are the files of CIFAR-100's Python version, which are pickles.", hint);
    throw badFile(folder, "there is no train.bin.", hint);
  }
  return {
    train: [path.join(folder, "train.bin")],
    test: there("test.bin") ? [path.join(folder, "test.bin")] : [],
    names: path.join(folder, `${labels}_label_names.txt`),
  };
}

export const cifar100Format = cifarFormat<Cifar100DataSpec>("cifar100", find, ({ labels }) => layouts[labels]);
