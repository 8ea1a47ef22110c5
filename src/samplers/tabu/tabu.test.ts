/** Neighbours and memory by hand; the walk on a ladder never goes back within the tenure; aspiration, restarts, discrete spaces. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { spaces } from "../../../test/contract/spaces.ts";
import { rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import { fromUnit } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { cubeOf } from "../cube.ts";
import { searcher, type Walk } from "../testing/search.ts";
import { afterMove, isTabu, neighbour, tabuBin, type TabuList } from "./neighbourhood.ts";
import { tabuSampler } from "./tabu.ts";

const unit: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
const always = (): boolean => true;
const at = (...x: number[]): Float64Array => Float64Array.from(x);

describe("neighbours", () => {
  it("differ in one coordinate, always in its value, and stay in the cube", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(spaces)), fc.integer(), (label, seed) => {
        const cube = cubeOf(spaces[label]!);
        const rng = rngForKey(`neighbour ${seed}`);
        const point = cube.draw(rng);
        cube.parameters.forEach((parameter, k) => {
          const other = neighbour(point, k, parameter, 0.1, rng);
          expect([...other.keys()].filter((i) => other[i] !== point[i])).toEqual([k]);
          expect(other[k]! >= 0 && other[k]! <= 1).toBe(true);
          expect(fromUnit(parameter, other[k]!)).not.toBe(fromUnit(parameter, point[k]!));
        });
      }),
    );
  });
});

describe("the list", () => {
  const { parameters } = cubeOf(unit);
  it("forbids what a move has left for the tenure, and nothing else", () => {
    const list = afterMove(new Map(), 4, 7, parameters, at(0.52), at(0.61), always);
    const back = (step: number): boolean => isTabu(list, step, parameters, at(0.7), at(0.54), always);
    expect([4, 5, 11, 12].map(back)).toEqual([true, true, true, false]);
    expect(isTabu(list, 5, parameters, at(0.7), at(0.56), always)).toBe(false);
    // A coordinate that is inactive in one of the two has not been moved.
    expect(isTabu(list, 5, parameters, at(0.7), at(0.54), () => false)).toBe(false);
  });
  it("has a bin a value for small parameters and twenty for the rest", () => {
    expect([0, 0.049, 0.05, 0.999, 1].map((x) => tabuBin(parameters[0]!, x))).toEqual([0, 0, 1, 19, 19]);
    const three = cubeOf([{ name: "n", type: "int", low: 5, high: 7, log: false }]).parameters[0]!;
    expect([0, 0.34, 1].map((x) => tabuBin(three, x))).toEqual([0, 1, 2]);
  });
  it("keeps no move within a bin, and drops what is over", () => {
    expect(afterMove(new Map(), 0, 7, parameters, at(0.51), at(0.54), always).size).toBe(0);
    const old: TabuList = new Map([["0:3", 5]]);
    expect(afterMove(old, 5, 7, parameters, at(0.51), at(0.54), always).size).toBe(0);
  });
});

/** The trials the search stood at, one a step, read from what it says. */
function positions({ reasons }: Walk): number[] {
  const stood: number[] = [];
  for (const reason of reasons) {
    const text = /from trial (\d+)/u.exec(reason)?.[1];
    if (text !== undefined && stood.at(-1) !== Number(text)) stood.push(Number(text));
  }
  return stood;
}

describe("tabu search", () => {
  it("does not come back within the tenure on a ladder", async () => {
    const ladder: Space = [{ name: "rung", type: "int", low: 0, high: 199, log: false }];
    const rugged = (params: Params): number =>
      Math.abs(Number(params["rung"]) - 120) / 50 + Math.sin(Number(params["rung"]));
    for (const seed of [1, 2, 3]) {
      const result = await searcher(tabuSampler, { neighbours: 4 }, seed).walk(ladder, rugged, 120);
      const best = result.history.map((_, i) =>
        Math.min(...result.history.slice(0, i + 1).map(({ values }) => values[0]!)),
      );
      const stood = positions(result);
      expect(stood.length).toBeGreaterThan(10);
      const bins = stood.map((number) => Math.floor(Number(result.history[number]!.params["rung"]) / 10));
      bins.forEach((bin, i) => {
        // Staying in a bin is no return; only the best so far is let back in.
        const left = bins.slice(Math.max(0, i - 7), i);
        const isReturn = bin !== bins[i - 1] && left.includes(bin);
        if (isReturn) expect(result.history[stood[i]!]!.values[0]).toBe(best[stood[i]!]);
      });
      // On the ladder itself, where every rung is a configuration, none is stood on twice.
      expect(new Set(stood).size).toBe(stood.length);
    }
  });

  it("goes to what is tabu only if it is the best so far", () => {
    const { ask, create } = searcher(tabuSampler, { neighbours: 1, patience: 100 }, 1);
    const trial = (number: number, x: number, loss: number): FinishedTrial => ({
      number,
      state: "complete",
      params: { x },
      values: [loss],
    });
    // From 0.52 to 0.71, which makes the bin of 0.52 tabu; then somebody tries 0.53.
    const start = [trial(0, 0.52, 2), trial(1, 0.71, 1)];
    const from = async (loss: number): Promise<string> =>
      (await ask(create(unit), [...start, trial(2, 0.53, loss)])).reason;
    return Promise.all([
      expect(from(1.5)).resolves.toContain("from trial 1"),
      expect(from(0.5)).resolves.toContain("from trial 2"),
    ]);
  });

  it("starts again elsewhere when nothing has improved for long", async () => {
    const { reasons } = await searcher(tabuSampler, { neighbours: 2, patience: 5 }, 1).walk(unit, () => 1, 40);
    expect(reasons[0]).toBe("uniform draw to start from");
    expect(reasons).toContain("uniform draw for start 2");
    expect(reasons).toContain("uniform draw for start 3");
  });

  it("beats random search where neighbours are alike", async () => {
    const space: Space = [
      { name: "kind", type: "categorical", choices: ["a", "b", "c", "d"] },
      ...[0, 1, 2, 3].map((i): Space[number] => ({ name: `n${i}`, type: "int", low: 0, high: 20, log: false })),
    ];
    const f = (params: Params): number =>
      [0, 1, 2, 3].reduce(
        (sum, i) => sum + (Number(params[`n${i}`]) - 4 * i - 2) ** 2,
        params["kind"] === "c" ? 0 : 30,
      );
    for (const seed of [1, 2, 3]) {
      const rng = rngForKey(`random ${seed}`);
      const random = Math.min(...Array.from({ length: 250 }, () => f(uniformParams(space, rng))));
      const history = await searcher(tabuSampler, {}, seed).search(space, f, 250);
      expect(Math.min(...history.map(({ values }) => values[0]!))).toBeLessThan(random / 2);
    }
  });
});
