/** Derivatives by hyperparameters as whole trainings report them. */
import { describe, expect, it } from "vitest";
import type { Params } from "../../../core/space/parameter.ts";
import { run, type RunOptions } from "../training/testing/run.ts";

/** Full batches, so that the weights settle. */
const settled: Params = { depth: 0, optimizer: "nesterov", learningRate: 0.1, momentum: 0.95, batchSize: 1000 };

function metricsOf(result: Awaited<ReturnType<typeof run>>): Readonly<Record<string, number>> {
  if (result.end.kind !== "done") throw new Error(`The training has ended as ${result.end.kind}.`);
  return result.end.metrics;
}

async function trained(params: Params, options: RunOptions = {}): Promise<Readonly<Record<string, number>>> {
  const hypergradients = { metric: "val_loss", iteration: 1000 };
  return metricsOf(
    await run({ epochs: 200, rows: 100, hypergradients, ...options, params: { ...settled, ...params } }),
  );
}

async function difference(of: (x: number) => Promise<number>, x: number, step: number): Promise<number> {
  return ((await of(x + step)) - (await of(x - step))) / (2 * step);
}

describe("derivatives at the end of a training", () => {
  it("are those of the validation loss that trainings with other hyperparameters end with", async () => {
    const params = { weightDecay: 0.05, labelSmoothing: 0.1 };
    const metrics = await trained(params);
    const decay = await difference(
      async (weightDecay) => (await trained({ ...params, weightDecay }))["val_loss"]!,
      0.05,
      0.005,
    );
    const smoothing = await difference(
      async (labelSmoothing) => (await trained({ ...params, labelSmoothing }))["val_loss"]!,
      0.1,
      0.02,
    );
    expect(metrics["hypergradient.weightDecay"]! / decay).toBeCloseTo(1, 1);
    expect(metrics["hypergradient.labelSmoothing"]! / smoothing).toBeCloseTo(1, 1);
  });
  it("are those of a regression's root mean squared error, in the target's unit", async () => {
    const of = { task: "regression", hypergradients: { metric: "val_rmse", iteration: 1000 } } as const;
    const metrics = await trained({ weightDecay: 0.3 }, of);
    const decay = await difference(async (weightDecay) => (await trained({ weightDecay }, of))["val_rmse"]!, 0.3, 0.02);
    expect(metrics["hypergradient.weightDecay"]! / decay).toBeCloseTo(1, 1);
  });
  it("come with dropout, batch norm, early stopping and augmentation, and with convolutions", async () => {
    for (const options of [
      { params: { width: 6, dropout: 0.3, batchNorm: true, weightDecay: 1e-3, earlyStoppingPatience: 2 } },
      {
        model: "vgg",
        augment: true,
        params: { blocks: 1, filters: 2, denseUnits: 4, weightDecay: 1e-3, labelSmoothing: 0.1 },
      },
    ] as const) {
      const metrics = metricsOf(
        await run({ epochs: 2, rows: 60, hypergradients: { metric: "val_loss", iteration: 0 }, ...options }),
      );
      expect(Number.isFinite(metrics["hypergradient.weightDecay"])).toBe(true);
    }
  });
  it("are not there where there are none, and a line in the log says why", async () => {
    const wanted = { metric: "val_loss", iteration: 0 };
    for (const [params, metric, reason] of [
      [{ weightDecay: 0.1 }, "val_accuracy", "val_accuracy is no smooth function"],
      [{ weightDecay: 0.1, optimizer: "adamw" }, "val_loss", "on none of the parameters"],
      [{ learningRate: 0.1 }, "val_loss", "on none of the parameters"],
    ] as const) {
      const result = await run({
        epochs: 1,
        rows: 60,
        params: { depth: 0, ...params },
        hypergradients: { ...wanted, metric },
      });
      expect(Object.keys(metricsOf(result)).some((name) => name.startsWith("hypergradient"))).toBe(false);
      expect(result.log.join("\n")).toContain(reason);
    }
    const silent = await run({ epochs: 1, rows: 60, params: { depth: 0, weightDecay: 0.1 } });
    expect(silent.log.join("\n")).not.toContain("ypergradient");
  });
  it("end when the trial is asked to stop", async () => {
    // Steps of the training are counted by signs of life, and so are those of the solve.
    const result = await run({
      epochs: 2,
      rows: 60,
      params: { depth: 0, weightDecay: 0.1, batchSize: 1000 },
      hypergradients: { metric: "val_loss", iteration: 0 },
      stopAfter: 4,
    });
    expect(result.end.kind).toBe("stopped");
    expect(result.reports).toHaveLength(2);
  });
});
