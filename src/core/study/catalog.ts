/**
 * What the study file may name: samplers and schedulers with their options, described once.
 * The parser, completion, hover, the JSON Schema and the docs all read this; `src/catalog.ts` puts the registries together.
 * Invariant: `options` is a strict Zod object whose every field has a default and a `.describe()`.
 */
import type { z } from "zod";

export interface MethodInfo {
  /** The word in the study file. */
  readonly kind: string;
  /** Name for people: "Tree-structured Parzen estimator". */
  readonly label: string;
  /** One line: when to use it. */
  readonly summary: string;
  readonly options: z.ZodObject;
}

export interface Catalog {
  readonly samplers: readonly MethodInfo[];
  readonly schedulers: readonly MethodInfo[];
}
