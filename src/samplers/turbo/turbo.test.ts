/** The sampler on functions with known minima, through restarts, on grids, and in parallel. */
import { expect, it } from "vitest";
import { functions } from "../../../test/bench/samplers/functions.ts";
import { rngForKey } from "../../core/rng.ts";
import { paramsKey, uniformParams } from "../../core/space/configuration.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { lowest, searcher, tradeOff } from "../testing/search.ts";
import { turboSampler } from "./turbo.ts";

const { create, ask, fill, search } = searcher(turboSampler, { candidates: 100 });

it("finds in a hundred trials what random search does not in two thousand", async () => {
  const { space, evaluate, minimum } = functions.find(({ name }) => name === "hartmann6")!;
  const random = Array.from({ length: 2000 }, (_, i) => evaluate(uniformParams(space, rngForKey(`random ${i}`))));
  const history = await search(space, evaluate, 100);
  expect(lowest(history) - minimum).toBeLessThan((Math.min(...random) - minimum) / 2);
});

it("finds the best values of categories, integers and logarithms together", async () => {
  const { space, evaluate } = functions.find(({ name }) => name === "mixed5")!;
  const random = Array.from({ length: 1000 }, (_, i) => evaluate(uniformParams(space, rngForKey(`random ${i}`))));
  expect(lowest(await search(space, evaluate, 60))).toBeLessThan(Math.min(...random) / 2);
});

it("begins again elsewhere once its region has shrunk, with points that belong to no region", async () => {
  const space: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
  const sampler = create(space);
  const history: FinishedTrial[] = [];
  const reasons: string[] = [];
  for (let number = 0; number < 40; number++) {
    const { params, reason } = await ask(sampler, history);
    reasons.push(reason);
    history.push({ number, state: "complete", params, values: [Number(params["x"]) < 2 ? 1 : 0] });
  }
  // Two points of start-up, seven halvings of four failures each; equal values are failures.
  expect(reasons.findIndex((reason) => reason.includes("1 given up"))).toBe(2 + 7 * 4);
  expect(reasons[29]).toContain("region of side 0.0125");
  expect(reasons[30]).toContain("Sobol point 1 of 2");
  expect(reasons[32]).toContain("region of side 0.8, 2 trials");
});

it("tries everything there is before it repeats anything", async () => {
  const space: Space = [
    { name: "a", type: "categorical", choices: ["x", "y", "z"] },
    { name: "b", type: "int", low: 1, high: 5, log: false },
  ];
  const history = await search(space, ({ a, b }) => (a === "y" ? 0 : 1) + Math.abs(Number(b) - 4), 17);
  expect(new Set(history.slice(4).map(({ params }) => paramsKey(params))).size).toBeGreaterThanOrEqual(11);
  expect(lowest(history)).toBe(0);
});

it("hands different configurations to parallel slots", async () => {
  const { space, evaluate } = functions.find(({ name }) => name === "hartmann6")!;
  const { pending } = await fill(space, evaluate, 20, 5);
  expect(new Set(pending.map(({ params }) => paramsKey(params))).size).toBe(5);
});

it("lets regions compete, and the better one win", async () => {
  const space: Space = ["x", "y"].map((name) => ({ name, type: "float", low: 0, high: 1, log: false }));
  const { create, ask } = searcher(turboSampler, { regions: 3, candidates: 100 });
  const sampler = create(space);
  const history: FinishedTrial[] = [];
  for (let number = 0; number < 50; number++) {
    const { params } = await ask(sampler, history);
    const far = Math.hypot(Number(params["x"]) - 0.8, Number(params["y"]) - 0.3);
    history.push({ number, state: "complete", params, values: [far] });
  }
  expect(lowest(history)).toBeLessThan(0.01);
});

it("spreads over a trade-off", async () => {
  const late = (await search(tradeOff.space, tradeOff.losses, 40))
    .slice(15)
    .filter(({ params }) => Number(params["y"]) < 0.1);
  expect(late.length).toBeGreaterThan(5);
  expect(late.some(({ params }) => Number(params["x"]) < 0.45)).toBe(true);
  expect(late.some(({ params }) => Number(params["x"]) > 0.55)).toBe(true);
});
