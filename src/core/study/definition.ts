/**
 * A study as the rest of Basin sees it: checked, normalised, defaults filled in.
 * Invariant: only `parseStudy` makes one from text, so a `StudyDefinition` is always valid.
 */
import type { Objective } from "../objective.ts";
import type { Space } from "../space/parameter.ts";
import type { Diagnostics } from "./diagnostics.ts";

/** Random changes of training images, drawn anew in every epoch. */
export interface AugmentSpec {
  /** Mirror every second image, at random, left to right. */
  readonly flip: boolean;
  /** Pixels added on each side before a window of the image's own size is cut out at random; 0 = none. */
  readonly crop: number;
  /** What the added pixels hold: 0 (after standardisation, so the mean) or the image mirrored at its edge. */
  readonly padding: "zero" | "reflect";
}

/** What all sources of samples have in common. */
export interface DataOptions {
  /** Fraction of the rows (without an official test part), in (0, 1). */
  readonly validation: number;
  /** Fraction of the rows, in [0, 1); undefined = the official test part where the data has one, else 0.2. */
  readonly test?: number;
  /** Fit mean and standard deviation on the training part, apply to all. Per channel for images. */
  readonly standardize: boolean;
  readonly task: "classification" | "regression";
  /** [height, width, channels] when a row is an image (row-major, channels last). */
  readonly image?: readonly [number, number, number];
  readonly augment?: AugmentSpec;
  /** Use only so many rows, stratified; an official test part shrinks in proportion. undefined = all. */
  readonly subset?: number;
}

/** A CSV file with a header line. */
export interface CsvDataSpec extends DataOptions {
  readonly csv: string;
  /** Column with the target. */
  readonly label: string;
}

/** Two NumPy files, optionally two more with an official test part. */
export interface NpyDataSpec extends DataOptions {
  readonly npy: string;
  readonly labels: string;
  readonly testFeatures?: string;
  readonly testLabels?: string;
}

/** Arrays of one NumPy archive, by name. */
export interface NpzDataSpec extends DataOptions {
  readonly npz: string;
  readonly features: string;
  readonly labels: string;
  readonly testFeatures?: string;
  readonly testLabels?: string;
}

/** Folder with the binary version of CIFAR-10. */
export interface Cifar10DataSpec extends DataOptions {
  readonly cifar10: string;
}

/** Folder with the binary version of CIFAR-100. */
export interface Cifar100DataSpec extends DataOptions {
  readonly cifar100: string;
  readonly labels: "fine" | "coarse";
}

/** Folder with IDX files: MNIST and its relatives. */
export interface MnistDataSpec extends DataOptions {
  readonly mnist: string;
  /** What stands before `train-images...` and `t10k-images...` in the file names, without the hyphen. */
  readonly prefix?: string;
}

/** Folder with SVHN's cropped digits, train_32x32.mat and test_32x32.mat. */
export interface SvhnDataSpec extends DataOptions {
  readonly svhn: string;
}

/** Where the built-in trainer's samples come from: the first key names the format. Paths are relative to the study file. */
export type DataSpec =
  | CsvDataSpec
  | NpyDataSpec
  | NpzDataSpec
  | Cifar10DataSpec
  | Cifar100DataSpec
  | MnistDataSpec
  | SvhnDataSpec;

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
  /** Steps of a full training, if known: for schedulers. */
  readonly epochs?: number;
}

export type TrainerSpec = TfjsTrainerSpec | CommandTrainerSpec | ExternalTrainerSpec;

export interface Limits {
  /** Seconds a trial may run; undefined = no limit. */
  readonly timeout?: number;
  /** Seconds a trial may stay silent (no event, no output) before it counts as hung; undefined = no limit for programs, a generous one for the built-in trainer. */
  readonly heartbeat?: number;
  /** GPUs a trial holds (CUDA_VISIBLE_DEVICES); 0 = none. */
  readonly gpus: number;
}

export interface Budget {
  /** Trials that may finish, failed ones included; undefined = no limit (then `time` or `epochs` is set). */
  readonly trials?: number;
  /** Seconds the study may run, paused time excluded. */
  readonly time?: number;
  /** Steps (epochs) that all trials together may train; undefined = no limit. */
  readonly epochs?: number;
  /** Hours that GPUs may be held by trials, summed over GPUs. */
  readonly gpuHours?: number;
  /** Trials in a row that may bring nothing better, failed ones not counted. */
  readonly patience?: number;
  /** In the objective's unit: end when a model sees no more than this left to gain. Single objective only. */
  readonly regret?: number;
  /** Slots: trials that run at once. */
  readonly parallel: number;
}

/** A sampler or scheduler: its registered kind and its own options, checked against the registry's schema. */
export interface Choice {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Earlier studies of the workspace whose trials enter the model. */
export interface WarmStart {
  /** Name of the study. */
  readonly study: string;
  /** undefined = all of them. */
  readonly generation?: number;
}

/** What a rate is to the training. */
export type OnlineRole = "learningRate" | "momentum";

/** A rate that the trainer adapts while it trains; the space holds its start value as a constant of the same name. */
export interface OnlineRate {
  /** As the trainer knows it. */
  readonly name: string;
  readonly start: number;
  /** It never leaves these bounds. */
  readonly low: number;
  readonly high: number;
}

/** Rates that trials adapt by hypergradients, in place of a search; at least one. See online.ts. */
export type TuneOnline = { readonly rule: "cosine" | "raw" } & Readonly<Partial<Record<OnlineRole, OnlineRate>>>;

export interface StudyDefinition {
  readonly name: string;
  readonly objectives: readonly [Objective, ...Objective[]];
  readonly trainer: TrainerSpec;
  readonly limits: Limits;
  readonly space: Space;
  /** Absent when nothing is tuned online. */
  readonly tuneOnline?: TuneOnline;
  /** Expressions over parameter names that must be true; see core/expression. */
  readonly constraints: readonly string[];
  readonly sampler: Choice;
  readonly scheduler: Choice;
  /** In the order of the file; absent when nothing is named. */
  readonly warmStart?: readonly WarmStart[];
  readonly budget: Budget;
  readonly seed: number;
  /** What is measured of every trial beside its metrics; absent = nothing. */
  readonly diagnostics?: Diagnostics;
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
