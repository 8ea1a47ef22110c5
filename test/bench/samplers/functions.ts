/**
 * Synthetic objectives with known minima.
 * Invariant: everything is minimised; `evaluate` is deterministic, what is random is in `noise` alone.
 */
import type { Params, Space } from "../../../src/core/space/parameter.ts";

export interface TestFunction {
  readonly name: string;
  readonly space: Space;
  readonly minimum: number;
  readonly evaluate: (params: Params) => number;
  /** Standard deviation of what a sampler is told beside the value; 0 when absent. */
  readonly noise?: number;
}

const float = (name: string, low: number, high: number, log = false): Space[number] => ({
  name,
  type: "float",
  low,
  high,
  log,
});
const number = (params: Params, name: string): number => Number(params[name]);

const hartmannA = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const hartmannP = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];
const hartmannAlpha = [1, 1.2, 3, 3.2];
const six = [0, 1, 2, 3, 4, 5];
const five = [0, 1, 2, 3, 4];

const four = [0, 1, 2, 3];

function hartmann6(p: Params): number {
  return -hartmannAlpha.reduce((sum, alpha, k) => {
    const inner = six.reduce((acc, i) => acc + hartmannA[k]![i]! * (number(p, `x${i}`) - hartmannP[k]![i]!) ** 2, 0);
    return sum + alpha * Math.exp(-inner);
  }, 0);
}

export const functions: readonly TestFunction[] = [
  {
    name: "branin",
    minimum: 0.39788735772973816,
    space: [float("x", -5, 10), float("y", 0, 15)],
    evaluate: (p) => {
      const x = number(p, "x");
      const bowl = number(p, "y") - (5.1 * x * x) / (4 * Math.PI ** 2) + (5 * x) / Math.PI - 6;
      return bowl * bowl + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
    },
  },
  {
    name: "hartmann6",
    minimum: -3.3223680114155143,
    space: six.map((i) => float(`x${i}`, 0, 1)),
    evaluate: hartmann6,
  },
  {
    name: "noisy hartmann6",
    minimum: -3.3223680114155143,
    space: six.map((i) => float(`x${i}`, 0, 1)),
    evaluate: hartmann6,
    noise: 0.1,
  },
  {
    name: "rosenbrock4",
    minimum: 0,
    space: four.map((i) => float(`x${i}`, -5, 10)),
    evaluate: (p) =>
      four.slice(0, -1).reduce((sum, i) => {
        const x = number(p, `x${i}`);
        return sum + 100 * (number(p, `x${i + 1}`) - x * x) ** 2 + (1 - x) ** 2;
      }, 0),
  },
  {
    name: "rastrigin5",
    minimum: 0,
    space: five.map((i) => float(`x${i}`, -5.12, 5.12)),
    evaluate: (p) =>
      five.reduce((sum, i) => {
        const x = number(p, `x${i}`);
        return sum + 10 + x * x - 10 * Math.cos(2 * Math.PI * x);
      }, 0),
  },
  {
    name: "loghp5",
    minimum: 0,
    space: [
      float("lr", 1e-5, 1, true),
      float("decay", 1e-8, 1e-1, true),
      { name: "width", type: "int", low: 8, high: 1024, log: true },
      { name: "layers", type: "int", low: 1, high: 8, log: false },
      { name: "dropout", type: "float", low: 0, high: 0.8, log: false, step: 0.05 },
    ],
    evaluate: (p) => {
      const lr = Math.log10(number(p, "lr")) + 2.5;
      const interaction = lr + 0.3 * (Math.log2(number(p, "width")) - 7);
      return (
        interaction ** 2 +
        0.2 * (Math.log10(number(p, "decay")) + 4) ** 2 +
        0.15 * (Math.log2(number(p, "width")) - 7) ** 2 +
        0.1 * (number(p, "layers") - 3) ** 2 +
        4 * (number(p, "dropout") - 0.25) ** 2
      );
    },
  },
  {
    name: "mixed5",
    minimum: 0,
    space: [
      { name: "optimizer", type: "categorical", choices: ["sgd", "adam", "rmsprop", "adagrad"] },
      { name: "activation", type: "categorical", choices: ["relu", "tanh", "gelu"] },
      float("lr", 1e-5, 1, true),
      float("mix", 0, 1),
      { name: "units", type: "int", low: 1, high: 64, log: false },
    ],
    evaluate: (p) => {
      const best: Record<string, number> = { sgd: -1, adam: -3, rmsprop: -3.5, adagrad: -2 };
      const offset: Record<string, number> = { sgd: 0.4, adam: 0, rmsprop: 0.2, adagrad: 0.6 };
      const optimizer = String(p["optimizer"]);
      return (
        offset[optimizer]! +
        (p["activation"] === "gelu" ? 0 : p["activation"] === "relu" ? 0.1 : 0.3) +
        (Math.log10(number(p, "lr")) - best[optimizer]!) ** 2 +
        3 * (number(p, "mix") - 0.7) ** 2 +
        ((number(p, "units") - 40) / 20) ** 2
      );
    },
  },
  {
    name: "conditional",
    minimum: 0,
    space: [
      { name: "model", type: "categorical", choices: ["svm", "forest", "net"] },
      { ...float("c", 1e-3, 1e3, true), when: { model: ["svm"] } },
      { ...float("gamma", 1e-4, 10, true), when: { model: ["svm"] } },
      { name: "depth", type: "int", low: 1, high: 32, log: false, when: { model: ["forest"] } },
      { ...float("share", 0.1, 1), when: { model: ["forest"] } },
      { ...float("lr", 1e-5, 1, true), when: { model: ["net"] } },
      { name: "layers", type: "int", low: 1, high: 6, log: false, when: { model: ["net"] } },
    ] as Space,
    evaluate: (p) => {
      if (p["model"] === "svm") {
        return 0.3 + 0.2 * (Math.log10(number(p, "c")) - 1) ** 2 + 0.3 * (Math.log10(number(p, "gamma")) + 2) ** 2;
      }
      if (p["model"] === "forest")
        return 0.2 + ((number(p, "depth") - 12) / 10) ** 2 + 2 * (number(p, "share") - 0.4) ** 2;
      return 0.5 * (Math.log10(number(p, "lr")) + 3) ** 2 + 0.2 * (number(p, "layers") - 4) ** 2;
    },
  },
];
