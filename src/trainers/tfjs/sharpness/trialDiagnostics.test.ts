/** What trials of the built-in trainer measure beside their metrics, in whole trainings. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { estimatorIds, type Diagnostics } from "../../../core/study/diagnostics.ts";
import { wasmBackend } from "../backends/wasm.ts";
import { run, type Run } from "../training/testing/run.ts";

const sharpness = (more: Partial<NonNullable<Diagnostics["sharpness"]>> = {}): Diagnostics => ({
  sharpness: { estimators: ["exact-frobenius", "rms"], at: "end", samples: 64, batch: 16, ...more },
});
const rtd = (more: Partial<NonNullable<Diagnostics["rtd"]>> = {}): Diagnostics => ({
  rtd: {
    variant: "one-to-noise",
    use: "diagnostic",
    samples: 20,
    noiseWidth: 256,
    references: 16,
    refresh: "frozen",
    ...more,
  },
});
const rich = { width: 10, depth: 2, batchNorm: true, dropout: 0.3, batchSize: 24, learningRate: 0.02 };

const doneMetrics = ({ end }: Run): Readonly<Record<string, number>> => {
  if (end.kind !== "done") throw new Error(end.kind);
  return end.metrics;
};
const sharpnessSent = ({ sent }: Run): [string, number | undefined, number][] =>
  sent.flatMap((event) =>
    event.type === "sharpness"
      ? [[event.estimator, event.step, event.value] as [string, number | undefined, number]]
      : [],
  );
const embeddingsSent = ({ sent }: Run) => sent.flatMap((event) => (event.type === "embedding" ? [event] : []));

describe("sharpness of trials", () => {
  it("changes nothing of the training, bit for bit, whichever measures there are", { timeout: 60_000 }, async () => {
    for (const backend of [undefined, wasmBackend]) {
      const options = { params: rich, epochs: 4, ...(backend === undefined ? {} : { backend }) };
      const plain = await run(options);
      const measured = await run({
        ...options,
        diagnostics: { ...sharpness({ at: 1, estimators: [...estimatorIds] }), ...rtd({ everyEpochs: 1 }) },
      });
      expect(measured.weights).toEqual(plain.weights);
      expect(measured.reports).toEqual(plain.reports);
      expect(measured.log).toEqual(plain.log);
      expect(doneMetrics(measured)).toMatchObject({
        ...doneMetrics(plain),
        epoch_seconds: doneMetrics(measured)["epoch_seconds"],
      });
      const names = new Set(sharpnessSent(measured).map(([name]) => name));
      for (const id of estimatorIds) expect(names).toContain(id);
      for (const [name, , value] of sharpnessSent(measured)) expect(Number.isFinite(value), name).toBe(true);
    }
  });

  it("comes at the end, or every so many epochs and at the end, once each", async () => {
    const steps = async (at: "end" | number): Promise<unknown[]> =>
      sharpnessSent(await run({ epochs: 5, diagnostics: sharpness({ at, estimators: ["rms"] }) })).map(
        ([, step]) => step,
      );
    expect(await steps("end")).toEqual([5]);
    expect(await steps(2)).toEqual([2, 4, 5]);
    expect(await steps(5)).toEqual([5]);
    expect(await steps(1)).toEqual([1, 2, 3, 4, 5]);
  });

  it("is among the final metrics, of the weights that gave them", async () => {
    const plain = await run({ epochs: 6, diagnostics: sharpness() });
    expect(doneMetrics(plain)["sharpness.rms"]).toBe(sharpnessSent(plain).find(([name]) => name === "rms")![2]);
    // Early stopping goes back to the first epoch's weights.
    const params = { ...rich, learningRate: 1, earlyStoppingPatience: 2, optimizer: "sgd" };
    const options = { params, epochs: 8, diagnostics: sharpness({ at: 1 }) };
    const stopped = await run(options);
    const best = doneMetrics(stopped)["best_epoch"]!;
    const sent = sharpnessSent(stopped).filter(([name]) => name === "rms");
    expect(best).toBeLessThan(sent.length);
    expect(doneMetrics(stopped)["sharpness.rms"]).toBe(sent.find(([, step]) => step === best)![2]);
  });

  it("is not measured at the end of a rung, except when its epoch has come", async () => {
    const rung = { epochs: 6, untilEpoch: 2 };
    expect(sharpnessSent(await run({ ...rung, diagnostics: sharpness() }))).toEqual([]);
    expect(sharpnessSent(await run({ ...rung, diagnostics: sharpness({ at: 2, estimators: ["rms"] }) }))).toHaveLength(
      1,
    );
  });

  it("comes after the scheduler's epoch as well, over mini-batches of the trial's own size where that is asked for", async () => {
    const at = async (more: Parameters<typeof sharpness>[0]): Promise<[number | undefined, number][]> =>
      sharpnessSent(
        await run({ params: rich, epochs: 4, diagnostics: sharpness({ estimators: ["penultimate"], ...more }) }),
      ).map(([, step, value]) => [step, value]);
    const own = await at({ alsoAt: 2, batch: "trial" });
    expect(own.map(([step]) => step)).toEqual([2, 4]);
    expect(own).toEqual(await at({ alsoAt: 2, batch: rich.batchSize }));
    expect(own).not.toEqual(await at({ alsoAt: 2, batch: 16 }));
  });

  it("brings the untrained model's loss with the first epoch, the same wherever the training was interrupted", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "basin-baseline-"));
    try {
      const asked = sharpness({ alsoAt: 1, baseline: true, samples: 200 });
      const options = { params: rich, diagnostics: asked, folder, epochs: 3 };
      const plain = await run({ params: rich, epochs: 3 });
      const whole = await run({ ...options, folder: path.join(folder, "whole") });
      const [first, second] = whole.reports;
      const { baseline_loss: baseline, ...rest } = first!.metrics;
      expect(rest).toEqual(plain.reports[0]!.metrics);
      expect(second).toEqual(plain.reports[1]);
      // Two classes, and an untrained network knows about as much as nothing.
      expect(baseline).toBeGreaterThan(0.5);
      expect(baseline).toBeLessThanOrEqual(Math.log(2) + 1e-12);
      // Standardised values vary by 1 around their mean.
      const values = await run({ ...options, task: "regression", folder: path.join(folder, "values") });
      expect(values.reports[0]!.metrics["baseline_loss"]).toBeGreaterThan(0.5);
      expect(values.reports[0]!.metrics["baseline_loss"]).toBeLessThanOrEqual(1.0001);
      // Begun again in the middle of the first epoch.
      const cut = { ...options, folder: path.join(folder, "cut") };
      await run({ ...cut, stopAfter: 2 });
      expect((await run(cut)).reports[0]).toEqual(first);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("is measured again where a trial finds that it had paused there", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "basin-paused-"));
    try {
      const options = { epochs: 5, untilEpoch: 1, folder, diagnostics: sharpness({ alsoAt: 1, baseline: true }) };
      const once = await run(options);
      const again = await run(options);
      expect(again.end.kind).toBe("paused");
      expect(again.reports).toEqual(once.reports);
      expect(sharpnessSent(again)).toEqual(sharpnessSent(once));
      expect(sharpnessSent(again)).toHaveLength(2);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("fails by measures, and never the trial", async () => {
    const { end, log, sent } = await run({
      params: { ...rich, learningRate: 0.01 },
      diagnostics: { ...sharpness({ samples: 16 }), ...rtd({ samples: 5000 }) },
    });
    expect(end.kind).toBe("done");
    expect(sent.some(({ type }) => type === "sharpness")).toBe(true);
    expect(log.join("\n")).toMatch(/No embeddings: the validation part has 50 samples, fewer than the 5000/);
    const named = await run({ diagnostics: rtd({ layer: "dense9" }) });
    expect(named.end.kind).toBe("done");
    expect(named.log.join("\n")).toMatch(/no layer `dense9`/);
  });
});

describe("embeddings of trials", () => {
  it("are what the last dense layer gets, one row a sample of the probe", async () => {
    const [event, ...more] = embeddingsSent(await run({ epochs: 3, diagnostics: rtd() }));
    expect(more).toEqual([]);
    expect(event).toMatchObject({ name: "penultimate", step: 3 });
    expect(event?.indexHash).toMatch(/^[0-9a-f]{16}$/);
    if (event === undefined || !("shape" in event.array)) throw new Error("The embedding is in the event.");
    expect(event.array.shape).toEqual([20, 12]);
    const values = new Float32Array(Uint8Array.from(Buffer.from(event.array.data, "base64")).buffer);
    // After a rectifier.
    expect(values.every((value) => value >= 0)).toBe(true);
    expect(values.some((value) => value > 0)).toBe(true);
  });

  it("of feature maps are averaged over their positions, and of named layers taken there", async () => {
    const params = { blocks: 1, layersPerBlock: 1, filters: 3, denseLayers: 0, batchSize: 24 };
    const options = { model: "vgg", params, epochs: 1 } as const;
    const shapes = async (layer?: string): Promise<unknown> => {
      const [event] = embeddingsSent(await run({ ...options, diagnostics: rtd(layer === undefined ? {} : { layer }) }));
      return [event?.name, event !== undefined && "shape" in event.array ? event.array.shape : undefined];
    };
    expect(await shapes()).toEqual(["penultimate", [20, 3]]);
    expect(await shapes("flatten3")).toEqual(["flatten3", [20, 12]]);
    expect(await shapes("conv2d0")).toEqual(["conv2d0", [20, 3]]);
  });

  it("come of the same samples in every trial, every so many epochs and at the end", async () => {
    const events = embeddingsSent(await run({ epochs: 5, diagnostics: rtd({ everyEpochs: 2 }) }));
    expect(events.map(({ step }) => step)).toEqual([2, 4, 5]);
    const other = embeddingsSent(await run({ epochs: 1, seed: 9, params: rich, diagnostics: rtd() }));
    expect(new Set([...events, ...other].map(({ indexHash }) => indexHash)).size).toBe(1);
  });
});
