/** The grid's numbering against a plain enumeration, the stored-nowhere order, and what the sampler refuses. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFor, rngForKey } from "../../core/rng.ts";
import { checkParams, paramsKey, spaceSize } from "../../core/space/configuration.ts";
import { enumerateParams } from "../../core/space/feasible.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { spaces } from "../../../test/contract/spaces.ts";
import { samplerStream, type Sampler } from "../sampler.ts";
import { gridSampler } from "./grid.ts";
import { gridIndex, gridLevels } from "./gridIndex.ts";
import { randomOrder } from "./permutation.ts";

const create = (space: Space, options = {}, isFeasible: (params: Params) => boolean = () => true): Sampler =>
  gridSampler.create(
    { space, objectives: [{ metric: "loss", direction: "minimize" }], isFeasible, parallel: 1, rng: samplerStream(1) },
    options,
  );

it("counts the search space of the hypertuning course: both ends of a range are in it, so it has 28,823,407,200 points", () => {
  const int = (name: string, low: number, high: number): Space[number] => ({
    name,
    type: "int",
    low,
    high,
    log: false,
  });
  const some = (name: string, count: number): Space[number] => ({
    name,
    type: "categorical",
    choices: Array.from({ length: count }, (_, k) => `${name} ${k}`),
  });
  const space: Space = [
    int("units", 16, 256),
    int("depth", 1, 10),
    int("filters", 16, 64),
    int("kernel", 3, 5),
    some("dropout", 4),
    int("convolutions", 1, 5),
    some("learning rate", 4),
    some("optimizer", 3),
    some("activation", 3),
    int("batch size", 16, 128),
  ];
  expect(spaceSize(space)).toBe(28_823_407_200);
  // The course multiplies the upper bounds (45,298,483,200).
  expect(gridIndex(space, 256).size).toBe(28_823_407_200);
});

describe("levels", () => {
  it("meets both ends, evenly, in the logarithm for log ranges", () => {
    expect(gridLevels({ name: "x", type: "float", low: -1, high: 1, log: false }, 5)).toEqual([-1, -0.5, 0, 0.5, 1]);
    const decades = gridLevels({ name: "x", type: "float", low: 1e-4, high: 1, log: true }, 5) as number[];
    expect(decades[0]).toBe(1e-4);
    expect(decades.at(-1)).toBe(1);
    decades.forEach((value, i) => expect(value).toBeCloseTo(10 ** (i - 4), 12));
    expect(gridLevels({ name: "n", type: "int", low: 1, high: 1024, log: true }, 6)).toEqual([1, 4, 16, 64, 256, 1024]);
    expect(gridLevels({ name: "n", type: "int", low: 1, high: 8, log: true }, 5)).toEqual([1, 2, 3, 5, 8]);
  });

  it("keeps a short parameter's own values, and counts rounded ones once", () => {
    expect(gridLevels({ name: "n", type: "int", low: 1, high: 4, log: false }, 5)).toEqual([1, 2, 3, 4]);
    expect(gridLevels({ name: "n", type: "int", low: 0, high: 100, log: false, step: 25 }, 3)).toEqual([
      0, 25, 50, 75, 100,
    ]);
    const rounded = gridLevels({ name: "n", type: "int", low: 1, high: 12, log: true }, 10);
    expect(new Set(rounded).size).toBe(rounded.length);
    expect(gridLevels({ name: "x", type: "float", low: 2, high: 2, log: false }, 5)).toEqual([2]);
    expect(gridLevels({ name: "c", type: "categorical", choices: ["a", "b", "c"] }, 2)).toEqual(["a", "b", "c"]);
  });
});

describe("numbering", () => {
  it("is a bijection onto the discrete space's configurations, conditions respected", () => {
    const space: Space = [
      { name: "model", type: "categorical", choices: ["svm", "net"] },
      { name: "kernel", type: "categorical", choices: ["a", "b", "c"], when: { model: ["svm"] } },
      { name: "layers", type: "int", low: 1, high: 3, log: false, when: { model: ["net"] } },
      { name: "units2", type: "int", low: 1, high: 4, log: false, when: { layers: [2, 3] } },
      { name: "units3", type: "int", low: 1, high: 4, log: false, when: { layers: [3] } },
      { name: "free", type: "categorical", choices: [true, null] },
    ];
    const grid = gridIndex(space, 9);
    const expected = (enumerateParams(space) ?? []).map(({ params }) => paramsKey(params));
    expect(grid.size).toBe(expected.length);
    const got = Array.from({ length: grid.size }, (_, place) => paramsKey(grid.at(place)));
    expect(got.toSorted()).toEqual(expected.toSorted());
  });

  it("counts a space of more than ten thousand million points without listing them", () => {
    const sizes = [15, 20, 28, 31, 37, 13, 18, 32, 9];
    const space: Space = sizes.map((size, i) => ({ name: `p${i}`, type: "int", low: 1, high: size, log: false }));
    const size = sizes.reduce((product, count) => product * count, 1);
    const grid = gridIndex(space, 1000);
    expect(grid.size).toBe(size);
    expect(checkParams(space, grid.at(size - 1))).toEqual([]);
    expect(Object.values(grid.at(size - 1))).toEqual(sizes);
    expect(Object.values(grid.at(0))).toEqual(sizes.map(() => 1));
  });

  it("gives configurations of the space for every shape of space", () => {
    for (const [label, space] of Object.entries(spaces)) {
      if (label === "a hundred") continue;
      const grid = gridIndex(space, 4);
      for (let place = 0; place < Math.min(grid.size, 500); place++)
        expect(checkParams(space, grid.at(place)), label).toEqual([]);
    }
  });
});

it("orders any size at random without a repeat", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer(), (size, seed) => {
      const order = randomOrder(size, rngForKey(String(seed)));
      const seen = new Set(Array.from({ length: size }, (_, place) => order(place)));
      expect(seen.size).toBe(size);
      for (const number of seen) expect(number >= 0 && number < size && Number.isInteger(number)).toBe(true);
    }),
  );
  const large = randomOrder(2 ** 52, rngForKey("large"));
  expect(new Set(Array.from({ length: 1000 }, (_, place) => large(place))).size).toBe(1000);
  // Places spread over everything from the start: each tenth of the range gets its share of the first thousand.
  const counts = Array.from({ length: 10 }, () => 0);
  for (let place = 0; place < 1000; place++) counts[Math.floor((large(place) / 2 ** 52) * 10)]!++;
  for (const count of counts) expect(count).toBeGreaterThan(50);
});

describe("sampler", () => {
  const space: Space = [
    { name: "a", type: "int", low: 1, high: 3, log: false },
    { name: "b", type: "categorical", choices: ["x", "y"] },
  ];
  const ask = async (sampler: Sampler, history: readonly FinishedTrial[], running: readonly Params[] = []) =>
    (
      await sampler.suggest({
        history,
        pending: running.map((params, i) => ({ number: history.length + i, state: "running", params })),
        number: history.length + running.length,
        rng: rngFor(1, history.length, "suggest"),
      })
    ).params;
  const finished = (list: readonly Params[]): FinishedTrial[] =>
    list.map((params, number) => ({ number, state: "complete", params, values: [1] }));

  it("leaves out what somebody else has tried, or is trying", async () => {
    const sampler = create(space, { order: "listed" });
    expect(await ask(sampler, [])).toEqual({ a: 1, b: "x" });
    expect(await ask(sampler, finished([{ a: 1, b: "y" }]), [{ a: 1, b: "x" }])).toEqual({ a: 2, b: "x" });
    expect(
      await ask(
        sampler,
        finished([
          { a: 1, b: "y" },
          { a: 2, b: "x" },
        ]),
        [],
      ),
    ).toEqual({ a: 1, b: "x" });
  });

  it("tells nothing feasible from nothing left", async () => {
    await expect(
      ask(
        create(space, {}, () => false),
        [],
      ),
    ).rejects.toMatchObject({ code: "no-feasible-point" });
    const all = (enumerateParams(space) ?? []).map(({ params }) => params);
    const odd = (params: Params): boolean => params["a"] !== 2;
    await expect(ask(create(space, {}, odd), finished(all.filter(odd)))).rejects.toMatchObject({
      code: "space-exhausted",
    });
  });

  it("refuses a grid of more than a million points that no budget bounds", () => {
    const large: Space = Array.from({ length: 9 }, (_, i) => ({
      name: `p${i}`,
      type: "float",
      low: 0,
      high: 1,
      log: false,
    }));
    expect(() => create(large)).toThrow(expect.objectContaining({ code: "invalid-study" }));
    expect(() => create(large.slice(0, 8))).not.toThrow();
  });

  it("takes any grid that a budget bounds", async () => {
    const space = spaces["a hundred"]!;
    const bounded = gridSampler.create(
      {
        space,
        objectives: [{ metric: "loss", direction: "minimize" }],
        isFeasible: () => true,
        budgetTrials: 50,
        parallel: 1,
        rng: samplerStream(1),
      },
      {},
    );
    const tried: Params[] = [];
    for (let i = 0; i < 50; i++) tried.push(await ask(bounded, finished(tried)));
    expect(new Set(tried.map(paramsKey)).size).toBe(50);
  });
});
