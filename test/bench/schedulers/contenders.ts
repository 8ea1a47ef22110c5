/**
 * What is compared: tasks (real trainings), methods, and what becomes of learning rate and momentum.
 * Invariant: the text of a study is all that the engine knows of a run; arms differ in learning rate and momentum alone.
 */
import path from "node:path";

const examples = path.resolve(import.meta.dirname, "../../../examples");

export interface Task {
  readonly name: string;
  readonly file: string;
  /** Epochs of a full training: 9, so that rungs are 1, 3, 9. */
  readonly epochs: number;
  /** Full trainings' worth of epochs in a study. */
  readonly trainings: number;
  readonly trainer: string;
  /** Parameters beside learning rate and momentum, a line each. */
  readonly space: readonly string[];
}

export const tasks: readonly Task[] = [
  {
    name: "digits",
    file: path.join(examples, "digits/digits.csv"),
    epochs: 9,
    trainings: 12,
    trainer:
      "model: mlp, backend: wasm, data: { csv: ./digits.csv, label: target, validation: 0.2, test: 0.2, standardize: true }",
    space: [
      "depth: { type: int, low: 1, high: 3 }",
      "width: { type: int, low: 16, high: 128, log: true }",
      "dropout: { type: float, low: 0, high: 0.5 }",
      "batchSize: { type: int, low: 32, high: 128, log: true }",
    ],
  },
  {
    name: "shapes",
    file: path.join(examples, "shapes/shapes.csv"),
    epochs: 9,
    trainings: 9,
    trainer:
      "model: vgg, backend: wasm, data: { csv: ./shapes.csv, label: shape, subset: 1200, image: [12, 12, 1], validation: 0.2, test: 0.2, standardize: true }",
    space: [
      "filters: { type: int, low: 4, high: 12, step: 4 }",
      "blocks: { type: int, low: 1, high: 2 }",
      "layersPerBlock: { type: constant, value: 1 }",
      "dropout: { type: float, low: 0, high: 0.5 }",
      "denseUnits: { type: int, low: 16, high: 64, log: true }",
      "batchSize: { type: int, low: 16, high: 64, log: true }",
    ],
  },
];

export const budgetOf = ({ epochs, trainings }: Task): number => epochs * trainings;

export interface Method {
  readonly name: string;
  readonly sampler: string;
  readonly scheduler: string;
}

const random = "{ kind: random }";
const eta = "eta: 3";
const population = "population: 6";

/** Random search without a scheduler first: what all others are held against. */
export const methods: readonly Method[] = [
  { name: "random", sampler: random, scheduler: "{ kind: none }" },
  { name: "asha", sampler: random, scheduler: `{ kind: asha, ${eta} }` },
  { name: "asha-stopping", sampler: random, scheduler: `{ kind: asha, ${eta}, variant: stopping }` },
  { name: "async-hyperband", sampler: random, scheduler: `{ kind: async-hyperband, ${eta} }` },
  { name: "hyperband", sampler: random, scheduler: `{ kind: hyperband, ${eta} }` },
  { name: "genetic", sampler: "{ kind: genetic, population: 4, tournament: 2 }", scheduler: "{ kind: none }" },
  { name: "pbt", sampler: random, scheduler: `{ kind: pbt, ${population} }` },
  { name: "pb2", sampler: random, scheduler: `{ kind: pb2, ${population} }` },
  { name: "successive-halving", sampler: random, scheduler: `{ kind: successive-halving, ${eta} }` },
  { name: "bohb", sampler: "{ kind: bohb }", scheduler: `{ kind: bohb, ${eta} }` },
  { name: "dehb", sampler: "{ kind: dehb }", scheduler: `{ kind: dehb, ${eta} }` },
];

/**
 * `searched`: both rates are hyperparameters, in the ranges of the paper's table 2. `online`: each training adapts them
 * (`tuneOnline`), nobody searches them. `fixed`: they stay where the online ones begin, which tells the adapting from the
 * smaller space.
 */
export const arms = ["searched", "online", "fixed"] as const;
export type Arm = (typeof arms)[number];

const rates: Readonly<Record<Arm, readonly string[]>> = {
  searched: [
    "learningRate: { type: float, low: 1e-5, high: 0.2, log: true }",
    "momentum: { type: float, low: 0.7, high: 0.99 }",
  ],
  online: [],
  fixed: ["learningRate: { type: constant, value: 0.01 }", "momentum: { type: constant, value: 0.9 }"],
};

/** The text of a study. Its trials have no end: the epochs have. */
export function studyOf(task: Task, method: Method, arm: Arm, seed: number, mostTrials = 100_000): string {
  const online =
    arm === "online"
      ? "tuneOnline: { parameters: [learningRate, momentum], start: { learningRate: 0.01, momentum: 0.9 } }\n"
      : "";
  const space = [...task.space, "optimizer: { type: constant, value: sgd }", ...rates[arm]];
  return `study: ${task.name}
objective: { metric: val_accuracy, direction: maximize }
trainer: { kind: tfjs, ${task.trainer}, epochs: ${task.epochs} }
space:
${space.map((line) => `  ${line}\n`).join("")}${online}sampler: ${method.sampler}
scheduler: ${method.scheduler}
budget: { trials: ${mostTrials}, parallel: 1 }
seed: ${seed}
`;
}
