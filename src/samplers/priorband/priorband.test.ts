import { describe, expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { samplerStream, type Suggestion } from "../sampler.ts";
import { priorbandSampler } from "./priorband.ts";

const believed = (x: number, y: number): Space => [
  { name: "x", type: "float", low: -5, high: 5, log: false, prior: { value: x, confidence: "high" } },
  { name: "y", type: "float", low: -5, high: 5, log: false, prior: { value: y, confidence: "high" } },
];
const unbelieving: Space = ["x", "y"].map((name) => ({ name, type: "float", low: -5, high: 5, log: false }));
const objectives: [{ metric: string; direction: "minimize" }] = [{ metric: "loss", direction: "minimize" }];
const contextOf = (space: Space) => ({
  space,
  objectives,
  isFeasible: () => true,
  parallel: 1,
  rng: samplerStream(0),
});
const value = (params: Suggestion["params"]): number =>
  (Number(params["x"]) - 2) ** 2 + (Number(params["y"]) + Number(params["x"])) ** 2;

function complete(number: number, x: number, y: number): FinishedTrial {
  return { number, state: "complete", params: { x, y }, values: [value({ x, y })] };
}
async function suggest(space: Space, history: readonly FinishedTrial[], seed = 1): Promise<Suggestion> {
  return priorbandSampler
    .create(contextOf(space), {})
    .suggest({ history, pending: [], number: history.length, rng: rngFor(seed, history.length, "suggest") });
}
const shares = async (space: Space, history: readonly FinishedTrial[]): Promise<number[]> =>
  [...(await suggest(space, history)).reason.matchAll(/(\d+) %/g)].map((found) => Number(found[1]));

async function best(space: Space, seed: number, count: number): Promise<number> {
  const sampler = priorbandSampler.create(contextOf(space), {});
  const history: FinishedTrial[] = [];
  for (let number = 0; number < count; number++) {
    const { params } = await sampler.suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
    history.push({ number, state: "complete", params, values: [value(params)] });
  }
  return Math.min(...history.map(({ values }) => values[0]!));
}
async function median(space: Space, count: number): Promise<number> {
  const found = await Promise.all([1, 2, 3, 4, 5].map(async (seed) => best(space, seed, count)));
  return found.sort((a, b) => a - b)[2]!;
}

describe("PriorBand", () => {
  it("begins with what is believed", async () => {
    expect((await suggest(believed(1, -3), [])).params).toEqual({ x: 1, y: -3 });
  });
  it("gives chance 1 / (1 + eta^rung), and the rest to the belief until there is enough to go by", async () => {
    const two = [complete(0, 1, 1), complete(1, 2, 2)];
    // Without budgets: rung 1, a quarter.
    expect(await shares(believed(1, 1), two)).toEqual([25, 75, 0]);
    const stopped: FinishedTrial = {
      number: 2,
      state: "pruned",
      params: { x: 0, y: 0 },
      values: [],
      last: { step: 1, value: 9 },
    };
    const whole = two.map((trial) => ({ ...trial, last: { step: 9, value: trial.values[0]! } }));
    // A new trial of a study with budgets starts on rung 0. One full run and a ninth are less than a bracket of two rungs.
    expect(await shares(believed(1, 1), [whole[0]!, stopped])).toEqual([50, 50, 0]);
  });
  it("leaves less to chance the higher the rung at which the new trial is judged", async () => {
    const judged = (number: number, step: number): FinishedTrial => ({
      number,
      state: "pruned",
      params: { x: 0, y: 0 },
      values: [],
      last: { step, value: 9 },
      untilStep: step,
    });
    const at = async (history: readonly FinishedTrial[], untilStep?: number): Promise<number> => {
      const request = { history, pending: [], number: 5, rng: rngFor(1, 5, "suggest"), maxSteps: 27 };
      const sampler = priorbandSampler.create(contextOf(believed(1, 1)), {});
      const { reason } = await sampler.suggest(untilStep === undefined ? request : { ...request, untilStep });
      return Number(/(\d+) %/.exec(reason)![1]);
    };
    const ladder = [judged(0, 1), judged(1, 3)];
    // 1 / (1 + 3^rung) in whole percent.
    expect([await at(ladder, 1), await at(ladder, 3), await at(ladder, 9), await at(ladder)]).toEqual([50, 25, 10, 4]);
    // The first trial's rung is the lowest there is.
    expect(await at([complete(0, 1, 1)], 3)).toBe(50);
  });
  it("shares the rest by how well belief and incumbent explain the best trials", async () => {
    // The best third lies at (2, -2).
    const history = [...Array(9).keys()].map((k) =>
      k < 3 ? complete(k, 2 + k / 50, -2) : complete(k, -4 + k / 2, -4),
    );
    const [random, right] = await shares(believed(2, -2), history);
    expect(random).toBe(25);
    expect(right).toBeGreaterThan(45);
    const [, wrong, incumbent] = await shares(believed(-4.5, 4.5), history);
    expect(wrong).toBe(0);
    expect(incumbent).toBe(75);
  });
  it("changes the best trial near where it is, never not at all", async () => {
    const history = [...Array(9).keys()].map((k) => complete(k, k < 3 ? 2 : -4, k < 3 ? -2 : -4));
    let kept = 0;
    let changes = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { params, reason } = await suggest(believed(-4.5, 4.5), history, seed);
      if (!reason.startsWith("the best trial changed")) continue;
      changes += 1;
      const same = Number(params["x"] === 2) + Number(params["y"] === -2);
      expect(same).toBeLessThan(2);
      kept += same;
    }
    expect(changes).toBeGreaterThan(115);
    // Each is kept with 1/2; where both were, one is changed all the same: 3/8 on average.
    expect(kept / (2 * changes)).toBeGreaterThan(0.25);
    expect(kept / (2 * changes)).toBeLessThan(0.5);
  });
  it("profits from a good belief, and outlives a bad one", async () => {
    const good = await median(believed(2, -2), 15);
    const bad = await median(believed(-4, -4), 60);
    // Uniform draws reach about 2 in 15 trials, and 0.5 in 60.
    expect(good).toBeLessThan(0.5);
    expect(bad).toBeLessThan(0.5);
  });
  it("draws uniformly where nothing is believed, and says so", async () => {
    const reasons = new Set<string>();
    for (let seed = 0; seed < 20; seed++) reasons.add((await suggest(unbelieving, [], seed)).reason.split(" (")[0]!);
    expect(reasons).toEqual(new Set(["uniform draw", "uniform draw, no parameter has a prior"]));
  });
});
