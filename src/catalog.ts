/**
 * What a study file may name: the registries as plain descriptions for the parser, completion, hover and the JSON Schema.
 * Invariant: names and options only; nothing is created.
 */
import { errorText } from "./core/errors.ts";
import type { Catalog, ModelInfo } from "./core/study/catalog.ts";
import { samplers } from "./samplers/registry.ts";
import { schedulers } from "./schedulers/registry.ts";
import { hyperparameterTable, knownNames, resolveHyperparameters } from "./trainers/tfjs/hyperparameters.ts";

const models = (["mlp", "vgg"] as const).map((name): ModelInfo => {
  const names = knownNames(name);
  return {
    name,
    parameters: names.map((parameter) => ({
      name: parameter,
      help: hyperparameterTable[parameter as keyof typeof hyperparameterTable].help,
    })),
    understands: (parameter) => names.includes(parameter) || (name === "mlp" && /^width[1-9]\d?$/.test(parameter)),
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
const always = ["loss", "val_loss", "test_loss", "learning_rate", "epoch_seconds", "best_epoch"];
const metrics = {
  classification: ["val_accuracy", "accuracy", "test_accuracy", ...always],
  regression: ["val_rmse", "val_r2", "test_rmse", "test_r2", ...always],
};

export const catalog: Catalog = { samplers, schedulers, models, metrics };
