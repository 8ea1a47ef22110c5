/**
 * What Basin knows about the usual names of hyperparameters: which there are, and which ranges are sensible round a value.
 * Invariant: `rangeFor` gives a valid parameter or undefined (the value is nothing this kind can be).
 */
import type { ParamValue } from "../space/parameter.ts";
import { around, choicesLike, growth, logAround, powersAround } from "./ranges.ts";

/** The domain part of a parameter of the space, as it is written. */
export type InferredDomain =
  | { readonly type: "float"; readonly low: number; readonly high: number; readonly log?: true }
  | { readonly type: "int"; readonly low: number; readonly high: number; readonly log?: true; readonly step?: number }
  | { readonly type: "categorical"; readonly choices: readonly ParamValue[] };

export interface HyperparameterKind {
  readonly id: string;
  /** For people: "learning rate". */
  readonly label: string;
  /** One of these alone says that the file configures a training. */
  readonly unmistakable: boolean;
  readonly rangeFor: (value: ParamValue) => InferredDomain | undefined;
  /** A value as one finds it in most projects. */
  readonly typical?: ParamValue;
}

interface KnownKind extends HyperparameterKind {
  /** Lower case, without separators. */
  readonly names: readonly string[];
}

const isNumber = (value: ParamValue): value is number => typeof value === "number" && Number.isFinite(value);
const isCount = (value: ParamValue): value is number =>
  isNumber(value) && Number.isInteger(value) && value >= 1 && value <= 1e9;
const isFraction = (value: ParamValue): value is number => isNumber(value) && value >= 0 && value < 1;

function kind(
  id: string,
  label: string,
  names: string,
  rangeFor: HyperparameterKind["rangeFor"],
  unmistakable = false,
): KnownKind {
  return { id, label, names: names.split(" "), rangeFor, unmistakable };
}

const fraction =
  (low: number, high: number) =>
  (value: ParamValue): InferredDomain | undefined =>
    isNumber(value) && value >= 0 && value <= 1
      ? { type: "float", low: Math.min(low, value), high: Math.max(high, value) }
      : undefined;

const flag = (value: ParamValue): InferredDomain | undefined =>
  typeof value === "boolean" ? { type: "categorical", choices: [value, !value] } : undefined;

const positiveLog =
  (factor: number, cap = Number.POSITIVE_INFINITY) =>
  (value: ParamValue): InferredDomain | undefined =>
    isNumber(value) && value > 0 ? logAround(value, factor, cap) : undefined;

const width = (value: ParamValue): InferredDomain | undefined => (isCount(value) ? powersAround(value) : undefined);

/** Sizes that other sizes must divide: only halves and doubles of the present one. */
const halvesAndDoubles = (value: ParamValue): InferredDomain | undefined => {
  if (!isCount(value)) return undefined;
  const choices = [value, value % 2 === 0 ? value / 2 : 0, value * 2].filter((choice) => choice >= 1);
  return { type: "categorical", choices };
};

/** In the order of how much they usually matter: the first ones are searched when a file has many. */
const kinds: readonly KnownKind[] = [
  kind(
    "learningRate",
    "learning rate",
    "lr learningrate baselr initlr initiallr lrinit learnrate lr0 eta0 learningrateinit maxlr peaklr",
    (value) => (isNumber(value) && value > 0 ? logAround(value, 30, Math.max(1, value * 3)) : undefined),
    true,
  ),
  kind("optimizer", "optimizer", "optimizer optim opt optimizername optimizertype optimizerclass", (value) =>
    choicesLike(
      value,
      ["adam", "sgd", "adamw", "rmsprop"],
      [
        "adam",
        "sgd",
        "adamw",
        "rmsprop",
        "adagrad",
        "adadelta",
        "adamax",
        "nadam",
        "radam",
        "lion",
        "lamb",
        "momentum",
        "nesterov",
        "lbfgs",
      ],
      {
        adam: "Adam",
        sgd: "SGD",
        adamw: "AdamW",
        rmsprop: "RMSprop",
      },
    ),
  ),
  kind(
    "batchSize",
    "batch size",
    "batchsize trainbatchsize perdevicetrainbatchsize minibatchsize minibatch bs",
    width,
    true,
  ),
  kind(
    "width",
    "layer width",
    "hidden hiddensize hiddendim hiddenunits hiddenchannels nhidden numhidden width units numunits denseunits fcdim fcsize mlpdim mlpwidth ffndim dimfeedforward dff intermediatesize latentdim latentsize embeddingdim embeddingsize embsize",
    width,
  ),
  kind("modelDimension", "model dimension", "dmodel embeddim nembd modeldim", halvesAndDoubles),
  kind(
    "depth",
    "depth",
    "depth numlayers nlayers nlayer layers numhiddenlayers hiddenlayers numblocks nblocks blocks",
    (value) => (isCount(value) && value <= 1000 ? growth(value) : undefined),
  ),
  kind(
    "dropout",
    "dropout",
    "dropout dropoutrate droprate dropoutprob dropprob pdrop pdropout hiddendropout attentiondropout attndropout embdropout resdropout droppath droppathrate keepprob",
    (value) => (isFraction(value) ? { type: "float", low: 0, high: Math.max(0.6, value) } : undefined),
    true,
  ),
  kind(
    "weightDecay",
    "weight decay",
    "weightdecay wd l2 l2reg regl2 l2regularization l2penalty l2lambda",
    (value) => {
      if (value === 0) return { type: "float", low: 1e-6, high: 0.1, log: true };
      return isNumber(value) && value > 0 ? logAround(value, 100, Math.max(0.5, value * 2)) : undefined;
    },
    true,
  ),
  kind("momentum", "momentum", "momentum sgdmomentum", (value) =>
    isFraction(value) ? { type: "float", low: Math.min(0.5, value), high: Math.max(0.99, value) } : undefined,
  ),
  kind(
    "activation",
    "activation",
    "activation act activationfn actfn activationfunction nonlinearity hiddenact",
    (value) =>
      choicesLike(
        value,
        ["relu", "gelu", "silu", "tanh"],
        ["relu", "gelu", "silu", "swish", "tanh", "elu", "selu", "leakyrelu", "sigmoid", "softplus", "mish", "prelu"],
        {
          relu: "ReLU",
          gelu: "GELU",
          silu: "SiLU",
          tanh: "Tanh",
        },
      ),
  ),
  kind(
    "schedule",
    "learning-rate schedule",
    "scheduler lrscheduler lrschedule lrschedulertype schedulertype schedulername schedule lrpolicy",
    (value) =>
      choicesLike(
        value,
        ["cosine", "constant", "linear"],
        ["cosine", "constant", "linear", "polynomial", "step", "exponential", "plateau", "onecycle", "none"],
        {},
      ),
  ),
  kind(
    "filters",
    "filters",
    "filters nfilters numfilters basefilters channels basechannels numchannels nchannels convchannels basewidth",
    width,
  ),
  kind("kernelSize", "kernel size", "kernelsize kernel ksize convkernel filtersize", (value) => {
    if (!isCount(value) || value > 31) return undefined;
    return { type: "categorical", choices: [...new Set([value, 3, 5, 7])] };
  }),
  kind("heads", "attention heads", "numheads nheads nhead heads numattentionheads attentionheads", halvesAndDoubles),
  kind(
    "labelSmoothing",
    "label smoothing",
    "labelsmoothing labelsmoothingfactor smoothing",
    (value) => (isFraction(value) ? { type: "float", low: 0, high: Math.max(0.2, value) } : undefined),
    true,
  ),
  kind(
    "warmup",
    "warm-up",
    "warmup warmupsteps warmupepochs numwarmupsteps nwarmup warmupiters warmupratio warmupproportion warmupfraction",
    (value) => {
      if (!isNumber(value) || value < 0 || value > 1e9) return undefined;
      if (!Number.isInteger(value))
        return value < 1 ? { type: "float", low: 0, high: Math.max(0.2, value) } : undefined;
      return { type: "int", low: 0, high: Math.max(5, value * 2) };
    },
  ),
  kind(
    "gradClip",
    "gradient clipping",
    "gradclip clipgrad maxgradnorm gradclipnorm clipnorm gradientclipval gradientclipping gradnorm clipgradnorm",
    positiveLog(10),
    true,
  ),
  kind("beta1", "beta 1", "beta1 adambeta1", fraction(0.8, 0.99)),
  kind("beta2", "beta 2", "beta2 adambeta2", fraction(0.9, 0.9999)),
  kind("epsilon", "epsilon", "eps epsilon adameps adamepsilon", (value) =>
    // Small: added to a denominator. Large: a share, such as how often an agent explores.
    isNumber(value) && value > 0 && value <= 1e-3 ? logAround(value, 100, 1e-2) : fraction(0, 0.3)(value),
  ),
  kind("nesterov", "Nesterov momentum", "nesterov usenesterov", flag, true),
  kind("batchNorm", "normalisation", "batchnorm usebatchnorm batchnormalization usebn layernorm uselayernorm", flag),
  kind("gamma", "gamma", "gamma discount discountfactor lrgamma stepgamma", (value) => {
    if (!isNumber(value) || value <= 0) return undefined;
    if (value >= 0.8 && value < 1) return { type: "float", low: 0.8, high: Math.max(0.999, value) };
    return logAround(value, 10, value < 1 ? 1 : Number.POSITIVE_INFINITY);
  }),
  kind(
    "lrDecay",
    "learning-rate decay",
    "lrdecay learningratedecay decayrate lrdecayrate lrdecayfactor lrfactor",
    (value) => (isFraction(value) && value > 0 ? around(value, 0, 1) : undefined),
  ),
  kind("temperature", "temperature", "temperature temp tau distilltemperature", positiveLog(5)),
  kind("alpha", "alpha", "alpha mixupalpha cutmixalpha mixup cutmix distillalpha", positiveLog(10)),
  kind(
    "regularization",
    "regularisation",
    "lambda reglambda l1 l1reg regl1 lambdal1 lambdal2 regularization regalpha c svmc",
    positiveLog(100),
  ),
  kind("trees", "trees", "nestimators numestimators ntrees numtrees numboostround numiterations nrounds", width, true),
  kind("treeDepth", "tree depth", "maxdepth treedepth", (value) =>
    isCount(value) && value <= 1000 ? growth(value) : undefined,
  ),
  kind("leaves", "leaves", "numleaves maxleaves maxleafnodes", width, true),
  kind("boostRate", "shrinkage", "eta shrinkage", positiveLog(30, 1)),
  kind(
    "sampling",
    "row or column sampling",
    "subsample colsamplebytree colsamplebylevel featurefraction baggingfraction maxfeatures",
    fraction(0.5, 1),
  ),
  kind("leafSize", "samples in a leaf", "minchildweight minsamplesleaf mindatainleaf minchildsamples", width),
  kind("neighbours", "neighbours", "nneighbors numneighbors knn", width),
  kind("clipRange", "clip range", "cliprange clipepsilon ppoclip clipratio", (value) =>
    isFraction(value) && value > 0 ? around(value, 0.05, 0.5) : undefined,
  ),
  kind(
    "epochs",
    "epochs",
    "epochs numepochs nepochs maxepochs epoch numtrainepochs trainepochs trainingepochs totalepochs",
    () => undefined,
  ),
];

const byName: ReadonlyMap<string, KnownKind> = new Map(
  kinds.flatMap((known) => known.names.map((name) => [name, known] as const)),
);
const ranks: ReadonlyMap<string, number> = new Map(kinds.map((known, rank) => [known.id, rank]));

/** Keys that say nothing by themselves: `optimizer: { name: adam }`. */
const nameKeys: ReadonlySet<string> = new Set(["name", "type", "kind", "class", "target"]);

function normal(key: string): string {
  return key.toLowerCase().replace(/[-_\s.]/g, "");
}

/** The kind of the value at `path`, if its name and its value both fit. */
export function kindOf(path: readonly string[], value: ParamValue): HyperparameterKind | undefined {
  const key = normal(path.at(-1) ?? "");
  const parent = path.at(-2);
  const known = byName.get(key) ?? (nameKeys.has(key) && parent !== undefined ? byName.get(normal(parent)) : undefined);
  if (known === undefined) return undefined;
  if (known.id === "epochs") return isCount(value) && value <= 1_000_000 ? known : undefined;
  return known.rangeFor(value) === undefined ? undefined : known;
}

const typicalValues: Readonly<Record<string, ParamValue>> = {
  learningRate: 0.003,
  optimizer: "adam",
  batchSize: 64,
  width: 128,
  modelDimension: 256,
  depth: 2,
  dropout: 0.1,
  weightDecay: 1e-4,
  momentum: 0.9,
  activation: "relu",
  schedule: "cosine",
  filters: 32,
  kernelSize: 3,
  heads: 4,
  labelSmoothing: 0.1,
  gradClip: 1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  gamma: 0.99,
  batchNorm: true,
};

/** The kind that a parameter's name (last part of a dotted one) stands for, with a typical value where there is one. */
export function kindNamed(name: string): HyperparameterKind | undefined {
  const known = byName.get(normal(name)) ?? byName.get(normal(name.split(".").at(-1) ?? ""));
  const typical = known === undefined ? undefined : typicalValues[known.id];
  return known === undefined || typical === undefined ? known : { ...known, typical };
}

/** How much this kind usually matters; smaller is more. */
export function rankOf(kind: HyperparameterKind): number {
  return ranks.get(kind.id) ?? kinds.length;
}
