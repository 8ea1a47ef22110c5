import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Params, Space } from "../space/parameter.ts";
import { feasibilityOf } from "./constraints.ts";
import { isOnGrid, someConfiguration } from "./grid.ts";

const space: Space = [
  { name: "width", type: "int", low: 1, high: 4, log: false },
  { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
  { name: "momentum", type: "float", low: 0, high: 1, step: 0.5, log: false, when: { optimizer: ["sgd"] } },
  { name: "batch-size", type: "constant", value: 8 },
];

const feasible = (...constraints: string[]): ((params: Params) => boolean) => feasibilityOf({ constraints, space });

describe("feasibilityOf", () => {
  const sgd: Params = { width: 3, optimizer: "sgd", momentum: 0.5, "batch-size": 8 };
  const adam: Params = { width: 3, optimizer: "adam", "batch-size": 8 };

  it("holds when every constraint does", () => {
    expect(feasible()(sgd)).toBe(true);
    expect(feasible("width < 4", "momentum > 0.1")(sgd)).toBe(true);
    expect(feasible("width < 4", "momentum > 0.6")(sgd)).toBe(false);
    expect(feasible("width * `batch-size` == 24")(sgd)).toBe(true);
    expect(feasible("optimizer == sgd")(sgd)).toBe(true);
    expect(feasible("optimizer == 'adam'")(sgd)).toBe(false);
  });

  it("leaves out constraints that name an inactive parameter", () => {
    expect(feasible("momentum > 0.6")(adam)).toBe(true);
    expect(feasible("momentum > 0.6 and width > 100")(adam)).toBe(true);
    expect(feasible("momentum > 0.6", "width > 100")(adam)).toBe(false);
  });

  it("never holds for a text that does not parse, and knows no inherited names", () => {
    expect(feasible("width <")(sgd)).toBe(false);
    expect(feasible("toString == 3")(sgd)).toBe(false);
  });
});

describe("someConfiguration", () => {
  it("visits exactly the configurations there are", () => {
    const seen: Params[] = [];
    expect(someConfiguration(space, 1000, (params) => seen.push({ ...params }) < 0)).toBe(false);
    // 4 widths x (sgd with 3 momenta + adam).
    expect(seen).toHaveLength(16);
    expect(seen.filter((params) => params["optimizer"] === "adam" && "momentum" in params)).toEqual([]);
    expect(new Set(seen.map((params) => JSON.stringify(params))).size).toBe(16);
  });

  it("does not try what is too large or continuous", () => {
    expect(someConfiguration(space, 10, () => true)).toBeUndefined();
    expect(
      someConfiguration([{ name: "x", type: "float", low: 0, high: 1, log: false }], 1e9, () => true),
    ).toBeUndefined();
    expect(someConfiguration([], 10, () => true)).toBe(true);
  });
});

describe("isOnGrid", () => {
  it("takes low + k step and nothing between", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 500 }),
        fc.nat(10_000),
        (low, step, k) => {
          const [scaledLow, scaledStep] = [low / 100, step / 100];
          expect(isOnGrid(scaledLow + k * scaledStep, scaledLow, scaledStep)).toBe(true);
          expect(isOnGrid(scaledLow + (k + 0.3) * scaledStep, scaledLow, scaledStep)).toBe(false);
        },
      ),
    );
  });
});
