/**
 * What the study file may name: samplers and schedulers with their options, described once.
 * The parser, completion, hover, the JSON Schema and the docs all read this; `src/catalog.ts` puts the registries together.
 * Invariant: `options` is a strict Zod object whose every field has a default and a `.describe()`.
 */
import type { z } from "zod";
import type { EstimatorId } from "../sharpness.ts";
import type { ParamValue } from "../space/parameter.ts";

/** Sharpness that a scheduler chooses by, so that the study measures it without being asked to. */
export interface MeasuredForScheduler {
  readonly estimators: readonly EstimatorId[];
  /** Samples of a mini-batch; "trial" = as many as the trial trains with. */
  readonly batch: number | "trial";
  /** Step (epoch) after which it is wanted. */
  readonly step: number;
  /** Whether the loss of the untrained model is wanted, too: `baseline_loss`. */
  readonly baseline: boolean;
}

export interface MethodInfo {
  /** The word in the study file. */
  readonly kind: string;
  /** Name for people: "Tree-structured Parzen estimator". */
  readonly label: string;
  /** One line: when to use it. */
  readonly summary: string;
  /** Where the method comes from: authors, title, place, year. */
  readonly source?: string;
  readonly options: z.ZodObject;
  /** Without a `prior` at any parameter another method does better. */
  readonly wantsPrior?: true;
  /** What finished trials must carry beside their values; see `FinishedTrial`. */
  readonly needs?: "curves" | "gradients";
  /** A scheduler that must know how many steps a full training has. */
  readonly needsSteps?: true;
  /** A scheduler that changes parameters of trials in training, as far as they are not structural. */
  readonly mutates?: true;
  /** A scheduler that judges by all objectives; others look at the first. */
  readonly judgesAll?: true;
  /** What a scheduler needs measured of every trial. */
  readonly measures?: (options: Readonly<Record<string, unknown>>) => MeasuredForScheduler | undefined;
  /** A scheduler's own sampler: taken where the study file names none, and what `auto` becomes. */
  readonly sampler?: string;
  /** Why a scheduler cannot work with a sampler, and what to do; undefined where it can. */
  readonly refuses?: (sampler: string) => string | undefined;
}

/** A model of the built-in trainer, as far as a study file must know it. */
export interface ModelInfo {
  /** The word in `trainer.model`. */
  readonly name: string;
  /** Parameters it understands, for completion and hover. */
  readonly parameters: readonly { readonly name: string; readonly help: string }[];
  readonly understands: (parameter: string) => boolean;
  /** Why the parameter cannot have this value, or why there is no such parameter, for a person; undefined if it can. */
  readonly problemOf: (parameter: string, value: ParamValue) => string | undefined;
}

export interface Catalog {
  readonly samplers: readonly MethodInfo[];
  readonly schedulers: readonly MethodInfo[];
  /** Built-in models; without them parameters of the built-in trainer go unchecked. */
  readonly models?: readonly ModelInfo[];
  /** Metrics that the built-in trainer reports, by task; without them objectives go unchecked. */
  readonly metrics?: Readonly<Record<"classification" | "regression", readonly string[]>>;
  /** What the built-in trainer differentiates, and by which parameters; without it nobody asks. */
  readonly gradients?: {
    readonly metrics: Readonly<Record<"classification" | "regression", readonly string[]>>;
    readonly parameters: readonly string[];
  };
}
