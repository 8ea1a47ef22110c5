import { describe, expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { samplerStream } from "../sampler.ts";
import { groupsOf } from "./groups.ts";
import { tpeSampler } from "./tpe.ts";

const space: Space = [
  { name: "x", type: "float", low: -5, high: 5, log: false },
  { name: "y", type: "float", low: -5, high: 5, log: false },
];
const context = { space, isFeasible: () => true, parallel: 1, rng: samplerStream(0) };

async function minimise(options: Record<string, unknown>, seed: number, count = 60): Promise<number> {
  const sampler = tpeSampler.create({ ...context, objectives: [{ metric: "loss", direction: "minimize" }] }, options);
  const history: FinishedTrial[] = [];
  let best = Infinity;
  for (let number = 0; number < count; number++) {
    const { params } = await sampler.suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
    const value = (Number(params["x"]) - 2) ** 2 + (Number(params["y"]) + Number(params["x"])) ** 2;
    history.push({ number, state: "complete", params, values: [value] });
    best = Math.min(best, value);
  }
  return best;
}

describe("TPE", () => {
  it.each([{}, { multivariate: false }, { bandwidth: "scott" }])("finds a bowl's bottom: %o", async (options) => {
    const found = await Promise.all([1, 2, 3, 4, 5].map(async (seed) => minimise(options, seed)));
    const typical = found.sort((a, b) => a - b)[2]!;
    // Uniform draws reach about 0.5 in 60 trials.
    expect(typical).toBeLessThan(0.25);
  });

  it("says why", async () => {
    const sampler = tpeSampler.create({ ...context, objectives: [{ metric: "loss", direction: "minimize" }] }, {});
    const history: FinishedTrial[] = Array.from({ length: 30 }, (_, number) => ({
      number,
      state: "complete",
      params: { x: number / 10, y: 0 },
      values: [number],
    }));
    const pending: PendingTrial[] = [{ number: 30, state: "running", params: { x: 1, y: 1 } }];
    const ask = async (n: number): Promise<string> =>
      (await sampler.suggest({ history: history.slice(0, n), pending, number: 31, rng: rngFor(1, 31, "suggest") }))
        .reason;
    expect(await ask(2)).toBe("start-up 3 of 10, uniform draw");
    expect(await ask(30)).toMatch(/^best of 24 candidates, log l\/g = [-\d.e]+ \(3 good, 27 other, 1 running\)$/);
  });

  it("keeps away from running trials", async () => {
    // Four good ones side by side, the rest far away.
    const history: FinishedTrial[] = Array.from({ length: 40 }, (_, number) => ({
      number,
      state: "complete",
      params: number < 4 ? { x: 1.7 + number / 5, y: 2.3 - number / 5 } : { x: -5 + (number % 10), y: -5 + number / 8 },
      values: [number],
    }));
    const pending: PendingTrial[] = Array.from({ length: 8 }, (_, k) => ({
      number: 40 + k,
      state: "running",
      params: { x: 2, y: 2 },
    }));
    const distance = async (constantLiar: boolean): Promise<number> => {
      const sampler = tpeSampler.create(
        { ...context, objectives: [{ metric: "loss", direction: "minimize" }] },
        { constantLiar },
      );
      let sum = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { params } = await sampler.suggest({ history, pending, number: 48, rng: rngFor(seed, 48, "suggest") });
        sum += Math.hypot(Number(params["x"]) - 2, Number(params["y"]) - 2);
      }
      return sum / 20;
    };
    expect(await distance(true)).toBeGreaterThan(await distance(false));
  });
});

describe("groups", () => {
  const conditional: Space = [
    { name: "model", type: "categorical", choices: ["a", "b"] },
    { name: "p", type: "float", low: 0, high: 1, log: false, when: { model: ["a", "b"] } },
    { name: "q", type: "float", low: 0, high: 1, log: false, when: { model: ["b", "a"] } },
    { name: "r", type: "float", low: 0, high: 1, log: false, when: { model: ["a"] } },
    { name: "one", type: "int", low: 2, high: 2, log: false },
    { name: "k", type: "constant", value: 1 },
    { name: "lr", type: "float", low: 0, high: 1, log: false },
  ];
  const names = (joint: boolean, group: boolean): string[] =>
    groupsOf(conditional, joint, group).map((g) => g.map((p) => p.name).join(" "));
  it("hold what is active together", () => {
    expect(names(true, true)).toEqual(["model lr", "p q", "r"]);
    expect(names(true, false)).toEqual(["model lr", "p", "q", "r"]);
    expect(names(false, true)).toEqual(["model", "p", "q", "r", "lr"]);
  });
});
