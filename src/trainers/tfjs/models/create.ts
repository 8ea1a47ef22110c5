/**
 * The model a study names: built in, or a user's module.
 */
import { totalmem } from "node:os";
import { BasinError } from "../../../core/errors.ts";
import type { Params } from "../../../core/space/parameter.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { Tf } from "../tf.ts";
import type { TrainingRandomness } from "../training/randomness.ts";
import { buildModel } from "./build.ts";
import { architectureOf, parameterCount, type ModelDescription } from "./description.ts";
import { describeMlp } from "./mlp.ts";
import type { TrainableModel } from "./trainable.ts";
import { buildUserModel } from "./userModule.ts";
import { describeVgg } from "./vgg.ts";

export type ModelKind = "mlp" | "vgg" | "module";

/** @throws BasinError for a name that is neither built in nor a path */
export function modelKind(model: string): ModelKind {
  if (model === "mlp" || model === "vgg") return model;
  if (/^[./]|[\\/]|\.[cm]?js$/.test(model)) return "module";
  throw new BasinError(
    "invalid-study",
    `There is no built-in model "${model}".`,
    'Use mlp, vgg, or the path of a module such as "./model.js".',
  );
}

export interface ModelRequest {
  readonly model: string;
  readonly root: string;
  readonly params: Params;
  readonly hyperparameters: Hyperparameters;
  readonly dataset: Dataset;
  readonly random: TrainingRandomness;
  readonly epochs: number;
  readonly seed: number;
}

/** Copies of the weights that every training holds: weights, gradient, and one of the optimizer or of a checkpoint. */
const copies = 3;

/**
 * Says in words what would otherwise end as a failed allocation somewhere inside a back end.
 * @param memory bytes of the machine
 * @throws BasinError "invalid-params" when the weights cannot fit
 */
export function checkSize(description: ModelDescription, memory: number): void {
  const count = parameterCount(description);
  const needed = 4 * copies * count;
  if (needed <= memory) return;
  const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
  throw new BasinError(
    "invalid-params",
    `The model would have ${count.toPrecision(3)} parameters, which take at least ${gib(needed)} while they are trained; this machine has ${gib(memory)}.`,
    "Lower the upper ends of widths, filters or units, or add a constraint to the study.",
  );
}

export async function createModel(tf: Tf, request: ModelRequest): Promise<TrainableModel> {
  const { dataset, hyperparameters: h, random } = request;
  const output = dataset.task === "regression" ? "value" : "logits";
  const kind = modelKind(request.model);
  if (kind !== "module") {
    const describe = kind === "mlp" ? describeMlp : describeVgg;
    const description = describe(h, dataset.inputShape, dataset.outputs);
    checkSize(description, totalmem());
    return { model: buildModel(tf, description, random), output, architecture: architectureOf(description) };
  }
  return buildUserModel(tf, request.model, request.root, request.params, {
    task: dataset.task,
    inputShape: dataset.inputShape,
    outputs: dataset.outputs,
    classes: dataset.classes,
    rows: dataset.train.rows,
    epochs: request.epochs,
    seed: request.seed,
  });
}
