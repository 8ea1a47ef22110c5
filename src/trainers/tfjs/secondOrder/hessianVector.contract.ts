/**
 * What exact Hessian-vector products are on any back end: equal to an independent float64 computation, to closed forms and to
 * differences of gradients; symmetric and linear; and gone without a trace. Called by a test file of each back end.
 */
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { rngForKey } from "../../../core/rng.ts";
import { norm } from "../../../core/linalg/vectors.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Scalar, Tensor, Variable } from "../tf.ts";
import { secondOrderGradients } from "./gradients.ts";
import { createHessianVector, type HessianVector } from "./hessianVector.ts";
import { assignFlat, layersProblem } from "./testing/layersProblem.ts";
import { allActivations, randomNet, smoothActivations, type RandomNet } from "./testing/randomNet.ts";
import {
  activationDerivatives,
  referenceHessian,
  referenceResult,
  type ReferenceProblem,
} from "./testing/referenceNet.ts";

export interface ContractOptions {
  /** Random networks a property; fewer where a back end is slow. */
  readonly runs?: number;
  /** Relative error of float32 products against float64. */
  readonly tolerance?: number;
}

type Vector = Float32Array | Float64Array;

/** |a - b| / max(|b|, floor). The floor keeps products that are all but zero from being compared to their own rounding. */
function relative(a: Vector, b: Vector, floor = 1e-3): number {
  const difference = Float64Array.from(a, (x, i) => x - b[i]!);
  return norm(difference) / Math.max(norm(b), floor);
}

const inner = (a: Vector, b: Vector): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

export function hessianVectorContract(
  name: string,
  load: () => Promise<LoadedBackend>,
  { runs = 15, tolerance = 2e-4 }: ContractOptions = {},
): void {
  describe(`Hessian-vector products on ${name}`, () => {
    let backend: LoadedBackend;
    beforeAll(async () => {
      backend = await load();
    });

    /** A variable whose initial tensor does not stay behind. */
    const variable = (values: number[], shape: number[] = [values.length]): Variable =>
      backend.tf.tidy(() => backend.tf.variable(backend.tf.tensor(values, shape)));

    /** Makes the product for a network, uses it, and asserts that no tensor is left behind. */
    async function withProblem(
      problem: ReferenceProblem,
      weights: Float64Array,
      rowsPerPart: number,
      use: (hv: HessianVector, assign: (w: Float64Array) => void) => Promise<void>,
    ): Promise<void> {
      const { tf } = backend;
      const outside = tf.memory().numTensors;
      const built = layersProblem(tf, problem, weights, rowsPerPart);
      const before = tf.memory().numTensors;
      const hv = createHessianVector(backend, built.lossOf, built.variables, { parts: built.parts });
      await use(hv, (w) => assignFlat(tf, built.variables, w));
      hv.dispose();
      expect(tf.memory().numTensors, "tensors left behind").toBe(before);
      built.dispose();
      expect(tf.memory().numTensors, "the model's own").toBe(outside);
    }

    const seeds = fc.nat({ max: 1_000_000 });
    const kinds = fc.constantFrom<"mlp" | "cnn">("mlp", "cnn");
    const pools = fc.constantFrom<"maxPool2d" | "averagePool2d">("maxPool2d", "averagePool2d");
    /** Every layer and activation; values so far from kinks that float32 and float64 take the same side. */
    const anyNet = fc
      .record({ seed: seeds, kind: kinds, pool: pools })
      .map(({ seed, kind, pool }) => randomNet(`any/${seed}`, { kind, pool, activations: allActivations }))
      .filter((net) => marginOf(net) > 1e-4);
    const smoothNet = fc
      .record({ seed: seeds, kind: kinds })
      .map(({ seed, kind }) =>
        randomNet(`smooth/${seed}`, { kind, pool: "averagePool2d", activations: smoothActivations }),
      );

    it("equal an independent float64 computation, on random networks of every layer and activation", async () => {
      await fc.assert(
        fc.asyncProperty(anyNet, fc.integer({ min: 1, max: 5 }), async ({ problem, weights, v }, rowsPerPart) => {
          const wanted = referenceResult(problem, weights, v);
          // Where every sample is all but certain, 1 - p has few digits left in float32, and a gradient is its rounding.
          fc.pre(wanted.loss > 1e-3);
          await withProblem(problem, weights, rowsPerPart, async (hv) => {
            expect(hv.dimension).toBe(weights.length);
            expect(Math.abs((await hv.loss()) - wanted.loss)).toBeLessThan(1e-5 * (1 + Math.abs(wanted.loss)));
            expect(relative(await hv.gradient(), wanted.gradient), "gradient").toBeLessThan(tolerance);
            expect(relative(await hv.product(Float32Array.from(v)), wanted.product), "product").toBeLessThan(tolerance);
          });
        }),
        { numRuns: runs * 2 },
      );
    });

    it("agree with differences of exact gradients at the steps that suit smooth networks", async () => {
      await fc.assert(
        fc.asyncProperty(smoothNet, async ({ problem, weights, v }) => {
          await withProblem(problem, weights, 100, async (hv, assign) => {
            const exact = await hv.product(Float32Array.from(v));
            const best = Math.min(
              ...(await Promise.all([1e-3, 3e-3].map((step) => difference(hv, assign, weights, v, step)))).map((d) =>
                relative(d, exact, 1e-2),
              ),
            );
            // Rounding of float32 gradients over the step, and the step's own error: a few parts in a thousand.
            expect(best).toBeLessThan(2e-2);
          });
        }),
        { numRuns: runs },
      );
    });

    it("are symmetric and linear, with relu and overlapping max pooling too", async () => {
      await fc.assert(
        fc.asyncProperty(anyNet, async ({ problem, weights, u, v }) => {
          await withProblem(problem, weights, 2, async (hv) => {
            const hu = await hv.product(Float32Array.from(u));
            const hw = await hv.product(Float32Array.from(v));
            const scale = norm(hu) * norm(v) + norm(hw) * norm(u) + 1e-3;
            expect(Math.abs(inner(v, hu) - inner(u, hw)) / scale, "symmetry").toBeLessThan(tolerance);
            const both = await hv.product(Float32Array.from(u, (x, i) => 2 * x - v[i]!));
            const sum = Float64Array.from(hu, (x, i) => 2 * x - hw[i]!);
            expect(norm(both.map((x, i) => x - sum[i]!)) / scale, "linearity").toBeLessThan(tolerance);
          });
        }),
        { numRuns: runs },
      );
    });

    it("hold the closed form of softmax regression in every entry", async () => {
      const rng = rngForKey("softmax regression");
      const [rows, inputs, classes] = [5, 3, 3];
      const problem: ReferenceProblem = {
        layers: [{ kind: "dense", inputs, units: classes, bias: false }],
        features: Float64Array.from({ length: rows * inputs }, () => Math.fround(rng.normal())),
        targets: Array.from({ length: rows }, () => rng.int(classes)),
        output: "logits",
      };
      const weights = Float64Array.from({ length: inputs * classes }, () => Math.fround(rng.normal()));
      // H[(a, c), (b, d)] = mean_i x_ia x_ib (p_ic [c = d] - p_ic p_id), from the model's definition.
      const n = inputs * classes;
      const wanted = new Float64Array(n * n);
      for (let i = 0; i < rows; i++) {
        const x = problem.features.subarray(i * inputs, (i + 1) * inputs);
        const z = Array.from({ length: classes }, (_, c) =>
          x.reduce((sum, v, a) => sum + v * weights[a * classes + c]!, 0),
        );
        const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
        const p = z.map((value) => Math.exp(value) / total);
        for (let a = 0; a < n; a++)
          for (let b = 0; b < n; b++) {
            const [c, d] = [a % classes, b % classes];
            const curvature = (c === d ? p[c]! : 0) - p[c]! * p[d]!;
            wanted[a * n + b]! += (x[Math.floor(a / classes)]! * x[Math.floor(b / classes)]! * curvature) / rows;
          }
      }
      await expectHessian(problem, weights, wanted);
    });

    it("hold the closed form of a quadratic network in every entry", async () => {
      // f(a, b) = (a b x - y)^2 for one sample: daa = 2 b^2 x^2, dbb = 2 a^2 x^2, dab = 2 x (2 a b x - y).
      const [a, b, x, y] = [0.75, -1.5, 2, 0.5];
      const problem: ReferenceProblem = {
        layers: [
          { kind: "dense", inputs: 1, units: 1, bias: false },
          { kind: "dense", inputs: 1, units: 1, bias: false },
        ],
        features: Float64Array.of(x),
        targets: [y],
        output: "value",
      };
      const mixed = 2 * x * (2 * a * b * x - y);
      const wanted = Float64Array.of(2 * b * b * x * x, mixed, mixed, 2 * a * a * x * x);
      await expectHessian(problem, Float64Array.of(a, b), wanted);
    });

    async function expectHessian(
      problem: ReferenceProblem,
      weights: Float64Array,
      wanted: Float64Array,
    ): Promise<void> {
      const n = weights.length;
      expect(relative(referenceHessian(problem, weights), wanted)).toBeLessThan(1e-12);
      await withProblem(problem, weights, 2, async (hv) => {
        for (let j = 0; j < n; j++) {
          const unit = new Float32Array(n);
          unit[j] = 1;
          const column = await hv.product(unit);
          for (let i = 0; i < n; i++) expect(column[i], `entry ${i}, ${j}`).toBeCloseTo(wanted[i * n + j]!, 5);
        }
      });
    }

    it("are zero for variables the loss does not depend on, and for losses linear in the weights", async () => {
      const { tf } = backend;
      const before = tf.memory().numTensors;
      const used = variable([1, 2]);
      const unused = variable([3]);
      const hv = createHessianVector(backend, () => tf.sum(tf.mul(used, 3)), [used, unused]);
      expect([...(await hv.gradient())]).toEqual([3, 3, 0]);
      expect([...(await hv.product(Float32Array.of(1, 1, 1)))]).toEqual([0, 0, 0]);
      tf.dispose([used, unused]);
      expect(tf.memory().numTensors).toBe(before);
    });

    it.each(allActivations)("hold the second derivative of %s", async (activation) => {
      const { tf } = backend;
      const points = [-3, -0.7, -0.1, 0.2, 1, 4];
      const w = variable(points);
      const layer = tf.layers.activation({ activation });
      const f = (): Scalar => tf.sum(tf.square(layer.apply(w) as Tensor));
      const hv = createHessianVector(backend, f, [w]);
      const product = await hv.product(new Float32Array(points.length).fill(1));
      // (f^2)'' = 2 (f'^2 + f f'').
      points.forEach((x, i) => {
        const [value, first, second] = activationDerivatives(activation, x);
        expect(product[i], `at ${x}`).toBeCloseTo(2 * (first * first + value * second), 4);
      });
      w.dispose();
    });

    describe("beside the trainer's own layers", () => {
      /** Elementwise losses sum f(w), whose Hessian is diag(f''). */
      const functions: Record<string, { f: (w: Tensor) => Tensor; second: (x: number) => number }> = {
        "leaky relu": { f: (w) => backend.tf.square(backend.tf.leakyRelu(w, 0.1)), second: (x) => (x > 0 ? 2 : 0.02) },
        relu6: { f: (w) => backend.tf.square(backend.tf.relu6(w)), second: (x) => (x > 0 && x < 6 ? 2 : 0) },
        "clipped values": {
          f: (w) => backend.tf.square(backend.tf.clipByValue(w, -1, 1)),
          second: (x) => (Math.abs(x) < 1 ? 2 : 0),
        },
        maximum: { f: (w) => backend.tf.square(backend.tf.maximum(w, 0.25)), second: (x) => (x > 0.25 ? 2 : 0) },
        cubes: { f: (w) => backend.tf.pow(w, 3), second: (x) => 6 * x },
        "log of softmax": {
          f: (w) => backend.tf.neg(backend.tf.sum(backend.tf.mul(backend.tf.square(w), 0.5))),
          second: () => -1,
        },
      };
      it.each(Object.keys(functions))("know %s", async (key) => {
        const { tf } = backend;
        const { f, second } = functions[key]!;
        const points = [-2.5, -0.5, 0.125, 0.75, 2, 7];
        const w = variable(points);
        const hv = createHessianVector(backend, () => tf.sum(f(w)), [w]);
        const product = await hv.product(new Float32Array(points.length).fill(1));
        points.forEach((x, i) => expect(product[i], `at ${x}`).toBeCloseTo(second(x), 3));
        w.dispose();
      });

      it("know softmax, its logarithm and the largest of a row, against the closed form", async () => {
        const { tf } = backend;
        const z = [0.5, -1, 2];
        const total = z.reduce((sum, x) => sum + Math.exp(x), 0);
        const p = z.map((x) => Math.exp(x) / total);
        const w = variable(z, [1, 3]);
        // -log p_0 by both ways has the Hessian diag(p) - p p'; max(w)^2 has 2 at the largest.
        const losses: [() => Tensor, (i: number, j: number) => number][] = [
          [() => tf.neg(tf.sum(tf.slice(tf.logSoftmax(w), [0, 0], [1, 1]))), curvature],
          [() => tf.neg(tf.sum(tf.log(tf.slice(tf.softmax(w), [0, 0], [1, 1])))), curvature],
          [() => tf.sum(tf.square(tf.max(w, 1))), (i, j) => (i === 2 && j === 2 ? 2 : 0)],
        ];
        function curvature(i: number, j: number): number {
          return (i === j ? p[i]! : 0) - p[i]! * p[j]!;
        }
        for (const [loss, wanted] of losses) {
          const hv = createHessianVector(backend, () => loss() as Scalar, [w]);
          for (let j = 0; j < 3; j++) {
            const column = await hv.product(Float32Array.from({ length: 3 }, (_, i) => (i === j ? 1 : 0)));
            column.forEach((value, i) => expect(value).toBeCloseTo(wanted(i, j), 5));
          }
        }
        w.dispose();
      });
    });

    it("see through custom gradients that save their outputs", async () => {
      const { tf } = backend;
      const w = variable([0.3, -1.2]);
      const cosh = tf.customGrad((x, save) => {
        const y = tf.cosh(x as Tensor);
        (save as (tensors: Tensor[]) => void)([y]);
        // cosh' = sinh = sign(x) sqrt(y^2 - 1), and its own derivative is y.
        const gradFunc = (dy: Tensor, [saved]: Tensor[]): Tensor =>
          tf.mul(dy, tf.mul(tf.sign(x as Tensor), tf.sqrt(tf.sub(tf.square(saved!), 1))));
        return { value: y, gradFunc };
      });
      const hv = createHessianVector(backend, () => tf.sum(cosh(w)), [w]);
      const product = await hv.product(Float32Array.of(1, 1));
      [0.3, -1.2].forEach((x, i) => expect(product[i]).toBeCloseTo(Math.cosh(x), 3));
      w.dispose();
    });

    it("leave the gradients of training as they were, also after an error", async () => {
      const { tf } = backend;
      const registered = (): unknown[] => secondOrderGradients.map(({ kernelName }) => tf.getGradient(kernelName));
      const before = registered();
      const tensors = tf.memory().numTensors;
      const w = variable([1]);
      let during: unknown;
      const hv = createHessianVector(backend, () => {
        during = tf.getGradient("Tanh");
        return tf.sum(tf.tanh(w));
      }, [w]);
      await hv.product(Float32Array.of(1));
      expect(during).not.toBe(before[0]);
      expect(registered()).toEqual(before);
      expect(tf.getGradient("Conv2DBackpropFilter"), "one that TensorFlow.js lacks").toBeUndefined();
      const broken = createHessianVector(backend, () => {
        tf.tanh(w);
        throw new Error("out of luck");
      }, [w]);
      await expect(broken.product(Float32Array.of(1))).rejects.toThrow("out of luck");
      await expect(broken.gradient()).rejects.toThrow("out of luck");
      expect(registered()).toEqual(before);
      w.dispose();
      expect(tf.memory().numTensors).toBe(tensors);
    });

    it("report each micro-batch, stop when asked, and refuse what does not fit", async () => {
      const { problem, weights } = randomNet("stopping", { kind: "mlp", pool: "maxPool2d", activations: ["tanh"] });
      const built = layersProblem(backend.tf, problem, weights, 1);
      const seen: number[] = [];
      const controller = new AbortController();
      const hv = createHessianVector(backend, built.lossOf, built.variables, {
        parts: built.parts,
        signal: controller.signal,
        onPart: (done) => {
          seen.push(done);
          if (seen.length === built.parts + 1) controller.abort();
        },
      });
      await hv.gradient();
      expect(seen).toEqual(Array.from({ length: built.parts }, (_, i) => i + 1));
      const before = backend.tf.memory().numTensors;
      await expect(hv.product(new Float32Array(hv.dimension))).rejects.toMatchObject({ code: "cancelled" });
      expect(backend.tf.memory().numTensors).toBe(before);
      await expect(hv.product(new Float32Array(1))).rejects.toThrow(/1 values/);
      hv.dispose();
      await expect(hv.loss()).rejects.toThrow(/disposed/);
      built.dispose();
    });
  });
}

/** Smallest distance of any pre-activation from its kink and of any window's maximum from its runner-up, in float64. */
function marginOf({ problem, weights, v }: RandomNet): number {
  const { outputs } = referenceResult(problem, weights, v);
  let margin = Number.POSITIVE_INFINITY;
  problem.layers.forEach((layer, i) => {
    const x = i === 0 ? problem.features : outputs[i - 1]!;
    if (layer.kind === "activation" && ["relu", "elu", "selu"].includes(layer.activation))
      for (const z of x) margin = Math.min(margin, Math.abs(z));
  });
  return margin;
}

/** (g(w + h v) - g(w - h v)) / 2h with h |v| = step |w|. */
async function difference(
  hv: HessianVector,
  assign: (w: Float64Array) => void,
  weights: Float64Array,
  v: Float64Array,
  step: number,
): Promise<Float64Array> {
  const h = (step * norm(weights)) / norm(v);
  assign(weights.map((x, i) => x + h * v[i]!));
  const plus = await hv.gradient();
  assign(weights.map((x, i) => x - h * v[i]!));
  const minus = await hv.gradient();
  assign(weights);
  return Float64Array.from(plus, (x, i) => (x - minus[i]!) / (2 * h));
}
