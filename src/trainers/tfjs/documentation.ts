/**
 * Writes docs/trainer.md from the table of hyperparameters. A test holds the file against it; `vitest -u` rewrites it.
 */
import { hyperparameterTable, type HyperparameterEntry, type ModelScope } from "./hyperparameters.ts";

function valuesOf(entry: HyperparameterEntry): string {
  switch (entry.type) {
    case "flag":
      return "true, false";
    case "choice":
      return entry.choices.join(", ");
    case "int":
    case "float":
      break;
  }
  return `${entry.type === "int" ? "whole " : ""}${entry.above === true ? "> " : "≥ "}${entry.low}, ≤ ${entry.high}`;
}

function rows(scope: ModelScope | "shared"): string {
  const entries = Object.entries<HyperparameterEntry>(hyperparameterTable).filter(([, entry]) =>
    scope === "shared" ? entry.scope.length === 2 : entry.scope.length === 1 && entry.scope[0] === scope,
  );
  return [
    "| name | default | values | meaning |",
    "| --- | --- | --- | --- |",
    ...entries.map(
      ([name, entry]) => `| \`${name}\` | ${String(entry.default)} | ${valuesOf(entry)} | ${entry.help} |`,
    ),
  ].join("\n");
}

/** The text of docs/trainer.md. */
export function renderTrainerDoc(): string {
  return `# The built-in trainer

\`trainer: { kind: tfjs }\` trains with TensorFlow.js in a process of its own for each trial. The names below are what it
understands under \`space:\`; a name that the model does not know fails the trial at once, so a typo is never ignored. What a
study does not name keeps its default.

## Every model

${rows("training")}

## \`mlp\` and \`vgg\`

${rows("shared")}

## \`mlp\`

\`depth\` times: dense, [batch norm], activation, [dropout]; then the output. Images are flattened.

${rows("mlp")}

## \`vgg\`

\`blocks\` times: \`layersPerBlock\` times (convolution with padding "same", [batch norm], activation), 2 x 2 max pooling,
[dropout]; then [dense, [batch norm], activation, [dropout]] and the output. Needs \`data.image: [height, width, channels]\`.

${rows("vgg")}

## A model of your own

\`model: ./model.js\` names a module, CommonJS or ES module, relative to the study file, that exports

\`\`\`js
export function build(params, tf, info) {
  const model = tf.sequential();
  model.add(tf.layers.dense({ inputShape: info.inputShape, units: params.units, activation: "relu" }));
  model.add(tf.layers.dense({ units: info.outputs }));
  return model; // or { model, output: "probabilities" }
}
\`\`\`

\`params\` are the trial's parameters, \`tf\` is TensorFlow.js on the back end that runs, and \`info\` holds \`task\`, \`inputShape\`,
\`outputs\` (classes, or 1), \`classes\`, \`rows\`, \`epochs\` and \`seed\`. The last layer gives logits; a softmax at the end is
recognised. Parameters named under "Every model" steer the training; all others are the module's own. \`Math.random\` is seeded,
so initial weights and dropout are repeatable. Regularisers of layers count in the training's gradient, not in its reported loss.

## Data

\`data.csv\` is a CSV file whose first line names the columns: one label column, all others numeric features. Rows are split
once for the whole study, stratified by class; \`standardize\` takes mean and deviation from the training part (for images one
pair a channel, for \`task: regression\` of the target too).

## What is reported

After each epoch \`loss\`, \`accuracy\`, \`val_loss\`, \`val_accuracy\`; for regression \`loss\`, \`val_loss\` (mean squared error, in
units of the standardised target), \`val_rmse\` (in the target's own unit), \`val_r2\`; with a schedule also \`learning_rate\`. At the
end also \`test_...\` and \`epoch_seconds\`, and \`best_epoch\` with early stopping. A loss that is no longer finite fails the trial.

## Back ends

\`backend: auto\` takes the first of \`tfjs-node-gpu\`, \`tfjs-node\`, \`wasm\`, \`cpu\` that loads and gets through a training step. The
first two are npm packages to install beside the study; \`wasm\` comes with Basin. \`basin doctor\` says what works here and why the
rest does not.

## Checkpoints

Weights, optimizer state and position are written while a trial runs, at most 1% of its time, and whenever it is stopped. A
trial that goes on from one draws the same batches and dropout masks as one that was never interrupted; on \`cpu\` the numbers
are the same to the last bit, and likewise on \`wasm\` with one thread.
`;
}
