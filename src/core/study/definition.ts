/**
 * A study as the rest of Basin sees it: checked, normalised, defaults filled in.
 * Invariant: only `parseStudy` makes one from text, so a `StudyDefinition` is always valid.
 */
import type { Objective } from "../objective.ts";
import type { Space } from "../space/parameter.ts";

/** Where the built-in trainer's samples come from. Paths are relative to the study file. */
export interface DataSpec {
  readonly csv: string;
  /** Column with the target. */
  readonly label: string;
  /** Fraction of all rows, in (0, 1). */
  readonly validation: number;
  /** Fraction of all rows, in [0, 1). */
  readonly test: number;
  /** Fit mean and standard deviation on the training part, apply to all. */
  readonly standardize: boolean;
  /** [height, width, channels] when the feature columns are an image (row-major, channels last). */
  readonly image?: readonly [number, number, number];
  readonly task: "classification" | "regression";
}

export const tfjsBackendNames = ["auto", "tfjs-node-gpu", "webgpu", "tfjs-node", "wasm", "cpu"] as const;
export type TfjsBackendName = (typeof tfjsBackendNames)[number];

export interface TfjsTrainerSpec {
  readonly kind: "tfjs";
  /** "mlp", "vgg", or a path ("./model.js") of a module exporting `build(params, tf, info)`. */
  readonly model: string;
  readonly data: DataSpec;
  readonly epochs: number;
  readonly backend: TfjsBackendName;
  /** XNNPACK / libtensorflow threads a trial; 0 = the executor decides from cores and `parallel`. */
  readonly threads: number;
  /** "fresh": a process for every trial; default: one process serves trials of a slot in turn. */
  readonly process?: "shared" | "fresh";
}

/** How to read a metric off the output of a program nobody may touch. */
export interface MetricPattern {
  readonly metric: string;
  /** JavaScript regular expression, tried on each output line; group `value` (or group 1) is the number, group `step` the step. */
  readonly pattern: string;
}

export interface CommandTrainerSpec {
  readonly kind: "command";
  /**
   * The program and its arguments, `{name}` replaced by the parameter's value inside an argument, never re-split.
   * A user's single string is split into words when the study is parsed; with `shell: true` it holds one string as written.
   */
  readonly run: readonly string[];
  /** Run `run[0]` through the system shell. Parameters then reach the program by environment and file only. */
  readonly shell: boolean;
  /** Relative to the study file; default its folder. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricPattern[];
  /** Epochs the program will run, if known: for ETA and schedulers. */
  readonly epochs?: number;
}

/** Trials are driven from outside, by `basin ask-tell`. */
export interface ExternalTrainerSpec {
  readonly kind: "none";
}

export type TrainerSpec = TfjsTrainerSpec | CommandTrainerSpec | ExternalTrainerSpec;

export interface Limits {
  /** Seconds a trial may run; undefined = no limit. */
  readonly timeout?: number;
  /** Seconds a trial may stay silent (no event, no output) before it counts as hung; undefined = no limit. */
  readonly heartbeat?: number;
  /** GPUs a trial holds (CUDA_VISIBLE_DEVICES); 0 = none. */
  readonly gpus: number;
}

export interface Budget {
  /** Trials that may finish, failed ones included; undefined = no limit (then `time` is set). */
  readonly trials?: number;
  /** Seconds the study may run, paused time excluded. */
  readonly time?: number;
  /** Slots: trials that run at once. */
  readonly parallel: number;
}

/** A sampler or scheduler: its registered kind and its own options, checked against the registry's schema. */
export interface Choice {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface StudyDefinition {
  readonly name: string;
  readonly objectives: readonly [Objective, ...Objective[]];
  readonly trainer: TrainerSpec;
  readonly limits: Limits;
  readonly space: Space;
  /** Expressions over parameter names that must be true; see core/expression. */
  readonly constraints: readonly string[];
  readonly sampler: Choice;
  readonly scheduler: Choice;
  readonly budget: Budget;
  readonly seed: number;
}

/** A range in the study's text, as offsets in UTF-16 code units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface StudyIssue {
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly range: TextRange;
  /** Path in the file, for example ["space", "width", "low"]. */
  readonly path: readonly (string | number)[];
}

export type StudyFormat = "yaml" | "json";

/** `study` is present exactly when no issue is an error. */
export interface ParsedStudy {
  readonly study?: StudyDefinition;
  readonly issues: readonly StudyIssue[];
}
