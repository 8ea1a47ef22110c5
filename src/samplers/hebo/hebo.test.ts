/** The sampler on functions with known minima, on values of any shape, and in parallel. */
import { expect, it } from "vitest";
import { functions } from "../../../test/bench/samplers/functions.ts";
import { rngForKey } from "../../core/rng.ts";
import { paramsKey, uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import { lowest, searcher, tradeOff } from "../testing/search.ts";
import { heboSampler } from "./hebo.ts";

const { create, ask, fill, search } = searcher(heboSampler);

it("finds in sixty trials what random search does not in a thousand: values over six decades, a curved valley", async () => {
  const { space, evaluate } = functions.find(({ name }) => name === "rosenbrock4")!;
  const random = Array.from({ length: 1000 }, (_, i) => evaluate(uniformParams(space, rngForKey(`random ${i}`))));
  expect(lowest(await search(space, evaluate, 60))).toBeLessThan(Math.min(...random) / 2);
});

it("finds the minimum of a function that lies in a corner of its ranges", async () => {
  const space: Space = ["x", "y"].map((name) => ({ name, type: "float", low: 0, high: 1, log: false }));
  // All that happens, happens below 0.05 of both.
  const f = ({ x, y }: Params): number =>
    (Math.log(Number(x) + 1e-3) + 4) ** 2 + (Math.log(Number(y) + 1e-3) + 4.5) ** 2;
  expect(lowest(await search(space, f, 35))).toBeLessThan(0.02);
});

it("suggests the same for values of another unit", async () => {
  const { space, evaluate } = functions.find(({ name }) => name === "mixed5")!;
  const history = await search(space, evaluate, 14);
  const scaled = history.map((trial) => ({ ...trial, values: trial.values.map((value) => 1024 * value) }));
  const [a, b] = [await ask(create(space), history), await ask(create(space), scaled)];
  for (const [name, value] of Object.entries(a.params)) {
    if (typeof value === "number") expect(Number(b.params[name])).toBeCloseTo(value, 6);
    else expect(b.params[name]).toBe(value);
  }
});

it("hands different configurations to parallel slots, of which the first bets and the second explores", async () => {
  const { space, evaluate } = functions.find(({ name }) => name === "hartmann6")!;
  const { pending, reasons } = await fill(space, evaluate, 20, 5);
  expect(new Set(pending.map(({ params }) => paramsKey(params))).size).toBe(5);
  expect(reasons[0]).toMatch(/^best mean of/);
  expect(reasons[1]).toMatch(/^least known of/);
  expect(reasons[2]).toMatch(/^one of/);
});

it("spreads over a trade-off", async () => {
  const late = (await search(tradeOff.space, tradeOff.losses, 40))
    .slice(15)
    .filter(({ params }) => Number(params["y"]) < 0.1);
  expect(late.length).toBeGreaterThan(5);
  expect(late.some(({ params }) => Number(params["x"]) < 0.45)).toBe(true);
  expect(late.some(({ params }) => Number(params["x"]) > 0.55)).toBe(true);
});
