/**
 * What the derivatives by hyperparameters are on any back end: those of the converged validation loss, as closed forms and
 * differences of independently converged minima give it. Called by a test file of each back end.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import type { Params } from "../../../core/space/parameter.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { createBatches } from "../data/batches.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { layersProblem } from "../secondOrder/testing/layersProblem.ts";
import { referenceResult, type ReferenceLayer, type ReferenceProblem } from "../secondOrder/testing/referenceNet.ts";
import type { HeadOptions } from "../training/head.ts";
import { hypergradients } from "./hypergradients.ts";
import { decayedLoss, decayMask, difference, minimise, solve, type Smooth } from "./testing/converged.ts";

const dense = (inputs: number, units: number): ReferenceLayer => ({ kind: "dense", inputs, units, bias: true });
const size = (layers: readonly ReferenceLayer[]): number =>
  decayMask({ layers, features: new Float64Array(), targets: [], output: "value" }).length;

/** Classes that overlap, or noisy values. */
function samples(
  key: string,
  rows: number,
  inputs: number,
  classes: number,
): Pick<ReferenceProblem, "features" | "targets"> {
  const rng = rngForKey(key);
  const features = Float64Array.from({ length: rows * inputs }, () => Math.fround(rng.normal()));
  const targets = Array.from({ length: rows }, (_, row) => {
    const x = [...features.subarray(row * inputs, (row + 1) * inputs)];
    const score = x.reduce((sum, value, i) => sum + value * (i % 2 === 0 ? 1 : -0.5), 0) + 0.8 * rng.normal();
    if (classes === 0) return Math.fround(score + 0.3);
    return Math.min(classes - 1, Math.max(0, Math.floor(score + classes / 2)));
  });
  return { features, targets };
}

export function hypergradientsContract(
  name: string,
  load: () => Promise<LoadedBackend>,
  { tolerance = 1e-4 }: { readonly tolerance?: number } = {},
): void {
  describe(`derivatives by hyperparameters on ${name}`, () => {
    let backend: LoadedBackend;
    beforeAll(async () => {
      backend = await load();
    });

    /** What the trainer says of a model with these weights; asserts that it leaves nothing behind and changes no weight. */
    async function found(
      training: ReferenceProblem,
      validation: ReferenceProblem,
      weights: Float64Array,
      params: Params,
      changes: { readonly budget?: number; readonly metric?: string; readonly metrics?: Record<string, number> } = {},
    ): Promise<{ values: Record<string, number>; log: string[] }> {
      const { tf } = backend;
      const before = tf.memory().numTensors;
      const built = layersProblem(tf, training, weights);
      const batchesOf = (problem: ReferenceProblem) => {
        const rows = problem.targets.length;
        const part = {
          rows,
          features: Float32Array.from(problem.features),
          targets: Float32Array.from(problem.targets),
        };
        return createBatches(tf, part, [problem.features.length / rows]);
      };
      const [trainingRows, validationRows] = [batchesOf(training), batchesOf(validation)];
      const h = resolveHyperparameters(params, "mlp");
      const last = training.layers.at(-1)!;
      const plainHead: HeadOptions = {
        output: training.output,
        width: last.kind === "dense" ? last.units : 0,
        labelSmoothing: 0,
      };
      const log: string[] = [];
      const values = await hypergradients({
        backend: { ...backend, activationBudget: changes.budget ?? backend.activationBudget },
        trainable: built.trainable,
        hyperparameters: h,
        training: trainingRows,
        validation: validationRows,
        head: { ...plainHead, labelSmoothing: h.labelSmoothing, huberDelta: h.huberDelta },
        plainHead,
        // So late that the tolerance is the least there is.
        request: { metric: changes.metric ?? "val_loss", iteration: 1000 },
        metrics: changes.metrics ?? { val_loss: 1 },
        epochs: 1e6,
        observer: {
          alive: () => undefined,
          breathe: () => Promise.resolve(),
          log: (line) => log.push(line),
          stopping: false,
        },
      });
      const after = await Promise.all(built.variables.map(async (variable) => [...(await variable.data())]));
      expect(after.flat()).toEqual([...Float32Array.from(weights)]);
      trainingRows.dispose();
      validationRows.dispose();
      built.dispose();
      expect(tf.memory().numTensors, "tensors left behind").toBe(before);
      expect(log.join(), "a strict minimum").not.toContain("damped");
      return { values: values ?? {}, log };
    }

    const close = (actual: number | undefined, wanted: number): void => {
      expect(Math.abs((actual ?? Number.NaN) - wanted) / Math.abs(wanted), `${actual} for ${wanted}`).toBeLessThan(
        tolerance,
      );
    };

    it("are those of ridge regression's closed form", async () => {
      const inputs = 6;
      const layers = [dense(inputs, 1)];
      const training: ReferenceProblem = { layers, ...samples("ridge", 25, inputs, 0), output: "value" };
      const validation: ReferenceProblem = { layers, ...samples("ridge validation", 15, inputs, 0), output: "value" };
      /** (2/n X'X + decay I) w = 2/n X'y, with a column of ones whose weight is not decayed. */
      const ridge = (decay: number): Float64Array => {
        const n = inputs + 1;
        const rows = training.targets.length;
        const matrix = new Float64Array(n * n);
        const right = new Float64Array(n);
        training.targets.forEach((y, row) => {
          const x = [...training.features.subarray(row * inputs, (row + 1) * inputs), 1];
          for (let i = 0; i < n; i++) {
            right[i]! += (2 / rows) * x[i]! * y;
            for (let j = 0; j < n; j++) matrix[i * n + j]! += (2 / rows) * x[i]! * x[j]!;
          }
        });
        for (let i = 0; i < inputs; i++) matrix[i * n + i]! += decay;
        return solve(matrix, right);
      };
      const loss = (decay: number): number =>
        referenceResult(validation, ridge(decay), new Float64Array(inputs + 1)).loss;
      for (const decay of [1e-3, 0.1, 3]) {
        const wanted = difference(loss, decay, decay / 50);
        const { values } = await found(training, validation, ridge(decay), { weightDecay: decay, optimizer: "sgd" });
        close(values["hypergradient.weightDecay"], wanted);
        // The root of the mean squared error, in a unit of 3.
        const metrics = { val_loss: loss(decay), val_rmse: 3 * Math.sqrt(loss(decay)), val_r2: 1 - loss(decay) / 4 };
        for (const [metric, factor] of [
          ["val_rmse", 1.5 / Math.sqrt(loss(decay))],
          ["val_r2", -1 / 4],
        ] as const) {
          const other = await found(training, validation, ridge(decay), { weightDecay: decay }, { metric, metrics });
          close(other.values["hypergradient.weightDecay"], factor * wanted);
        }
      }
    });

    it("are the slopes of converged logistic regressions, by decay and by label smoothing", async () => {
      const layers = [dense(4, 3)];
      const validation: ReferenceProblem = { layers, ...samples("logistic validation", 25, 4, 3), output: "logits" };
      const problem = (labelSmoothing: number): ReferenceProblem => ({
        layers,
        ...samples("logistic", 40, 4, 3),
        output: "logits",
        labelSmoothing,
      });
      const start = minimise(decayedLoss(problem(0.1), 0.02), new Float64Array(size(layers)));
      const loss = (decay: number, smoothing: number): number =>
        referenceResult(
          validation,
          minimise(decayedLoss(problem(smoothing), decay), start),
          new Float64Array(start.length),
        ).loss;
      const params = { weightDecay: 0.02, labelSmoothing: 0.1, optimizer: "momentum", learningRate: 0.1 };
      const byDecay = difference((x) => loss(x, 0.1), 0.02, 5e-4);
      const bySmoothing = difference((x) => loss(0.02, x), 0.1, 1e-3);
      // Micro-batches make no difference.
      for (const budget of [undefined, 5000]) {
        const { values } = await found(problem(0.1), validation, start, params, budget === undefined ? {} : { budget });
        close(values["hypergradient.weightDecay"], byDecay);
        close(values["hypergradient.labelSmoothing"], bySmoothing);
        expect(Object.keys(values)).toHaveLength(2);
      }
    });

    it("are the slopes of a converged network with a hidden layer", async () => {
      const layers: ReferenceLayer[] = [dense(3, 4), { kind: "activation", activation: "tanh" }, dense(4, 3)];
      const training: ReferenceProblem = { layers, ...samples("net", 40, 3, 3), output: "logits" };
      const validation: ReferenceProblem = { layers, ...samples("net validation", 25, 3, 3), output: "logits" };
      const rng = rngForKey("net weights");
      const random = Float64Array.from({ length: size(layers) }, () => 0.5 * rng.normal());
      const start = minimise(decayedLoss(training, 0.03), random, 500);
      const loss = (decay: number): number =>
        referenceResult(validation, minimise(decayedLoss(training, decay), start), new Float64Array(start.length)).loss;
      const { values } = await found(training, validation, start, { weightDecay: 0.03 });
      close(values["hypergradient.weightDecay"], difference(loss, 0.03, 5e-4));
    });

    it("are the slopes of converged Huber regressions", async () => {
      const inputs = 3;
      const layers = [dense(inputs, 1)];
      const training: ReferenceProblem = { layers, ...samples("huber", 30, inputs, 0), output: "value" };
      const validation: ReferenceProblem = { layers, ...samples("huber validation", 20, inputs, 0), output: "value" };
      const n = inputs + 1;
      const huber = (delta: number, decay: number): Smooth => {
        const each = (w: Float64Array, take: (x: readonly number[], residual: number) => void): void =>
          training.targets.forEach((y, row) => {
            const x = [...training.features.subarray(row * inputs, (row + 1) * inputs), 1];
            take(x, x.reduce((sum, value, i) => sum + value * w[i]!, 0) - y);
          });
        const share = 1 / training.targets.length;
        return {
          gradient: (w) => {
            const g = w.map((value, i) => (i < inputs ? decay * value : 0));
            each(w, (x, r) => x.forEach((value, i) => (g[i]! += share * value * Math.max(-delta, Math.min(delta, r)))));
            return g;
          },
          hessian: (w) => {
            const h = new Float64Array(n * n);
            for (let i = 0; i < inputs; i++) h[i * n + i] = decay;
            each(w, (x, r) => {
              if (Math.abs(r) > delta) return;
              for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) h[i * n + j]! += share * x[i]! * x[j]!;
            });
            return h;
          },
        };
      };
      const start = minimise(huber(0.6, 0.05), new Float64Array(n));
      const loss = (delta: number, decay: number): number =>
        referenceResult(validation, minimise(huber(delta, decay), start), new Float64Array(n)).loss;
      const { values } = await found(training, validation, start, { weightDecay: 0.05, huberDelta: 0.6 });
      close(
        values["hypergradient.weightDecay"],
        difference((x) => loss(0.6, x), 0.05, 1e-4),
      );
      close(
        values["hypergradient.huberDelta"],
        difference((x) => loss(x, 0.05), 0.6, 1e-4),
      );
    });
  });
}
