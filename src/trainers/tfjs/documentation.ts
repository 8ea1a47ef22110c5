/**
 * Writes docs/trainer.md from the table of hyperparameters. A test holds the file against it; `vitest -u` rewrites it.
 */
import { hyperparameterTable, type HyperparameterEntry, type ModelScope } from "./hyperparameterTable.ts";

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

function table(names: readonly (readonly [string, HyperparameterEntry])[]): string {
  return [
    "| name | default | values | meaning |",
    "| --- | --- | --- | --- |",
    ...names.map(
      ([name, entry]) =>
        `| \`${name}\` | ${entry.shown ?? String(entry.default)} | ${valuesOf(entry)} | ${entry.help} |`,
    ),
  ].join("\n");
}

const entries = Object.entries<HyperparameterEntry>(hyperparameterTable);

function rows(scope: ModelScope | "shared"): string {
  return table(
    entries.filter(([, entry]) =>
      scope === "shared" ? entry.scope.length === 2 : entry.scope.length === 1 && entry.scope[0] === scope,
    ),
  );
}

/** The parameters of every model, by what they are about: each section takes the names that match and no earlier one took. */
function trainingSections(): {
  readonly [section in "schedule" | "hypergradient" | "stopping" | "loss" | "rest"]: string;
} {
  const left = new Map(entries.filter(([, entry]) => entry.scope[0] === "training"));
  const take = (pattern: RegExp): string => {
    const taken = [...left].filter(([name]) => pattern.test(name));
    for (const [name] of taken) left.delete(name);
    return table(taken);
  };
  return {
    hypergradient: take(/^hypergradient/),
    schedule: take(/^(lr|plateau|oneCycle|warmup)/),
    stopping: take(/^(monitor|earlyStopping)/),
    loss: take(/^(labelSmoothing|classWeights|huberDelta)/),
    rest: take(/^/),
  };
}

/** The text of docs/trainer.md. */
export function renderTrainerDoc(): string {
  const training = trainingSections();
  return `# The built-in trainer

\`trainer: { kind: tfjs }\` trains with TensorFlow.js in a process of its own for each trial. The names below are what it
understands under \`space:\`; a name that the model does not know fails the trial at once, so a typo is never ignored. What a
study does not name keeps its default.

## Every model

${training.rest}

The optimizers compute what PyTorch's compute, with three differences: \`epsilon\` is 1e-7 by default in place of 1e-8, \`rho\` 0.9
in place of 0.99, and weight decay leaves biases and batch norm alone.

### Loss

Classification trains with cross-entropy, regression with the mean squared error.

${training.loss}

### Learning rate schedules

${training.schedule}

A schedule's own clock begins after the warm-up. \`plateau\` counts as Keras does: a patience of 5 drops the rate after the fifth
epoch without improvement, where PyTorch's patience of 5 waits for a sixth. \`oneCycle\` is PyTorch's OneCycleLR with cosine
annealing.

### Hypergradient descent

The learning rate, and the momentum where there is one, follow the gradient of the loss with respect to themselves: they rise
while successive gradients agree and fall when these turn against each other (Baydin et al. 2018; momentum after Seifi and Niaki).
Turned on, it takes the place of a schedule, and a search over \`learningRate\` and \`momentum\` is usually not needed.

${training.hypergradient}

With the new gradient g, the last update's direction p (per unit of learning rate) and the last move d of the weights, \`cosine\` sets
the learning rate to lr (1 + hypergradientLr cos(g, p)) and the momentum to momentum - hypergradientMomentum cos(g, d); \`raw\` adds
hypergradientLr g.p and takes off hypergradientMomentum g.d. p is the gradient for \`sgd\` and \`momentum\`, the look-ahead direction for
\`nesterov\`, the normalised mean for \`adam\` (whose \`beta1\` stays); weight decay and \`gradClip\` come first. \`momentum\` is heavy ball
here: each move is momentum times the last one less the rate times the gradient. A gradient that is not finite is skipped and halves the
learning rate. The raw defaults are those published by Baydin et al. After each epoch \`learning_rate\` and \`momentum\` are reported.

### Rates tuned online

A study turns it on for all its trials by naming the rates, which then are not searched:

\`\`\`yaml
space:
  optimizer: { type: constant, value: sgd }
  learningRate: { type: float, low: 1e-4, high: 0.5, log: true, prior: 0.01 }
  momentum: { type: float, low: 0, high: 0.99 }
tuneOnline: [learningRate, momentum] # or: online: true at each of them
# tuneOnline: { parameters: [learningRate, momentum], rule: raw, range: paper, start: { learningRate: 0.01, momentum: 0.9 } }
\`\`\`

Each trial gets the start value as a constant: \`start\`, else the parameter's \`prior\`, else 0.01 (0.001 with Adam) and 0.9. The bounds
are \`range\`, else the parameter's own \`low\` and \`high\`, else \`wide\`; the parameter need not stand in the space. \`hypergradientLr\` and
\`hypergradientMomentum\` may still be set or searched. Parameters of schedules leave the space with the learning rate. Adapt both rates or
neither: under a momentum of 0.9 that stays, an adapted learning rate tends to end at its bound and to diverge. \`adam\` adapts its
learning rate alone.

A program finds the start values among its parameters, by the names that the study gives them, and what is asked in
\`BASIN_TUNE_ONLINE\`: \`{"rule": "cosine", "learningRate": {"name": "lr", "start": 0.01, "low": 0.0001, "high": 0.5}, "momentum": ...}\`. It
does the adapting; Basin cannot do it from outside. In Python, \`basin.tune_online()\` gives it as a mapping, and
\`basin.torch.HypergradientSGD.tuned(model.parameters())\` is an optimizer that does as it says. A program that reads neither trains with the start
values. Its own schedule would work against it.

### Early stopping

${training.stopping}

## Derivatives by hyperparameters

With \`sampler: hoag\` a trial ends with \`hypergradient.weightDecay\`, \`hypergradient.labelSmoothing\` and \`hypergradient.huberDelta\`: the
derivatives of the objective (\`val_loss\`; for regression also \`val_rmse\` and \`val_r2\`) by those of them that the trial was given, each in
its own unit. They enter the training loss as smooth terms. The learning rate, momentum, dropout, sizes and \`adamw\`'s decoupled decay do
not, and the sampler searches these otherwise.

The weights w minimise the training loss L. With q from the linear system (d2L/dw2) q = d(val_loss)/dw, the derivative by a hyperparameter
is -q . d2L/(dw d hyperparameter) (Pedregosa 2016). The system is solved by conjugate gradients, in trial k up to a residual of 0.1 x
0.9^k, at least 1e-5. Dropout is off in it, batch norm uses its running statistics, and images are not augmented. Where the weights are at
no strict minimum, twice the most negative curvature seen is added to the system. The formula holds for weights that have settled: after
a short training, one that early stopping cut off, or with much dropout the derivative is a rough one. With 250 digits, a hidden layer and
100 epochs its sign was that of finite differences on both sides of the best weight decay; its size was right within 1.3 above that, and
up to 4.5 times too large far below.

It costs a Hessian-vector product, about three gradients, for each step of the solve, over at most 2048 training rows (the same for all
trials), and one gradient over the validation rows. The solve takes at most as long as the training, by count of rows, or 20 products if
that is more, and never above 100. It keeps 4 bytes a weight for each product, 256 MiB at most.

A program of your own finds in \`BASIN_GRADIENT_OF\` the metric whose derivatives the sampler would like, and reports them among its final
metrics, for parameters of type \`float\`, by the parameter itself and not by its logarithm:

\`\`\`python
basin.done({"val_loss": loss, "hypergradient.weight_decay": slope})
\`\`\`

## \`mlp\` and \`vgg\`

${rows("shared")}

## \`mlp\`

\`depth\` times: dense, [batch norm], activation, [dropout]; then the output. Images are flattened.

${rows("mlp")}

## \`vgg\`

\`blocks\` times: \`layersPerBlock\` times (convolution, [batch norm], activation), 2 x 2 pooling, [dropout]; then \`denseLayers\`
times [dense, [batch norm], activation, [dropout]] and the output. Needs images: \`data.image: [height, width, channels]\`, or
data that is images by itself. A configuration that leaves nothing of the images fails at once; a constraint such as
\`padding == "same" or blocks <= 2\` keeps it from being tried. The files under \`examples/papers\` are search spaces of papers.

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

The first key under \`data\` names the format: \`csv\` with \`label\` (a header line, one label column, all others numeric features), \`npy\`
with \`labels\`, \`npz\` with \`features\` and \`labels\`, or a folder with a data set's own files: \`cifar10\`, \`cifar100\`, \`mnist\` (also
Fashion-MNIST and EMNIST) and \`svhn\`. Rows are split once for the whole study, stratified by class; a data set's own test part is kept
as it is. \`standardize\` takes mean and deviation from the training part (for images one pair a channel, for \`task: regression\` of the
target too). \`augment: { flip: true, crop: 4 }\` changes training images anew in every epoch, the same way whenever the trial is repeated
or resumed. \`subset\` takes a share of the rows for a quick look. [Data](data.md) says more of each.

## What is reported

| when | classification | regression |
| --- | --- | --- |
| after each epoch | \`loss\`, \`accuracy\`, \`val_loss\`, \`val_accuracy\`, \`val_f1\` | \`loss\`, \`val_loss\`, \`val_rmse\`, \`val_mae\`, \`val_r2\` |
| at the end | \`test_loss\`, \`test_accuracy\`, \`test_f1\` | \`test_loss\`, \`test_rmse\`, \`test_mae\`, \`test_r2\` |

\`baseline_loss\` comes with the first epoch where the scheduler is \`fghpo\` ([docs/flatness.md](flatness.md)), \`learning_rate\` comes with a schedule or hypergradients, \`momentum\` where it moves; at the end also \`epoch_seconds\`, \`parameters\`
(trainable numbers of the model) and with early stopping \`best_epoch\`. \`loss\` is what was minimised, a mean over the epoch while the
weights moved; \`val_loss\` and \`test_loss\` are the plain cross-entropy or mean squared error (of the standardised target), so that
trials with other \`labelSmoothing\`, \`classWeights\` or \`huberDelta\` compare. \`f1\` is the mean over the classes; \`rmse\` and \`mae\` are in
the target's own unit. A loss that is no longer finite fails the trial.

## Back ends

\`backend: auto\` takes the first of \`tfjs-node-gpu\`, \`webgpu\`, \`tfjs-node\`, \`wasm\`, \`cpu\` that loads and gets through a training
step. \`wasm\` and \`cpu\` come with Basin; \`basin native install\` adds the \`tfjs-node\` ones, and \`webgpu\`, which trains on any vendor's
GPU with nothing but its graphics driver, needs the npm package \`webgpu\` beside the study. \`basin doctor\` says what works here
and why the rest does not. On \`webgpu\` a model of your own must read tensors with \`await tensor.data()\`, and numbers agree with
\`cpu\` to rounding.

## Checkpoints

Weights, optimizer state, rates, progress of schedule and early stopping, and the position in the data are written while a trial
runs, at most 1% of its time, and whenever it is stopped. A trial that goes on from one, at an epoch's end or in its middle, draws the
same batches, dropout masks and augmentation as one that was never interrupted. On \`cpu\` and \`wasm\` the numbers are the same to the
last bit, with as many threads as before; on the other back ends within 1e-4, and to the last bit where the device adds in a fixed
order. Two checkpoints are kept while a trial runs, so that a damaged one can give way to the one before; each takes 4 bytes for every weight, for every number of the optimizer (one a weight for \`momentum\`, two for \`adam\`, one more with
\`hypergradient\`), and for every weight of the best epoch with early stopping. When a trial is over only its final weights are left.
A checkpoint of another model or of another version of Basin's format is named in the log and not used.

A scheduler may let a trial pause at an epoch: the trial reports it, writes the checkpoint of exactly that epoch and ends without a
result. Schedules, warm-up and the pace of hypergradients are those of all epochs, wherever it pauses, and the test part is scored at
the very end only.

A trial may also go on from another trial's checkpoint, as in population-based training. It takes over the weights, the optimizer's
state (with hypergradients also the last move and the last gradient, so that its first step has its signals) and the epoch; learning
rate, momentum, weight decay, batch size, dropout and all else that leaves the weights usable are its own. Another optimizer starts afresh.
A model of other layers is refused with the first difference. Adapted rates follow the policy \`hdCopy\`: \`copy\` the other trial's;
\`perturb\` (the default) the same, the learning rate times 0.8 or 1.2 and one less the momentum times 0.8 or 1.2, drawn from the trial's
seed; \`reset\` the start values; \`keep\` the trial's own.

Which parameters those are is known of the built-in models: all under "Every model", and dropout; those that shape the network are
structural. Of programs and modules of your own the usual names are known (\`lr\`, \`weight_decay\`, \`batch_size\`, \`dropout\` ...; the kind of
optimizer and of schedule counts as structural, since their saved states fit no other), and a name that nobody knows is structural.
\`kind: nonStructural\` or \`kind: structural\` at a parameter says otherwise.
`;
}
