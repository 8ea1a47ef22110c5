import { describe, expect, it } from "vitest";
import { renderTrainerDoc } from "./documentation.ts";
import {
  editDistance,
  hyperparameterTable,
  knownNames,
  nearestName,
  resolveHyperparameters,
} from "./hyperparameters.ts";

describe("resolveHyperparameters", () => {
  it("fills in defaults and remembers what was given", () => {
    const h = resolveHyperparameters({ learningRate: 0.1, width2: 7 }, "mlp");
    expect(h.learningRate).toBe(0.1);
    expect(h.batchSize).toBe(hyperparameterTable.batchSize.default);
    expect(h.widths).toEqual([undefined, 7]);
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
