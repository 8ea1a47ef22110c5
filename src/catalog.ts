/**
 * What a study file may name: the registries as plain descriptions for the parser, completion, hover and the JSON Schema.
 * Invariant: names and options only; nothing is created.
 */
import { errorText } from "./core/errors.ts";
import type { Catalog, ModelInfo } from "./core/study/catalog.ts";
import { samplers } from "./samplers/registry.ts";
import { schedulers } from "./schedulers/registry.ts";
import { differentiableNames, smoothMetrics } from "./trainers/tfjs/hypergradients/differentiable.ts";
import { hyperparameterTable } from "./trainers/tfjs/hyperparameterTable.ts";
import { knownNames, numberedNames, resolveHyperparameters, understandsName } from "./trainers/tfjs/hyperparameters.ts";

const models = (["mlp", "vgg"] as const).map((name): ModelInfo => {
  const plain = knownNames(name).map((parameter) => ({
    name: parameter,
    help: hyperparameterTable[parameter as keyof typeof hyperparameterTable].help,
  }));
  return {
    name,
    parameters: [...plain, ...numberedNames(name, 5)],
    understands: (parameter) => understandsName(name, parameter),
    problemOf: (parameter, value) => {
      try {
        resolveHyperparameters({ [parameter]: value }, name);
        return undefined;
      } catch (error) {
        return errorText(error);
      }
    },
  };
});

/** As docs/trainer.md says under "What is reported". */
const always = [
  "loss",
  "val_loss",
  "test_loss",
  "learning_rate",
  "momentum",
  "parameters",
  "epoch_seconds",
  "best_epoch",
];
const metrics = {
  classification: ["val_accuracy", "val_f1", "accuracy", "test_accuracy", "test_f1", ...always],
  regression: ["val_rmse", "val_mae", "val_r2", "test_rmse", "test_mae", "test_r2", ...always],
};

const gradients = { metrics: smoothMetrics, parameters: differentiableNames };

export const catalog: Catalog = { samplers, schedulers, models, metrics, gradients };
