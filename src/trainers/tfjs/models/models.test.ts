import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { activationBytes, microBatchSize } from "../training/microBatch.ts";
import { trainingRandomness } from "../training/randomness.ts";
import { buildModel } from "./build.ts";
import { checkSize, modelKind } from "./create.ts";
import { architectureOf, layerShapes } from "./description.ts";
import { describeMlp } from "./mlp.ts";
import { buildUserModel, type BuildInfo } from "./userModule.ts";
import { describeVgg } from "./vgg.ts";

let backend: LoadedBackend;
let folder: string;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
  folder = await mkdtemp(path.join(tmpdir(), "basin-models-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("descriptions", () => {
  it("stack hidden layers with their own widths", () => {
    const { layers } = describeMlp(
      resolveHyperparameters({ depth: 3, width: 9, width2: 4, dropout: 0.1 }, "mlp"),
      [5],
      3,
    );
    expect(layers.flatMap((layer) => (layer.kind === "dense" ? [layer.units] : []))).toEqual([9, 4, 9, 3]);
    expect(layers.map((layer) => layer.kind)).toEqual([
      "dense",
      "activation",
      "dropout",
      "dense",
      "activation",
      "dropout",
      "dense",
      "activation",
      "dropout",
      "dense",
    ]);
  });

  it("leave a linear model at depth 0, and flatten images", () => {
    expect(
      describeMlp(resolveHyperparameters({ depth: 0 }, "mlp"), [2, 2, 1], 3).layers.map((layer) => layer.kind),
    ).toEqual(["flatten", "dense"]);
  });

  it("double a VGG's filters from block to block and drop biases before batch norm", () => {
    const { layers } = describeVgg(
      resolveHyperparameters({ filters: 6, blocks: 3, layersPerBlock: 1, batchNorm: true, denseUnits: 0 }, "vgg"),
      [8, 8, 1],
      2,
    );
    expect(layers.flatMap((layer) => (layer.kind === "conv2d" ? [[layer.filters, layer.bias]] : []))).toEqual([
      [6, false],
      [12, false],
      [24, false],
    ]);
  });

  it("are refused where their weights alone cannot fit", () => {
    const huge = describeMlp(resolveHyperparameters({ depth: 2, width: 1_000_000 }, "mlp"), [5], 2);
    expect(() => checkSize(huge, 64 * 1024 ** 3)).toThrow(/1.00e\+12 parameters.*11176\.0 GiB.*has 64\.0 GiB/);
    const small = describeMlp(resolveHyperparameters({}, "mlp"), [5], 2);
    expect(() => checkSize(small, 1024 ** 3)).not.toThrow();
  });

  it("tell their weights' meaning, in which dropout and initial values have no part", () => {
    const text = (params: Record<string, number | string>) =>
      architectureOf(describeMlp(resolveHyperparameters(params, "mlp"), [5], 2));
    expect(text({ dropout: 0.5, init: "heUniform" })).toBe(text({}));
    expect(text({ activation: "tanh" })).not.toBe(text({}));
  });

  it("shrink images by valid convolutions, and take kernels, layers and pooling block by block", () => {
    const params = { padding: "valid", blocks: 2, layers1: 1, layers2: 2, kernel1: 5, kernel2: 2, pooling: "average" };
    const description = describeVgg(
      resolveHyperparameters({ ...params, denseLayers: 2, denseUnits2: 7 }, "vgg"),
      [28, 28, 1],
      10,
    );
    const shapes = layerShapes(description);
    const of = (kind: string) =>
      description.layers.flatMap((layer, i) => (layer.kind === kind ? [shapes[i]!.shape.join("x")] : []));
    expect(of("conv2d")).toEqual(["24x24x32", "11x11x64", "10x10x64"]);
    expect(of("pool2d")).toEqual(["12x12x32", "5x5x64"]);
    expect(of("dense")).toEqual(["128", "7", "10"]);
  });

  it("normalise the first convolution of each block only, where that is asked for", () => {
    const params = { batchNorm: true, batchNormAt: "blockStart", blocks: 2, layersPerBlock: 2 };
    const { layers } = describeVgg(resolveHyperparameters(params, "vgg"), [8, 8, 1], 2);
    const biases = layers.flatMap((layer) => (layer.kind === "conv2d" || layer.kind === "dense" ? [layer.bias] : []));
    expect(biases).toEqual([false, true, false, true, true, true]);
    expect(layers.filter(({ kind }) => kind === "batchNorm")).toHaveLength(2);
  });

  it("refuse a VGG without images, or with more blocks than they can be halved", () => {
    const h = resolveHyperparameters({ blocks: 4 }, "vgg");
    expect(() => describeVgg(h, [64], 2)).toThrow(/needs images/);
    expect(() => describeVgg(h, [12, 12, 1], 2)).toThrow(
      /too small for 4 blocks, each of which halves them: nothing is left of them in block 4/,
    );
  });
});

describe("built models", () => {
  it("have equal weights for equal seeds, and masks of the asked share in training only", () => {
    const { tf } = backend;
    const description = describeMlp(
      resolveHyperparameters({ depth: 1, width: 4000, dropout: 0.25, activation: "linear" }, "mlp"),
      [3],
      2,
    );
    const [a, b, c] = [1, 1, 2].map((seed) => buildModel(tf, description, trainingRandomness(seed)));
    expect(a!.getWeights()[0]!.dataSync()).toEqual(b!.getWeights()[0]!.dataSync());
    expect(a!.getWeights()[0]!.dataSync()).not.toEqual(c!.getWeights()[0]!.dataSync());
    const dropout = a!.layers.find((layer) => layer.getClassName() === "BasinDropout")!;
    const x = tf.ones([1, 4000]);
    const trained = (dropout.apply(x, { training: true }) as typeof x).dataSync();
    const kept = trained.filter((value) => value !== 0);
    expect(kept.length / 4000).toBeCloseTo(0.75, 1);
    expect(kept[0]).toBeCloseTo(4 / 3, 3);
    expect([...(dropout.apply(x) as typeof x).dataSync()].every((value) => value === 1)).toBe(true);
    for (const model of [a, b, c]) model!.dispose();
  });

  it("say how much memory a sample takes", () => {
    const model = buildModel(
      backend.tf,
      describeMlp(resolveHyperparameters({ depth: 1, width: 10 }, "mlp"), [3], 2),
      trainingRandomness(1),
    );
    expect(activationBytes(model)).toBe(4 * 3 * (3 + 10 + 10 + 2));
    expect([microBatchSize(100, 10, 1e9), microBatchSize(100, 10, 400), microBatchSize(7, 10, 1)]).toEqual([
      100, 34, 1,
    ]);
    model.dispose();
  });
});

describe("a user's module", () => {
  const info: BuildInfo = {
    task: "classification",
    inputShape: [4],
    outputs: 3,
    classes: ["a", "b", "c"],
    rows: 10,
    epochs: 2,
    seed: 1,
  };
  const build = async (name: string, source: string) => {
    await writeFile(path.join(folder, name), source);
    return buildUserModel(backend.tf, `./${name}`, folder, { units: 5 }, info);
  };
  const dense = (output: string) =>
    `const m = tf.sequential(); m.add(tf.layers.dense({ inputShape: info.inputShape, units: params.units })); m.add(tf.layers.dense({ ${output} })); return m;`;

  it("may be CommonJS or an ES module, end in logits or in a softmax, and be asynchronous", async () => {
    const logits = await build("a.cjs", `exports.build = (params, tf, info) => { ${dense("units: info.outputs")} };`);
    expect(logits.output).toBe("logits");
    expect(logits.model.layers[0]!.getConfig()["units"]).toBe(5);
    expect(
      (
        await build(
          "b.mjs",
          `export async function build(params, tf, info) { ${dense('units: info.outputs, activation: "softmax"')} }`,
        )
      ).output,
    ).toBe("probabilities");
    expect(
      (
        await build(
          "c.cjs",
          `module.exports = (params, tf, info) => { const make = () => { ${dense("units: info.outputs")} }; return { model: make(), output: "probabilities" }; };`,
        )
      ).output,
    ).toBe("probabilities");
  });

  it.each([
    ["missing.js", undefined, /missing\.js cannot be loaded/],
    ["syntax.mjs", "export function build( {", /cannot be loaded/],
    ["empty.mjs", "export const model = 1;", /exports no function "build"/],
    [
      "throws.mjs",
      'export function build() { throw new Error("no GPU"); }',
      /build\(\) of \.\/throws\.mjs failed: no GPU/,
    ],
    ["nothing.mjs", "export function build() { return 3; }", /returned no tf\.LayersModel/],
    [
      "shape.mjs",
      `export function build(params, tf, info) { ${dense("units: 7")} }`,
      /outputs of shape \[7\], but 3 classes are needed/,
    ],
    [
      "input.mjs",
      "export function build(params, tf) { const m = tf.sequential(); m.add(tf.layers.dense({ inputShape: [9], units: 3 })); return m; }",
      /takes samples of shape \[9\], but the data has \[4\]/,
    ],
  ])("is told what is wrong: %s", async (name, source, message) => {
    await expect(
      source === undefined ? buildUserModel(backend.tf, `./${name}`, folder, {}, info) : build(name, source),
    ).rejects.toThrow(message);
  });

  it("is recognised by its path", () => {
    expect(["mlp", "vgg", "./model.js", "nets/a.mjs", "model.cjs"].map(modelKind)).toEqual([
      "mlp",
      "vgg",
      "module",
      "module",
      "module",
    ]);
    expect(() => modelKind("resnet")).toThrow(/no built-in model "resnet"/);
  });
});
