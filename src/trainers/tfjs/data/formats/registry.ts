/**
 * All data formats. To add one: a file beside this one, a line here, and its keys in core/study/dataSchema.ts.
 */
import type { DataSpec } from "../../../../core/study/definition.ts";
import { cifar10Format } from "./cifar10.ts";
import { cifar100Format } from "./cifar100.ts";
import { csvFormat } from "./csv.ts";
import type { DataFormat } from "./format.ts";
import { mnistFormat } from "./mnist.ts";
import { npyFormat } from "./npy.ts";
import { npzFormat } from "./npz.ts";
import { svhnFormat } from "./svhn.ts";

export const dataFormats: readonly DataFormat[] = [
  csvFormat,
  npyFormat,
  npzFormat,
  cifar10Format,
  cifar100Format,
  mnistFormat,
  svhnFormat,
];

/** The format a study's data is in. @throws Error for data that no study file can name */
export function formatOf(spec: DataSpec): DataFormat {
  const format = dataFormats.find(({ key }) => Object.hasOwn(spec, key));
  if (format === undefined) throw new Error(`No data format has one of the keys ${Object.keys(spec).join(", ")}.`);
  return format;
}
