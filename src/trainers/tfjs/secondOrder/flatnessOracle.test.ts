import { beforeAll, describe, expect, it } from "vitest";
import smallNet from "../../../../test/fixtures/oracles/smallNet.json" with { type: "json" };
import { averageCaseSharpness } from "../../../flatness/averageCase.ts";
import { hutchinson } from "../../../flatness/hutchinson.ts";
import { keskarSharpness } from "../../../flatness/keskar.ts";
import { filterNormalise, slice1d } from "../../../flatness/landscape.ts";
import { lanczos } from "../../../flatness/lanczos.ts";
import { lastLayerEstimate, lastLayerEstimateOverBatches } from "../../../flatness/lastLayer.ts";
import { lastLayerIds } from "../../../core/sharpness.ts";
import { norm } from "../../../core/linalg/vectors.ts";
import { topEigenvalue } from "../../../flatness/powerIteration.ts";
import { samSharpness } from "../../../flatness/sam.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { createBatches, type Batches } from "../data/batches.ts";
import { createFlatnessOracle, type FlatnessOracle, type FlatnessOracleOptions } from "./flatnessOracle.ts";
import { lastLayerActivations } from "./lastLayerActivations.ts";
import { layersProblem, type LayersProblem } from "./testing/layersProblem.ts";
import { randomNet } from "./testing/randomNet.ts";
import { referenceResult, type ReferenceLayer, type ReferenceProblem } from "./testing/referenceNet.ts";

const close = (actual: number, wanted: number, tolerance = 2e-5): void =>
  expect(Math.abs(actual - wanted)).toBeLessThan(tolerance * (Math.abs(wanted) + 0.01));

const single = (values: readonly number[]): Float64Array => Float64Array.from(values);

function probeOf(backend: LoadedBackend, problem: ReferenceProblem, shape: readonly number[]): Batches {
  const rows = problem.targets.length;
  const part = {
    rows,
    features: Float32Array.from(problem.features),
    targets: Float32Array.from(problem.targets),
  };
  return createBatches(backend.tf, part, shape);
}

const shapeOf = (problem: ReferenceProblem): number[] => {
  const first = problem.layers[0]!;
  if (first.kind === "dense") return [first.inputs];
  if (first.kind !== "conv2d") throw new Error("The first layer is dense or a convolution.");
  return [first.input.height, first.input.width, first.input.channels];
};

describe.each([
  // Convolutions take the plain JavaScript back end too long here; the contract holds it to them.
  { name: "cpu", nets: ["mlp"], load: () => cpuBackend.load({ threads: 1 }) },
  { name: "wasm", nets: ["mlp", "cnn"], load: () => wasmBackend.load({ threads: 1 }) },
] as const)("on $name", ({ nets, load }) => {
  let backend: LoadedBackend;
  beforeAll(async () => {
    backend = await load();
  });

  /** A model for the problem with its probe; asserts that it leaves nothing behind. */
  async function withModel(
    problem: ReferenceProblem,
    weights: Float64Array,
    use: (built: LayersProblem, probe: Batches) => Promise<void>,
  ): Promise<void> {
    const before = backend.tf.memory().numTensors;
    const built = layersProblem(backend.tf, problem, weights);
    const probe = probeOf(backend, problem, shapeOf(problem));
    await use(built, probe);
    probe.dispose();
    built.dispose();
    expect(backend.tf.memory().numTensors, "tensors left behind").toBe(before);
  }

  async function withOracle(
    problem: ReferenceProblem,
    weights: Float64Array,
    options: Partial<FlatnessOracleOptions>,
    use: (oracle: FlatnessOracle, built: LayersProblem) => Promise<void>,
  ): Promise<void> {
    await withModel(problem, weights, async (built, probe) => {
      const last = problem.layers.at(-1)!;
      const width = last.kind === "dense" ? last.units : 0;
      const head = { output: problem.output, width, labelSmoothing: problem.labelSmoothing ?? 0 };
      const oracle = await createFlatnessOracle({ backend, trainable: built.trainable, probe, head, ...options });
      await use(oracle, built);
      await oracle.dispose();
      const after = await Promise.all(built.variables.map((variable) => variable.data()));
      expect(after.flatMap((values) => [...values])).toEqual([...weights]);
    });
  }

  describe.each([...nets])("the %s of the fixture", (kind) => {
    const net = smallNet[kind];
    const { expected } = net;
    const weights = single(net.weights.flatMap(({ values }) => values));
    const problem: ReferenceProblem = {
      layers: net.layers as readonly ReferenceLayer[],
      features: single(net.inputs),
      targets: net.labels,
      output: "logits",
    };

    it("has the loss, gradient and products computed in float64, over micro-batches", async () => {
      await withOracle(problem, weights, { microBatch: 5 }, async (oracle) => {
        close(await oracle.loss(weights), expected.loss, 1e-6);
        const gradient = await oracle.gradient(weights);
        close(norm(gradient), expected.gradientNorm);
        gradient.forEach((value, i) => close(value, expected.gradient[i]!, 1e-4));
        const product = await oracle.hessianVector(weights, single(net.vector));
        const difference = product.map((value, i) => value - expected.hessianVector[i]!);
        expect(norm(difference) / norm(product)).toBeLessThan(1e-5);
      });
    });

    it("has the spectrum computed in float64", async () => {
      await withOracle(problem, weights, {}, async (oracle) => {
        const top = await topEigenvalue(oracle, weights, { seed: 1 });
        close(top.eigenvalue, expected.topEigenvalue, 2e-2);
        const { smallest, largest } = await lanczos(oracle, weights);
        close(largest, expected.largestEigenvalue, 1e-3);
        close(smallest, expected.smallestEigenvalue, 2e-2);
        const random = await hutchinson(oracle, weights, { samples: 12, tolerance: 0 });
        expect(Math.abs(random.trace - expected.trace)).toBeLessThan(4 * random.traceError);
        expect(Math.abs(random.frobenius - expected.frobenius)).toBeLessThan(4 * random.frobeniusError);
      });
    });

    it("has the rises and slices computed in float64", async () => {
      await withOracle(problem, weights, {}, async (oracle) => {
        close((await samSharpness(oracle, weights, { rho: expected.sam.rho })).oneStep, expected.sam.oneStep, 1e-4);
        const { direction, positions, losses } = expected.filterNormalised;
        const own = filterNormalise(oracle.layout, weights, single(net.vector));
        own.forEach((value, i) => expect(value).toBeCloseTo(direction[i]!, 10));
        const slice = await slice1d(oracle, weights, own, { points: 9 });
        positions.forEach((position, i) => {
          close(slice.losses[slice.positions.indexOf(position)]!, losses[i]!, 1e-5);
        });
        const average = await averageCaseSharpness(oracle, weights, { sigma: 0.05 });
        const wanted = (0.05 ** 2 / 2) * expected.trace;
        expect(Math.abs(average.value - wanted)).toBeLessThan(4 * average.error + 0.1 * wanted);
        const [keskar] = await keskarSharpness(oracle, weights, { epsilons: [0.01] });
        expect(keskar!.sharpness).toBeGreaterThanOrEqual(keskar!.firstOrder * 0.9);
      });
    });

    it("has every measure of the last layer, on the whole probe and over batches", async () => {
      await withModel(problem, weights, async (built, probe) => {
        const { options, hasBias, ...batch } = await lastLayerActivations(backend, built.trainable, probe);
        expect([options, hasBias]).toEqual([{ head: "softmax" }, true]);
        for (const id of lastLayerIds) {
          const wanted: { batch: number; batchesOf8?: number; withBias?: number } = expected.lastLayer[id];
          const tolerance = id === "exact-top" ? 1e-3 : 1e-5;
          close(lastLayerEstimate(id, batch, options), wanted.batch, tolerance);
          if (wanted.batchesOf8 !== undefined)
            close(lastLayerEstimateOverBatches(id, batch, 8, options), wanted.batchesOf8, tolerance);
          if (wanted.withBias !== undefined)
            close(lastLayerEstimate(id, batch, { ...options, bias: true }), wanted.withBias, tolerance);
        }
      });
    });
  });

  it("weight decay adds decay |kernels|^2 / 2 to the loss and its derivatives, and none for biases", async () => {
    const { problem, weights, v } = randomNet("decay", { kind: "mlp", pool: "maxPool2d", activations: ["tanh"] });
    const plain = referenceResult(problem, weights, v);
    await withOracle(problem, weights, { weightDecay: 0.5 }, async (oracle) => {
      const kernels = oracle.layout.flatMap(({ shape }) =>
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => shape.length > 1),
      );
      const squares = weights.reduce((sum, w, i) => sum + (kernels[i] === true ? w * w : 0), 0);
      close(await oracle.loss(weights), plain.loss + 0.25 * squares, 1e-5);
      const gradient = await oracle.gradient(weights);
      const product = await oracle.hessianVector(weights, v);
      for (let i = 0; i < weights.length; i++) {
        const decay = kernels[i] === true ? 0.5 : 0;
        expect(gradient[i]).toBeCloseTo(plain.gradient[i]! + decay * weights[i]!, 4);
        expect(product[i]).toBeCloseTo(plain.product[i]! + decay * v[i]!, 3);
      }
    });
  });

  it("calls queue up, so that interleaved ones see their own weights; moved weights give other losses", async () => {
    const { problem, weights, u } = randomNet("queue", { kind: "mlp", pool: "maxPool2d", activations: ["tanh"] });
    await withOracle(problem, weights, { microBatch: 1, breathe: () => Promise.resolve() }, async (oracle) => {
      const away = weights.map((w, i) => Math.fround(w + u[i]!));
      const losses = await Promise.all([weights, away, weights, away].map((w) => oracle.loss(w)));
      close(losses[0]!, referenceResult(problem, weights, u).loss, 1e-5);
      close(losses[1]!, referenceResult(problem, away, u).loss, 1e-5);
      expect(losses.slice(2)).toEqual(losses.slice(0, 2));
      await expect(oracle.loss(new Float64Array(1))).rejects.toThrow(/1 weights/);
      // The queue goes on after a failure.
      expect(await oracle.loss(away)).toBe(losses[1]);
    });
  });

  it("stops between micro-batches and still gives the weights back", async () => {
    const { problem, weights, u } = randomNet("stop", { kind: "cnn", pool: "maxPool2d", activations: ["relu"] });
    const controller = new AbortController();
    let parts = 0;
    const breathe = (): Promise<void> => {
      if (++parts === 1) controller.abort();
      return Promise.resolve();
    };
    await withOracle(problem, weights, { microBatch: 1, breathe, signal: controller.signal }, async (oracle) => {
      await expect(oracle.gradient(u)).rejects.toMatchObject({ code: "cancelled" });
      expect(parts).toBe(1);
      await expect(oracle.loss(u)).rejects.toMatchObject({ code: "cancelled" });
      await oracle.dispose();
      await expect(oracle.loss(weights)).rejects.toThrow(/disposed/);
    });
  });
});

describe("models whose head is not one dense layer", () => {
  it("are refused in words, and those that end in a softmax are not", async () => {
    const backend = await cpuBackend.load({ threads: 1 });
    const { tf } = backend;
    const probe = createBatches(tf, { rows: 2, features: new Float32Array(8), targets: new Float32Array(2) }, [4]);
    const dense = (config: object): ReturnType<typeof tf.layers.dense> => tf.layers.dense({ units: 3, ...config });
    const model = (...layers: ReturnType<typeof tf.layers.dense>[]) => tf.sequential({ layers });
    const first = () => dense({ inputShape: [4] });
    const logits = { output: "logits" } as const;
    const cases = [
      [
        { model: model(first(), tf.layers.activation({ activation: "tanh" }) as never), ...logits },
        /layer is Activation/,
      ],
      [{ model: model(dense({ inputShape: [4], activation: "relu" })), ...logits }, /ends in "relu"/],
      [{ model: model(dense({ inputShape: [4], activation: "softmax" })), ...logits }, /gives no probabilities/],
      [{ model: model(first()), output: "probabilities" as const }, /come from no softmax/],
    ] as const;
    for (const [trainable, message] of cases) {
      await expect(lastLayerActivations(backend, trainable, probe)).rejects.toThrow(message);
      trainable.model.dispose();
    }
    for (const last of [dense({ activation: "softmax" }), tf.layers.softmax()]) {
      const good = model(first(), last as never);
      const found = await lastLayerActivations(backend, { model: good, output: "probabilities" }, probe);
      const [output] = [good.predict(tf.zeros([1, 4])) as ReturnType<typeof tf.zeros>];
      const wanted = await output.data();
      found.probabilities.values.forEach((p, i) => expect(p).toBeCloseTo(wanted[i % 3]!, 6));
      output.dispose();
      good.dispose();
    }
    probe.dispose();
  });
});
