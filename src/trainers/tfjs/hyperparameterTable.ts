/**
 * The one table of what the built-in trainer understands by a parameter's name: type, default, range, meaning, models.
 * Invariant: plain data; docs/trainer.md, completion, hover and the checks are made from it.
 */

export type ModelScope = "mlp" | "vgg" | "training";

interface EntryBase {
  /** Whom it concerns: "training" = every model, a user's module included. */
  readonly scope: readonly ModelScope[];
  readonly help: string;
  /** The default in words, where it depends on other parameters. */
  readonly shown?: string;
}

export interface NumberEntry extends EntryBase {
  readonly type: "float" | "int";
  readonly default: number;
  readonly low: number;
  readonly high: number;
  /** Whether `low` itself is excluded. */
  readonly above?: boolean;
  /** `width`: `width1`, `width2` ... set it for single layers or blocks, from 1 up to `count`. */
  readonly numbered?: { readonly prefix: string; readonly count: number };
}

export interface ChoiceEntry<C extends string = string> extends EntryBase {
  readonly type: "choice";
  readonly default: C;
  readonly choices: readonly C[];
}

export interface FlagEntry extends EntryBase {
  readonly type: "flag";
  readonly default: boolean;
}

export type HyperparameterEntry = NumberEntry | ChoiceEntry | FlagEntry;

const optimizers = ["sgd", "momentum", "nesterov", "adam", "adamw", "rmsprop"] as const;
const hypergradients = ["none", "cosine", "raw"] as const;
const schedules = ["constant", "step", "exponential", "cosine", "plateau", "oneCycle"] as const;
const monitors = ["val_loss", "val_accuracy", "val_f1", "val_rmse", "val_mae", "val_r2"] as const;
const activations = ["relu", "elu", "selu", "tanh", "sigmoid", "softplus", "linear"] as const;
const initializers = ["auto", "heNormal", "heUniform", "glorotNormal", "glorotUniform", "leCunNormal"] as const;

export type OptimizerName = (typeof optimizers)[number];
export type ScheduleName = (typeof schedules)[number];
export type MonitorName = (typeof monitors)[number];
export type ActivationName = (typeof activations)[number];
export type InitializerName = (typeof initializers)[number];

type NumberOptions = Pick<NumberEntry, "above" | "numbered" | "shown">;

const numeric =
  (type: "float" | "int") =>
  (
    scope: readonly ModelScope[],
    value: number,
    low: number,
    high: number,
    help: string,
    options: NumberOptions = {},
  ): NumberEntry => ({ type, scope, default: value, low, high, help, ...options });
const float = numeric("float");
const int = numeric("int");
const choice = <const C extends string>(
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
const above = { above: true };
const perBlock = (prefix: string): NumberOptions => ({ numbered: { prefix, count: 10 } });

export const hyperparameterTable = {
  epochs: int(all, 0, 0, 1_000_000, "Passes over the training part. 0 = `trainer.epochs` of the study."),
  batchSize: int(all, 64, 1, 1_000_000, "Samples a step; the last batch of an epoch may be smaller."),
  optimizer: choice(
    all,
    optimizers,
    "adam",
    "Update rule. `nesterov` is `momentum` with the look-ahead gradient; `adamw` decays weights apart from the gradient.",
  ),
  learningRate: float(
    all,
    0.001,
    0,
    1000,
    "Step size before the schedule; with `oneCycle` the largest, with `hypergradient` the first one (0.01 there for `sgd`, `momentum` and `nesterov`).",
    above,
  ),
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
  epsilon: float(all, 1e-7, 0, 1, "Added to the denominators of `adam`, `adamw` and `rmsprop`.", above),
  weightDecay: float(
    all,
    0,
    0,
    10,
    "Pulls kernels (not biases, not batch norm) to zero: L2 added to the gradient, or decoupled with `adamw`.",
  ),
  gradClip: float(all, 0, 0, 1e9, "Largest global norm of the gradient; 0 = no clipping."),
  hypergradient: choice(
    all,
    hypergradients,
    "none",
    "Lets every step adapt the learning rate, and for `momentum`, `nesterov` and `sgd` with a given momentum the momentum too. `cosine` does not depend on the gradient's scale, `raw` does. Not with `rmsprop`, schedules or warm-up.",
  ),
  hypergradientLr: float(
    all,
    0,
    0,
    10,
    "How fast `hypergradient` moves the learning rate. Default: `cosine` 0.05, above 1000 steps 0.02; `raw` 1e-3, for `adam` and `adamw` 1e-7 (1e-8 in a `vgg`).",
    { shown: "by rule" },
  ),
  hypergradientMomentum: float(
    all,
    0,
    0,
    10,
    "How fast `hypergradient` moves the momentum. Default: `cosine` 0.02, above 1000 steps 0.01; `raw` 1e-3.",
    { shown: "by rule" },
  ),
  hypergradientRange: choice(
    all,
    ["wide", "paper"],
    "wide",
    "Bounds of what `hypergradient` moves. `wide`: learning rate 1e-6 to 1, momentum 0 to 0.99. `paper`: 1e-5 to 0.2 and 0.7 to 0.99 (Seifi and Niaki, Table 2).",
  ),
  labelSmoothing: float(all, 0, 0, 0.999, "Share of the target spread over all classes while training."),
  classWeights: choice(
    all,
    ["none", "balanced"],
    "none",
    "`balanced` weighs each sample in the training loss by rows / (classes x rows of its class).",
  ),
  huberDelta: float(
    all,
    0,
    0,
    1e9,
    "Regression: above 0, train with the Huber loss, linear beyond this error (in units of the standardised target); 0 = squared error.",
  ),
  lrSchedule: choice(
    all,
    schedules,
    "constant",
    "How the learning rate changes: `step`, `exponential` and `plateau` from epoch to epoch, `cosine` and `oneCycle` from step to step.",
  ),
  lrDecay: float(all, 0, 0, 1, "Factor of `step`, `exponential` (a whole epoch) and `plateau`. 0 = the default.", {
    shown: "0.1; exponential 0.95",
  }),
  lrStepEpochs: int(all, 0, 0, 1_000_000, "`step`: epochs between two drops. 0 = a third of the epochs."),
  lrFinal: float(all, 0, 0, 1, "`cosine`: last learning rate as a share of the first."),
  plateauPatience: int(all, 5, 1, 1_000_000, "`plateau`: epochs without a better `monitor` before a drop."),
  plateauThreshold: float(all, 1e-4, 0, 1, "`plateau`: the least relative change that counts as better."),
  plateauMinLr: float(all, 0, 0, 1000, "`plateau`: the learning rate never drops below."),
  oneCycleWarmup: float(all, 0.3, 0, 1, "`oneCycle`: share of the steps in which the rate rises."),
  oneCycleDiv: float(all, 25, 1, 1e9, "`oneCycle`: the first rate is `learningRate` divided by it."),
  oneCycleFinalDiv: float(all, 1e4, 1, 1e12, "`oneCycle`: the last rate is the first one divided by it."),
  oneCycleMomentum: float(
    all,
    0,
    0,
    0.9999,
    "`oneCycle`: above 0, the momentum (`beta1` of `adam`) falls to it while the rate rises, and comes back.",
  ),
  warmupEpochs: float(all, 0, 0, 1_000_000, "Epochs of linear warm-up from zero; the schedule begins after them."),
  monitor: choice(
    all,
    monitors,
    "val_loss",
    "The metric that `plateau` and early stopping look at. Those that the task does not have are refused.",
  ),
  earlyStoppingPatience: int(all, 0, 0, 1_000_000, "End after so many epochs without a better `monitor`; 0 = never."),
  earlyStoppingMinDelta: float(all, 0, 0, 1e9, "The least change that counts as better for early stopping."),
  earlyStoppingRestore: flag(all, true, "After early stopping, end with the weights of the best epoch."),

  depth: int(["mlp"], 2, 0, 100, "Hidden layers; 0 = a linear model."),
  width: int(["mlp"], 128, 1, 1_000_000, "Units of each hidden layer. `width1`, `width2`, ... set single layers.", {
    numbered: { prefix: "width", count: 99 },
  }),
  activation: choice(both, activations, "relu", "After each hidden layer."),
  dropout: float(both, 0, 0, 0.99, "Share of units dropped after each hidden dense layer."),
  batchNorm: flag(both, false, "Batch normalisation before each activation of hidden layers."),
  init: choice(
    both,
    initializers,
    "auto",
    "Initial kernels. `auto`: heNormal for relu, elu and softplus, leCunNormal for selu, else glorotUniform.",
  ),
  blocks: int(["vgg"], 2, 1, 10, "Blocks of convolutions, each ended by 2 x 2 max pooling or what `pooling` says."),
  layersPerBlock: int(
    ["vgg"],
    2,
    1,
    10,
    "Convolutions a block. `layers1`, `layers2`, ... set single blocks.",
    perBlock("layers"),
  ),
  filters: int(
    ["vgg"],
    32,
    1,
    4096,
    "Filters of the first block's convolutions. `filters1`, `filters2`, ... set single blocks.",
    perBlock("filters"),
  ),
  filterGrowth: float(["vgg"], 2, 0.25, 8, "Factor from one block's filters to the next one's."),
  kernel: int(
    ["vgg"],
    3,
    1,
    15,
    "Side of the convolution kernels. `kernel1`, `kernel2`, ... set single blocks.",
    perBlock("kernel"),
  ),
  padding: choice(
    ["vgg"],
    ["same", "valid"],
    "same",
    "`same` keeps an image's size in a convolution; with `valid` each takes `kernel` - 1 rows and columns off.",
  ),
  pooling: choice(["vgg"], ["max", "average"], "max", "What the 2 x 2 pooling at the end of each block takes."),
  batchNormAt: choice(
    ["vgg"],
    ["every", "blockStart"],
    "every",
    "With `batchNorm`: after every hidden layer, or after the first convolution of each block only.",
  ),
  convDropout: float(
    ["vgg"],
    0,
    0,
    0.99,
    "Share of cells dropped at the end of each block. `convDropout1`, `convDropout2`, ... set single blocks.",
    perBlock("convDropout"),
  ),
  denseLayers: int(["vgg"], 1, 0, 10, "Hidden dense layers after the blocks."),
  denseUnits: int(
    ["vgg"],
    128,
    0,
    1_000_000,
    "Units of each hidden dense layer; 0 = no such layer. `denseUnits1`, `denseUnits2`, ... set single layers.",
    perBlock("denseUnits"),
  ),
} as const satisfies Record<string, HyperparameterEntry>;

export type HyperparameterTable = typeof hyperparameterTable;
