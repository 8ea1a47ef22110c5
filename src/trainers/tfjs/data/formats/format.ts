/**
 * The contract of a data format: one file a format, one line in registry.ts.
 * Invariant: whatever bytes the files hold, `check` and `open` give an answer or throw a BasinError that names the file; both
 * allocate no more than the files can hold.
 */
import type { DataSpec } from "../../../../core/study/definition.ts";
import type { Image, Source } from "../source.ts";

/** What headers alone tell; undefined where they do not. */
export interface Peek {
  /** Rows to split. */
  readonly rows?: number;
  readonly image?: Image;
}

export interface DataFormat<S extends DataSpec = DataSpec> {
  /** The key of the study's `data` that names it. */
  readonly key: string;
  /** Absolute paths of all files it reads, for telling whether they changed. @throws BasinError when one is missing */
  files(spec: S, root: string): readonly string[];
  /** Looks at the files without reading their rows: quick enough for the start of a study. @throws BasinError */
  check(spec: S, root: string): Peek;
  /** Opens the samples; `root` is the absolute folder that paths are relative to. @throws BasinError */
  open(spec: S, root: string): Source;
}

/** "[height, width, channels]" for people. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
