/**
 * What CIFAR-10 and CIFAR-100 have in common as formats: files of records for training and test, and one of the classes' names.
 * Invariant: as in format.ts.
 */
import path from "node:path";
import type { Cifar10DataSpec, Cifar100DataSpec } from "../../../../core/study/definition.ts";
import { cifarRows, cifarSource, classNames, type CifarLayout } from "../files/cifarRecords.ts";
import type { DataFormat } from "./format.ts";

/** Relative to the study file. */
export interface CifarFiles {
  readonly train: readonly string[];
  /** Empty where there is no test part. */
  readonly test: readonly string[];
  /** It need not be there. */
  readonly names: string;
}

/** @param find throws BasinError when files are missing */
export function cifarFormat<S extends Cifar10DataSpec | Cifar100DataSpec>(
  key: string,
  find: (spec: S, root: string) => CifarFiles,
  layoutOf: (spec: S) => CifarLayout,
): DataFormat<S> {
  return {
    key,
    files(spec, root) {
      const { names, test, train } = find(spec, root);
      return [...train, ...test, names].map((file) => path.resolve(root, file));
    },
    check(spec, root) {
      const { names, test, train } = find(spec, root);
      const layout = layoutOf(spec);
      const rows = cifarRows(root, train, layout);
      cifarRows(root, test, layout);
      classNames(root, names, layout.classes);
      return { rows, image: [32, 32, 3] };
    },
    open(spec, root) {
      const { names, test, train } = find(spec, root);
      const layout = layoutOf(spec);
      return cifarSource(root, train, test, layout, classNames(root, names, layout.classes));
    },
  };
}
