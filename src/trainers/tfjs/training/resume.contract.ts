/**
 * What every back end owes an interrupted training: stopped after any step and gone on with from its checkpoint, it ends with
 * the weights, reports and metrics of the run that was never interrupted. Called by a test file of each back end.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Params } from "../../../core/space/parameter.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import { run, type Run, type RunOptions } from "./testing/run.ts";

export interface ResumeContract {
  /** Random trainings; fewer where a back end is slow. */
  readonly runs?: number;
  /** Largest difference of a weight or metric, relative to 1 + its size; 0 = equal to the last bit. */
  readonly tolerance?: number;
}

const epochs = 4;
/** 48 rows, 24 of them trained on, 8 a batch. */
const rows = 48;
const stepsPerEpoch = 3;

const optimizers = fc.constantFrom<Params>(
  { optimizer: "sgd" },
  { optimizer: "momentum", momentum: 0.7 },
  { optimizer: "nesterov", weightDecay: 0.01 },
  { optimizer: "adam" },
  { optimizer: "adamw", weightDecay: 0.1, gradClip: 1 },
  { optimizer: "rmsprop", momentum: 0.5 },
);
const rates = fc.constantFrom<Params>(
  {},
  { lrSchedule: "step", lrStepEpochs: 1 },
  { lrSchedule: "exponential" },
  { lrSchedule: "cosine", warmupEpochs: 1.5 },
  { lrSchedule: "oneCycle", oneCycleMomentum: 0.3 },
  { lrSchedule: "plateau", plateauPatience: 1, monitor: "val_accuracy" },
  { hypergradient: "cosine" },
  { hypergradient: "raw" },
);
const trainings = fc
  .record({
    optimizer: optimizers,
    rate: rates,
    model: fc.constantFrom("mlp" as const, "mlp" as const, "vgg" as const),
    dropout: fc.constantFrom(0, 0.4),
    batchNorm: fc.boolean(),
    augment: fc.boolean(),
    stopping: fc.constantFrom<Params>(
      {},
      { earlyStoppingPatience: 1 },
      { earlyStoppingPatience: 2, monitor: "val_f1" },
    ),
    /** Steps after which the run is stopped, or epochs at which it pauses, one after the other. */
    stops: fc.array(
      fc.oneof(
        fc.record({ stopAfter: fc.integer({ min: 0, max: epochs * stepsPerEpoch - 1 }) }),
        fc.record({ untilEpoch: fc.integer({ min: 1, max: epochs - 1 }) }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  })
  .filter(({ optimizer, rate }) => optimizer["optimizer"] !== "rmsprop" || rate["hypergradient"] === undefined);

type Training = typeof trainings extends fc.Arbitrary<infer T> ? T : never;

function optionsOf(training: Training, backend: LoadedBackend): RunOptions {
  const { augment, batchNorm, dropout, model, optimizer, rate, stopping } = training;
  const sizes: Params =
    model === "mlp"
      ? { depth: 1, width: 6 }
      : { blocks: 1, layersPerBlock: 1, filters: 2, denseUnits: 4, convDropout: dropout };
  const params = { ...sizes, batchSize: 8, learningRate: 0.02, dropout, batchNorm, ...stopping, ...optimizer, ...rate };
  return { backend: { load: () => Promise.resolve(backend) }, model, params, epochs, rows, augment };
}

/** Final metrics without the time they took. */
function finalMetrics({ end }: Run): Record<string, number> {
  if (end.kind !== "done") throw new Error(`The run ended as ${end.kind}.`);
  const { epoch_seconds: _, ...metrics } = end.metrics;
  return metrics;
}

export function resumeContract(
  name: string,
  load: () => Promise<LoadedBackend>,
  { runs = 20, tolerance = 0 }: ResumeContract = {},
): void {
  describe(`interrupted trainings on ${name}`, () => {
    let backend: LoadedBackend;
    let root: string;
    beforeAll(async () => {
      backend = await load();
      root = await mkdtemp(path.join(tmpdir(), "basin-resume-"));
    });
    afterAll(() => rm(root, { recursive: true, force: true }));

    const expectSame = (a: number, b: number, what: string): void => {
      if (tolerance === 0 || !Number.isFinite(b)) expect(a, what).toBe(b);
      else expect(Math.abs(a - b), what).toBeLessThanOrEqual(tolerance * (1 + Math.abs(b)));
    };
    const expectSameMetrics = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): void => {
      expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
      for (const [key, value] of Object.entries(b)) expectSame(a[key]!, value, key);
    };

    it("end as if nothing had happened, wherever they were stopped", { timeout: 300_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(trainings, async (training) => {
          const options = optionsOf(training, backend);
          const folder = await mkdtemp(path.join(root, "run-"));
          const whole = await run(options);
          const parts: Run[] = [];
          for (const stop of training.stops) parts.push(await run({ ...options, folder, ...stop }));
          parts.push(await run({ ...options, folder }));
          const last = parts.at(-1)!;
          // A rung that was reached before is reported again.
          const reports = parts
            .flatMap((part) => part.reports)
            .filter(({ epoch }, i, all) => all.findIndex((other) => other.epoch === epoch) === i);
          expect(reports.map(({ epoch }) => epoch)).toEqual(whole.reports.map(({ epoch }) => epoch));
          reports.forEach(({ metrics }, i) => expectSameMetrics(metrics, whole.reports[i]!.metrics));
          last.weights.forEach((values, i) =>
            values.forEach((value, j) => expectSame(value, whole.weights[i]![j]!, `weight ${i}, ${j}`)),
          );
          expectSameMetrics(finalMetrics(last), finalMetrics(whole));
          // Of a run that is over, one file is left; asked again, it says the same and trains nothing.
          expect(await readdir(folder)).toHaveLength(1);
          const again = await run({ ...options, folder });
          expect(again.reports).toEqual([]);
          expectSameMetrics(finalMetrics(again), finalMetrics(whole));
        }),
        { numRuns: runs },
      );
    });
  });
}
