/**
 * What measuring sharpness owes on any back end: the values that an independent computation in float64 gave for the same weights,
 * agreement with differences of gradients, and a model that is as it was. Called by a test file of each back end.
 */
import { beforeAll, describe, expect, it } from "vitest";
import smallNet from "../../../../test/fixtures/oracles/smallNet.json" with { type: "json" };
import type { EstimatorId } from "../../../core/sharpness.ts";
import { estimatorIds } from "../../../core/study/diagnostics.ts";
import { dot, norm } from "../../../core/linalg/vectors.ts";
import { topEigenvalue } from "../../../flatness/powerIteration.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { createBatches, type Batches } from "../data/batches.ts";
import { embeddingOf } from "../probe/embedding.ts";
import { createFlatnessOracle } from "../secondOrder/flatnessOracle.ts";
import { layersProblem, type LayersProblem } from "../secondOrder/testing/layersProblem.ts";
import type { ReferenceLayer, ReferenceProblem } from "../secondOrder/testing/referenceNet.ts";
import type { HeadOptions } from "../training/head.ts";
import { computeFlatness } from "./landscapes.ts";
import { measureSharpness, type Measured } from "./measure.ts";

export interface SharpnessContract {
  readonly nets?: readonly ("mlp" | "cnn")[];
  /** Relative error of float32 against float64. */
  readonly tolerance?: number;
}

const breathe = (): Promise<void> => Promise.resolve();

export function sharpnessContract(
  name: string,
  load: () => Promise<LoadedBackend>,
  { nets = ["mlp", "cnn"], tolerance = 2e-4 }: SharpnessContract = {},
): void {
  describe.each(nets)(`sharpness on ${name}, of the %s of the fixture`, (kind) => {
    const net = smallNet[kind];
    const { expected } = net;
    const problem: ReferenceProblem = {
      layers: net.layers as readonly ReferenceLayer[],
      features: Float64Array.from(net.inputs),
      targets: net.labels,
      output: "logits",
    };
    const weights = Float64Array.from(net.weights.flatMap(({ values }) => values));
    let backend: LoadedBackend;
    beforeAll(async () => {
      backend = await load();
    });

    const close = (actual: number | undefined, wanted: number, within = tolerance): void => {
      expect(Math.abs((actual ?? Number.NaN) - wanted)).toBeLessThan(within * (Math.abs(wanted) + 0.01));
    };

    /** The model and its probe; asserts that its weights are as they were and that nothing is left behind. */
    async function withModel(
      use: (built: LayersProblem, probe: Batches, head: HeadOptions) => Promise<void>,
    ): Promise<void> {
      const { tf } = backend;
      const before = tf.memory().numTensors;
      const built = layersProblem(tf, problem, weights);
      const part = {
        rows: problem.targets.length,
        features: Float32Array.from(problem.features),
        targets: Float32Array.from(problem.targets),
      };
      const probe = createBatches(tf, part, net.inputShape);
      const classes = 1 + Math.max(...problem.targets);
      await use(built, probe, { output: "logits", width: classes, labelSmoothing: 0 });
      const after = await Promise.all(built.variables.map((variable) => variable.data()));
      expect(after.flatMap((values) => [...values])).toEqual([...Float32Array.from(weights)]);
      probe.dispose();
      built.dispose();
      expect(tf.memory().numTensors, "tensors left behind").toBe(before);
    }

    const measured = async (
      batch: number,
      ids: readonly EstimatorId[],
    ): Promise<ReadonlyMap<EstimatorId, Measured>> => {
      const values = new Map<EstimatorId, Measured>();
      await withModel(async ({ trainable }, probe, head) => {
        const request = { backend, trainable, probe, head, batch, trainingRows: probe.rows, breathe };
        for (const [id, outcome] of await measureSharpness(request, ids)) {
          if (outcome.kind === "failed") throw new Error(`${id}: ${outcome.reason}`);
          values.set(id, outcome.measured);
        }
      });
      return values;
    };

    it("has every measure of the float64 computation, by name", async () => {
      const whole = await measured(problem.targets.length, estimatorIds);
      const batches = await measured(8, estimatorIds);
      const value = (id: EstimatorId): number => whole.get(id)?.value ?? Number.NaN;
      for (const [id, wanted] of Object.entries(expected.lastLayer) as [
        EstimatorId,
        { readonly batch: number; readonly batchesOf8?: number },
      ][]) {
        const within = id === "exact-top" ? 1e-3 : tolerance;
        close(value(id), wanted.batch, within);
        if (wanted.batchesOf8 !== undefined) close(batches.get(id)?.value, wanted.batchesOf8, within);
      }
      close(value("lanczos"), expected.largestEigenvalue, 1e-3);
      close(whole.get("lanczos")?.details["lanczos-smallest"], expected.smallestEigenvalue, 2e-2);
      close(value("top-eigenvalue"), expected.topEigenvalue, 2e-2);
      close(whole.get("sam")?.details["gradient-norm"], expected.gradientNorm, 10 * tolerance);
      close(value("sam"), Math.max(0, expected.sam.oneStep), 1e-2);
      for (const [id, wanted] of [
        ["hutchinson-trace", expected.trace],
        ["hutchinson-frobenius", expected.frobenius],
      ] as const) {
        const error = whole.get(id)?.details[`${id}.se`] ?? Number.NaN;
        expect(Math.abs(value(id) - wanted)).toBeLessThan(4 * error);
      }
      // For small noise, half its square times the trace.
      const noise = whole.get("average-case");
      const wanted = (0.01 ** 2 / 2) * expected.trace;
      expect(Math.abs(value("average-case") - wanted)).toBeLessThan(
        4 * (noise?.details["average-case.se"] ?? 0) + 0.2 * wanted,
      );
      // A box is at least as steep as its best corner promises, for a loss that is not concave there.
      expect(value("keskar")).toBeGreaterThan(0);
      expect(whole.get("keskar")?.details["keskar-0.0005"]).toBeLessThan(value("keskar"));
    });

    it("has a top eigenvalue that differences of gradients confirm", async () => {
      await withModel(async ({ trainable }, probe, head) => {
        const oracle = await createFlatnessOracle({ backend, trainable, probe, head });
        const { eigenvalue, vector } = await topEigenvalue(oracle, oracle.weights);
        const curvatures: number[] = [];
        // The steps that suit float32; kinks of rectifiers make single ones miss.
        for (const h of [1e-3, 3e-3, 1e-2]) {
          const at = (sign: number): Float64Array => oracle.weights.map((w, i) => w + sign * h * vector[i]!);
          const [plus, minus] = [await oracle.gradient(at(1)), await oracle.gradient(at(-1))];
          curvatures.push((dot(plus, vector) - dot(minus, vector)) / (2 * h));
        }
        const best = Math.min(...curvatures.map((curvature) => Math.abs(curvature - eigenvalue)));
        expect(best).toBeLessThan(0.03 * Math.abs(eigenvalue));
        await oracle.dispose();
      });
    });

    it("has landscapes with the loss itself in the middle, and a path to itself that is level", async () => {
      await withModel(async ({ trainable }, probe, head) => {
        const own = await Promise.all(
          trainable.model.weights.map(async (weight) => {
            const variable = weight.read();
            return { name: weight.name, shape: [...variable.shape], values: Float32Array.from(await variable.data()) };
          }),
        );
        const context = {
          backend,
          trainable,
          probe,
          head,
          trainingRows: probe.rows,
          weights: own,
          otherWeights: own,
          breathe,
        };
        const plane = await computeFlatness(
          { kind: "plane", points: 3, reach: 0.5, seed: 0, samples: probe.rows },
          context,
          {},
        );
        if (plane.kind !== "plane") throw new Error(plane.kind);
        close(plane.losses[4], expected.loss, 1e-5);
        expect(new Set(plane.losses).size).toBe(9);
        const path = await computeFlatness({ kind: "path", to: 0, points: 3, samples: probe.rows }, context, {});
        if (path.kind !== "path") throw new Error(path.kind);
        for (const loss of path.losses) close(loss, expected.loss, 1e-5);
        expect(path.barrier).toBeLessThan(1e-6);
      });
    });

    it("has the last layer's input as its embedding", async () => {
      await withModel(async ({ trainable }, probe) => {
        const last = problem.layers.at(-1)!;
        const units = last.kind === "dense" ? last.inputs : 0;
        // A flattened feature map is averaged over its positions unless its layer is named.
        const flat = trainable.model.layers.find((layer) => layer.getClassName() === "Flatten");
        const { shape, values } = await embeddingOf(backend, trainable, probe, kind === "cnn" ? flat?.name : undefined);
        expect(shape).toEqual([probe.rows, units]);
        close(norm(values), expected.lastLayer.activation.batch);
        if (kind === "cnn") {
          const pooled = await embeddingOf(backend, trainable, probe, undefined);
          const [rows, channels] = pooled.shape;
          expect(rows).toBe(probe.rows);
          const positions = units / channels;
          const first = Array.from({ length: positions }, (_, p) => values[p * channels]!);
          close(pooled.values[0], first.reduce((a, b) => a + b, 0) / positions);
        }
      });
    });
  });
}
