import { describe, expect, it } from "vitest";
import { isStructural } from "../../core/study/structural.ts";
import { renderTrainerDoc } from "./documentation.ts";
import {
  editDistance,
  knownNames,
  nearestName,
  numberedNames,
  resolveHyperparameters,
  understandsName,
} from "./hyperparameters.ts";
import { hyperparameterTable, type HyperparameterEntry } from "./hyperparameterTable.ts";

describe("resolveHyperparameters", () => {
  it("fills in defaults and remembers what was given", () => {
    const h = resolveHyperparameters({ learningRate: 0.1, width2: 7 }, "mlp");
    expect(h.learningRate).toBe(0.1);
    expect(h.batchSize).toBe(hyperparameterTable.batchSize.default);
    expect(h.numbered.width).toEqual([undefined, 7]);
    expect([...h.given]).toEqual(["learningRate", "width2"]);
  });

  it.each([
    [{ learningrate: 0.1 }, /no parameter "learningrate".*Did you mean "learningRate"\?/s],
    [{ learning_rate: 0.1 }, /Did you mean "learningRate"\?/],
    [{ lr: 0.1 }, /Did you mean "learningRate"\?/],
    [{ widht: 3 }, /Did you mean "width"\?.*It knows epochs, batchSize/s],
    [{ filters: 3 }, /The model "mlp" has no parameter "filters"/],
    [{ learningRate: 0 }, /out of range.*above 0/s],
    [{ learningRate: "fast" }, /must be a number, not "fast"/],
    [{ batchSize: 2.5 }, /whole number/],
    [{ optimizer: "adagrad" }, /cannot be "adagrad".*sgd, momentum/s],
    [{ batchNorm: "yes" }, /true or false/],
    [{ dropout: 1 }, /out of range/],
  ])("refuses %j", (params, message) => {
    const thrown = (): string => {
      try {
        resolveHyperparameters(params, "mlp");
        return "nothing";
      } catch (error) {
        const { message: text, hint } = error as Error & { hint: string };
        return `${text} ${hint}`;
      }
    };
    expect(thrown()).toMatch(message);
  });

  it("leaves a module's own parameters to the module, but checks the training's", () => {
    expect(resolveHyperparameters({ heads: 4, width: "wide", learningRate: 0.5 }, "module").learningRate).toBe(0.5);
    expect(() => resolveHyperparameters({ heads: 4, optimizer: "best" }, "module")).toThrow(/optimizer/);
  });

  it("takes numbers behind the names of layers and blocks, as many as there can be", () => {
    const h = resolveHyperparameters(
      { layers1: 3, filters5: 7, kernel10: 5, convDropout2: 0.1, denseUnits2: 0 },
      "vgg",
    );
    expect(h.numbered).toMatchObject({
      layersPerBlock: [3],
      filters: [undefined, undefined, undefined, undefined, 7],
      convDropout: [undefined, 0.1],
      denseUnits: [undefined, 0],
    });
    expect(
      ["filters11", "filters0", "filters01", "width1", "depth1"].map((name) => understandsName("vgg", name)),
    ).toEqual([false, false, false, false, false]);
    expect([understandsName("mlp", "width99"), understandsName("mlp", "filters1")]).toEqual([true, false]);
    expect(() => resolveHyperparameters({ filters2: 0 }, "vgg")).toThrow(/filters2 is 0, which is out of range/);
    expect(numberedNames("vgg", 5).every(({ name }) => understandsName("vgg", name))).toBe(true);
  });

  it("refuses what does not go together", () => {
    expect(() => resolveHyperparameters({ hypergradient: "cosine", optimizer: "rmsprop" }, "mlp")).toThrow(
      /no rule for the optimizer rmsprop/,
    );
    expect(() => resolveHyperparameters({ hypergradient: "raw", lrSchedule: "cosine" }, "mlp")).toThrow(
      /lrSchedule "cosine" cannot be followed/,
    );
    expect(() => resolveHyperparameters({ hypergradient: "raw", warmupEpochs: 1 }, "mlp")).toThrow(/warmupEpochs/);
    expect(() => resolveHyperparameters({ lrSchedule: "oneCycle", oneCycleMomentum: 0.95 }, "mlp")).toThrow(
      /above beta1 0.9/,
    );
  });

  it("begins hypergradient descent at the usual rates", () => {
    const rate = (params: Record<string, string | number>) =>
      resolveHyperparameters({ hypergradient: "cosine", ...params }, "mlp").learningRate;
    expect([rate({ optimizer: "momentum" }), rate({ optimizer: "adam" }), rate({ learningRate: 0.3 })]).toEqual([
      0.01, 0.001, 0.3,
    ]);
  });

  it("takes 0 and 1 for flags", () => {
    expect(resolveHyperparameters({ batchNorm: 1 }, "vgg").batchNorm).toBe(true);
  });
});

describe("suggestions", () => {
  it("measures changed, added, dropped and swapped letters", () => {
    expect(["abc", "abd", "ab", "acb", ""].map((word) => editDistance("abc", word))).toEqual([0, 1, 1, 1, 3]);
  });
  it("offers nothing where nothing is near", () => {
    expect(nearestName("temperature", knownNames("mlp"))).toBeUndefined();
  });
});

it("is what docs/trainer.md says", async () => {
  await expect(renderTrainerDoc()).toMatchFileSnapshot("../../../docs/trainer.md");
});

describe("what a change of leaves the weights usable", () => {
  const study = (model: string, name: string) => ({
    trainer: {
      kind: "tfjs",
      model,
      data: { csv: "a.csv", label: "y", validation: 0.2, standardize: true, task: "classification" },
      epochs: 3,
      backend: "auto",
      threads: 0,
    } as const,
    space: [{ name, type: "float", low: 0, high: 1, log: false }] as const,
  });
  const entries: [string, HyperparameterEntry][] = Object.entries(hyperparameterTable);

  it.each(entries)("%s is classified as its scope says", (name, { scope }) => {
    const leavesWeights = scope.includes("training") || name === "dropout" || name === "convDropout";
    for (const model of ["mlp", "vgg"]) expect(isStructural(study(model, name), name)).toBe(!leavesWeights);
    if (scope.includes("training")) expect(isStructural(study("./model.js", name), name)).toBe(false);
  });
});
