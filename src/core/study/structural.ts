/**
 * Which parameters are part of a model's structure, so that a change of them makes trained weights useless, and which steer
 * its training and may change between two epochs (Seifi and Niaki 2023, section 4).
 * Invariant: pure; a `kind` written in the study file wins; a name nobody knows counts as structural.
 */
import { kindNamed } from "../infer/knowledge.ts";
import type { Space } from "../space/parameter.ts";
import type { StudyDefinition, TrainerSpec } from "./definition.ts";

/** Of the built-in models; all their other parameters leave the weights usable. */
const structuralNames: ReadonlySet<string> = new Set([
  "activation",
  "batchNorm",
  "batchNormAt",
  "blocks",
  "denseLayers",
  "denseUnits",
  "depth",
  "filterGrowth",
  "filters",
  "init",
  "kernel",
  "layersPerBlock",
  "padding",
  "pooling",
  "width",
]);

/** `width1`, `filters2` ...: single layers or blocks. */
const structuralNumbered = /^(?:width|layers|filters|kernel|denseUnits)[1-9]\d?$/;

/** Hyperparameters of every training loop of the built-in trainer, whatever the model; see `hyperparameterTable.ts`. */
const trainingNames: ReadonlySet<string> = new Set([
  "batchSize",
  "beta1",
  "beta2",
  "classWeights",
  "earlyStoppingMinDelta",
  "earlyStoppingPatience",
  "earlyStoppingRestore",
  "epochs",
  "epsilon",
  "gradClip",
  "huberDelta",
  "hypergradient",
  "hypergradientLr",
  "hypergradientMomentum",
  "hypergradientRange",
  "labelSmoothing",
  "learningRate",
  "lrDecay",
  "lrFinal",
  "lrSchedule",
  "lrStepEpochs",
  "momentum",
  "monitor",
  "oneCycleDiv",
  "oneCycleFinalDiv",
  "oneCycleMomentum",
  "oneCycleWarmup",
  "optimizer",
  "plateauMinLr",
  "plateauPatience",
  "plateauThreshold",
  "rho",
  "warmupEpochs",
  "weightDecay",
]);

/**
 * Kinds of parameters (`core/infer/knowledge.ts`) that a program's saved weights survive. The optimizer's and the schedule's
 * kinds are not among them: their saved states fit no other kind.
 */
const nonStructuralKinds: ReadonlySet<string> = new Set([
  "alpha",
  "batchSize",
  "beta1",
  "beta2",
  "boostRate",
  "clipRange",
  "dropout",
  "epsilon",
  "gamma",
  "gradClip",
  "labelSmoothing",
  "learningRate",
  "lrDecay",
  "momentum",
  "nesterov",
  "regularization",
  "sampling",
  "temperature",
  "warmup",
  "weightDecay",
]);

const isBuiltIn = (trainer: TrainerSpec): boolean =>
  trainer.kind === "tfjs" && (trainer.model === "mlp" || trainer.model === "vgg");

/** By the name alone. */
function isStructuralName(trainer: TrainerSpec, name: string): boolean {
  if (isBuiltIn(trainer)) return structuralNames.has(name) || structuralNumbered.test(name);
  if (trainer.kind === "tfjs" && trainingNames.has(name)) return false;
  const kind = kindNamed(name);
  return kind === undefined || !nonStructuralKinds.has(kind.id);
}

/**
 * Whether a change of the parameter in the middle of a training makes the weights useless, so that no scheduler may change it
 * in a trial that goes on from a checkpoint. `kind` of the parameter decides; without it the built-in models' parameters are
 * known, and those of programs and model modules are judged by their names: learning rate, momentum, weight decay, dropout,
 * batch size and their like are not structural, every name that is not known is. A parameter that decides whether a
 * structural one exists (`when`) is structural, too. O(parameters^2).
 */
export function isStructural({ space, trainer }: Pick<StudyDefinition, "space" | "trainer">, name: string): boolean {
  const parameter = space.find((candidate) => candidate.name === name);
  if (parameter?.kind !== undefined) return parameter.kind === "structural";
  return (
    isStructuralName(trainer, name) ||
    childrenOf(space, name).some((child) => isStructural({ space, trainer }, child.name))
  );
}

/** Parameters whose existence depends on `name`. They stand later in the file, so that a chain of them ends. */
function childrenOf(space: Space, name: string): Space {
  return space.filter(({ when }) => when !== undefined && Object.hasOwn(when, name));
}
