/**
 * The one table of what the built-in trainer understands by a parameter's name: type, default, range, meaning, models.
 * Invariant: code reads hyperparameters only through `resolveHyperparameters`; docs/trainer.md is written from this table.
 */
import { BasinError } from "../../core/errors.ts";
import type { ParamValue, Params } from "../../core/space/parameter.ts";

export type ModelScope = "mlp" | "vgg" | "training";

interface EntryBase {
  /** Whom it concerns: "training" = every model, a user's module included. */
  readonly scope: readonly ModelScope[];
  readonly help: string;
}

interface NumberEntry extends EntryBase {
  readonly type: "float" | "int";
  readonly default: number;
  readonly low: number;
  readonly high: number;
  /** Whether `low` itself is excluded. */
  readonly above?: boolean;
}

interface ChoiceEntry<C extends string = string> extends EntryBase {
  readonly type: "choice";
  readonly default: C;
  readonly choices: readonly C[];
}

interface FlagEntry extends EntryBase {
  readonly type: "flag";
  readonly default: boolean;
}

export type HyperparameterEntry = NumberEntry | ChoiceEntry | FlagEntry;

const optimizers = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"] as const;
const schedules = ["constant", "step", "exponential", "cosine", "plateau"] as const;
const activations = ["relu", "elu", "selu", "tanh", "sigmoid", "softplus", "linear"] as const;
const initializers = ["auto", "heNormal", "heUniform", "glorotNormal", "glorotUniform", "leCunNormal"] as const;

export type OptimizerName = (typeof optimizers)[number];
export type ScheduleName = (typeof schedules)[number];
export type ActivationName = (typeof activations)[number];
export type InitializerName = (typeof initializers)[number];

const float = (
  scope: readonly ModelScope[],
  value: number,
  low: number,
  high: number,
  help: string,
  above = false,
): NumberEntry => ({ type: "float", scope, default: value, low, high, above, help });
const int = (scope: readonly ModelScope[], value: number, low: number, high: number, help: string): NumberEntry => ({
  type: "int",
  scope,
  default: value,
  low,
  high,
  help,
});
const choice = <C extends string>(
  scope: readonly ModelScope[],
  choices: readonly C[],
  value: C,
  help: string,
): ChoiceEntry<C> => ({ type: "choice", scope, choices, default: value, help });
const flag = (scope: readonly ModelScope[], value: boolean, help: string): FlagEntry => ({
  type: "flag",
  scope,
  default: value,
  help,
});

const all = ["training"] as const;
const both = ["mlp", "vgg"] as const;

export const hyperparameterTable = {
  epochs: int(all, 0, 0, 1_000_000, "Passes over the training part. 0 = `trainer.epochs` of the study."),
  batchSize: int(all, 64, 1, 1_000_000, "Samples a step; the last batch of an epoch may be smaller."),
  optimizer: choice(
    all,
    optimizers,
    "adam",
    "Update rule. `nesterov` is `momentum` with the look-ahead gradient; `adamw` decays weights apart from the gradient.",
  ),
  learningRate: float(all, 0.001, 0, 1000, "Step size before the schedule.", true),
  momentum: float(
    all,
    0.9,
    0,
    0.9999,
    "Decay of the running gradient. For `momentum` and `nesterov`; `sgd` and `rmsprop` use it only when it is given.",
  ),
  beta1: float(all, 0.9, 0, 0.99999, "`adam`, `adamw`: decay of the gradient's mean."),
  beta2: float(all, 0.999, 0, 0.9999999, "`adam`, `adamw`: decay of the squared gradient's mean."),
  rho: float(all, 0.9, 0, 0.99999, "`rmsprop`: decay of the squared gradient's mean."),
  epsilon: float(all, 1e-7, 0, 1, "Added to the denominators of `adam`, `adamw` and `rmsprop`.", true),
  weightDecay: float(
    all,
    0,
    0,
    10,
    "Pulls kernels (not biases, not batch norm) to zero: L2 added to the gradient, or decoupled with `adamw`.",
  ),
  gradClip: float(all, 0, 0, 1e9, "Largest global norm of the gradient; 0 = no clipping."),
  labelSmoothing: float(all, 0, 0, 0.999, "Share of the target spread over all classes (classification)."),
  lrSchedule: choice(
    all,
    schedules,
    "constant",
    "How the learning rate changes from epoch to epoch (`cosine`: from step to step).",
  ),
  lrDecay: float(
    all,
    0,
    0,
    1,
    "Factor of `step` (default 0.1), `exponential` (a whole epoch, default 0.95) and `plateau` (default 0.5). 0 = that default.",
  ),
  lrStepEpochs: int(all, 0, 0, 1_000_000, "`step`: epochs between two drops. 0 = a third of the epochs."),
  lrFinal: float(all, 0, 0, 1, "`cosine`: last learning rate as a share of the first."),
  plateauPatience: int(all, 5, 1, 1_000_000, "`plateau`: epochs without a better val_loss before a drop."),
  warmupEpochs: float(all, 0, 0, 1_000_000, "Epochs of linear warm-up from zero, before any schedule."),
  earlyStoppingPatience: int(
    all,
    0,
    0,
    1_000_000,
    "End after so many epochs without a better val_loss and go back to the best epoch's weights; 0 = never.",
  ),

  depth: int(["mlp"], 2, 0, 100, "Hidden layers; 0 = a linear model."),
  width: int(["mlp"], 128, 1, 1_000_000, "Units of each hidden layer. `width1`, `width2`, ... set single layers."),
  activation: choice(both, activations, "relu", "After each hidden layer."),
  dropout: float(both, 0, 0, 0.99, "Share of units dropped after each hidden dense layer."),
  batchNorm: flag(both, false, "Batch normalisation before each activation of hidden layers."),
  init: choice(
    both,
    initializers,
    "auto",
    "Initial kernels. `auto`: heNormal for relu, elu and softplus, leCunNormal for selu, else glorotUniform.",
  ),
  blocks: int(["vgg"], 2, 1, 10, "Blocks of convolutions, each ended by 2x2 max pooling."),
  layersPerBlock: int(["vgg"], 2, 1, 10, "Convolutions a block."),
  filters: int(["vgg"], 32, 1, 4096, "Filters of the first block's convolutions."),
  filterGrowth: float(["vgg"], 2, 0.25, 8, "Factor from one block's filters to the next one's."),
  kernel: int(["vgg"], 3, 1, 15, "Side of the convolution kernels."),
  convDropout: float(["vgg"], 0, 0, 0.99, "Share of cells dropped at the end of each block."),
  denseUnits: int(["vgg"], 128, 0, 1_000_000, "Units of the dense layer after the blocks; 0 = none."),
} as const satisfies Record<string, HyperparameterEntry>;

type Table = typeof hyperparameterTable;
type ValueOf<E> = E extends { type: "choice"; choices: readonly (infer C)[] }
  ? C
  : E extends { type: "flag" }
    ? boolean
    : number;

export type Hyperparameters = { readonly [K in keyof Table]: ValueOf<Table[K]> } & {
  /** Units of single hidden layers (`width1` -> index 0), where they differ from `width`. */
  readonly widths: readonly (number | undefined)[];
  /** Names that the trial gave, rather than the table. */
  readonly given: ReadonlySet<string>;
};

const widthPattern = /^width([1-9]\d?)$/;

function entryFor(name: string): HyperparameterEntry | undefined {
  if (widthPattern.test(name)) return hyperparameterTable.width;
  return Object.hasOwn(hyperparameterTable, name) ? hyperparameterTable[name as keyof Table] : undefined;
}

/** Names a built-in model understands, in the table's order. */
export function knownNames(model: "mlp" | "vgg"): string[] {
  return Object.entries<HyperparameterEntry>(hyperparameterTable)
    .filter(([, entry]) => entry.scope.includes("training") || entry.scope.includes(model))
    .map(([name]) => name);
}

function invalid(message: string, hint = ""): BasinError {
  return new BasinError("invalid-params", message, hint);
}

function checkedValue(name: string, entry: HyperparameterEntry, value: ParamValue): number | string | boolean {
  switch (entry.type) {
    case "flag":
      if (typeof value === "boolean") return value;
      if (value === 0 || value === 1) return value === 1;
      throw invalid(`${name} must be true or false, not ${JSON.stringify(value)}.`);
    case "choice":
      if (typeof value === "string" && entry.choices.includes(value)) return value;
      throw invalid(`${name} cannot be ${JSON.stringify(value)}.`, `It is one of ${entry.choices.join(", ")}.`);
    case "int":
    case "float":
      break;
  }
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw invalid(`${name} must be a number, not ${JSON.stringify(value)}.`);
  }
  if (entry.type === "int" && !Number.isInteger(value)) {
    throw invalid(`${name} must be a whole number, not ${value}.`);
  }
  const excluded = entry.above === true;
  if (value < entry.low || value > entry.high || (excluded && value === entry.low)) {
    throw invalid(
      `${name} is ${value}, which is out of range.`,
      `It must be ${excluded ? "above" : "at least"} ${entry.low} and at most ${entry.high}.`,
    );
  }
  return value;
}

/** Letters to change, add, drop or swap between two words (optimal string alignment); O(len a * len b). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    rows.push(Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : i)));
    if (i === 0) continue;
    const row = rows[i]!;
    const above = rows[i - 1]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row[j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

/** A word with case, underscores and hyphens taken out, for comparing spellings. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, "");

/** The known name nearest to `name`, if one is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const aliases: Readonly<Record<string, string>> = {
    lr: "learningRate",
    bs: "batchSize",
    wd: "weightDecay",
    l2: "weightDecay",
    units: "width",
    layers: "depth",
    initializer: "init",
    kernelsize: "kernel",
  };
  const alias = aliases[plain(name)];
  if (alias !== undefined && known.includes(alias)) return alias;
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(plain(name), plain(candidate));
    if (distance <= Math.max(1, Math.floor(candidate.length / 4)) && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name;
}

/**
 * A trial's parameters as checked hyperparameters, defaults filled in.
 * @param model "mlp" and "vgg" take only what the table lists; a user's module ("module") may have parameters of its own,
 *   which it gets as they are.
 * @throws BasinError "invalid-params" naming the parameter and, for an unknown one, the known ones
 */
export function resolveHyperparameters(params: Params, model: "mlp" | "vgg" | "module"): Hyperparameters {
  const values: Record<string, number | string | boolean> = {};
  for (const [name, entry] of Object.entries(hyperparameterTable)) values[name] = entry.default;
  const widths: (number | undefined)[] = [];
  const given = new Set<string>();
  for (const [name, value] of Object.entries(params)) {
    const entry = entryFor(name);
    const applies =
      entry !== undefined && (entry.scope.includes("training") || (model !== "module" && entry.scope.includes(model)));
    if (!applies) {
      if (model === "module") continue;
      const near = nearestName(name, knownNames(model));
      throw invalid(
        `The model "${model}" has no parameter "${name}".`,
        `${near === undefined ? "" : `Did you mean "${near}"? `}It knows ${knownNames(model).join(", ")}.`,
      );
    }
    const checked = checkedValue(name, entry, value);
    given.add(name);
    const layer = widthPattern.exec(name)?.[1];
    if (layer === undefined) values[name] = checked;
    else widths[Number(layer) - 1] = checked as number;
  }
  return { ...values, widths, given } as unknown as Hyperparameters;
}
