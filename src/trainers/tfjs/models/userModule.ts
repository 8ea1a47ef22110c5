/**
 * A user's own model: a JavaScript module exporting `build(params, tf, info)`, CommonJS or ES module.
 * Invariant: what is wrong with the module is said in terms of the module, and it cannot leave the trainer in a bad state
 * other than by failing the trial.
 */
import path from "node:path";
import { pathToFileURL } from "node:url";
import { BasinError, errorText } from "../../../core/errors.ts";
import type { Params } from "../../../core/space/parameter.ts";
import type { DataShape } from "../data/dataset.ts";
import type { LayersModel, Tf } from "../tf.ts";
import type { OutputKind } from "../training/head.ts";
import type { TrainableModel } from "./trainable.ts";

/** What `build` is told beside the trial's parameters. */
export interface BuildInfo extends DataShape {
  /** Rows of the training part. */
  readonly rows: number;
  readonly epochs: number;
  readonly seed: number;
}

type Build = (params: Params, tf: Tf, info: BuildInfo) => unknown;

function invalid(message: string, hint = "", cause?: unknown): BasinError {
  return new BasinError("invalid-study", message, hint, { cause });
}

async function loadBuild(file: string, shown: string): Promise<Build> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    const hint =
      error instanceof SyntaxError
        ? 'A module written with "export" must end in .mjs, or lie below a package.json with "type": "module".'
        : "";
    throw invalid(`The model module ${shown} cannot be loaded: ${errorText(error)}.`, hint, error);
  }
  const sides = [
    module,
    typeof module === "object" && module !== null && "default" in module ? module.default : undefined,
  ];
  for (const side of sides) {
    if (typeof side === "function") return side as Build;
    if (typeof side === "object" && side !== null && "build" in side && typeof side.build === "function")
      return side.build as Build;
  }
  throw invalid(
    `The model module ${shown} exports no function "build".`,
    "Export build(params, tf, info) that returns a tf.LayersModel.",
  );
}

function isLayersModel(value: unknown): value is LayersModel {
  return (
    typeof value === "object" &&
    value !== null &&
    "layers" in value &&
    "apply" in value &&
    typeof value.apply === "function" &&
    "trainableWeights" in value
  );
}

/** Whether the last layer ends in a softmax, so that the output is probabilities. */
function endsInSoftmax(model: LayersModel): boolean {
  const last = model.layers.at(-1);
  return last !== undefined && (last.getConfig()["activation"] === "softmax" || last.getClassName() === "Softmax");
}

/**
 * Loads the module and lets it build its model.
 * @param root absolute folder that `model` is relative to
 * @throws BasinError when the module or its model cannot be used
 */
export async function buildUserModel(
  tf: Tf,
  model: string,
  root: string,
  params: Params,
  info: BuildInfo,
): Promise<TrainableModel> {
  const build = await loadBuild(path.resolve(root, model), model);
  let result: unknown;
  try {
    result = await build(params, tf, info);
  } catch (error) {
    throw invalid(`build() of ${model} failed: ${errorText(error)}`, "", error);
  }
  const built = isLayersModel(result)
    ? result
    : typeof result === "object" && result !== null && "model" in result
      ? result.model
      : undefined;
  if (!isLayersModel(built))
    throw invalid(
      `build() of ${model} returned no tf.LayersModel.`,
      "Return a model of tf.sequential() or tf.model(), or { model, output }.",
    );
  const wanted =
    typeof result === "object" && result !== null && "output" in result && !isLayersModel(result)
      ? result.output
      : undefined;
  let output: OutputKind = info.task === "regression" ? "value" : endsInSoftmax(built) ? "probabilities" : "logits";
  if (wanted === "logits" || wanted === "probabilities") output = wanted;
  else if (wanted !== undefined)
    throw invalid(`build() of ${model}: output is ${JSON.stringify(wanted)}.`, 'It is "logits" or "probabilities".');
  checkShapes(built, model, info);
  return { model: built, output };
}

function checkShapes(model: LayersModel, shown: string, info: BuildInfo): void {
  const input = model.inputs[0]?.shape.slice(1) ?? [];
  const outer = model.outputs[0]?.shape ?? [];
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw invalid(
      `The model of ${shown} has ${model.inputs.length} inputs and ${model.outputs.length} outputs; the trainer feeds and scores exactly one.`,
    );
  const fits =
    input.length === info.inputShape.length && input.every((size, i) => size === null || size === info.inputShape[i]);
  if (!fits)
    throw invalid(
      `The model of ${shown} takes samples of shape [${input.join(", ")}], but the data has [${info.inputShape.join(", ")}].`,
      "Use info.inputShape.",
    );
  if (outer.length !== 2 || outer[1] !== info.outputs)
    throw invalid(
      `The model of ${shown} gives outputs of shape [${outer.slice(1).join(", ")}], but ${info.outputs} ${info.task === "classification" ? "classes are" : "value is"} needed.`,
      "Let the last layer have info.outputs units.",
    );
}
