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

async function minimise(options: Record<string, unknown>, seed: number, count = 60, searched = space): Promise<number> {
  const objectives = [{ metric: "loss", direction: "minimize" }] as const;
  const sampler = tpeSampler.create({ ...context, space: searched, objectives: [...objectives] }, options);
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

const grid: Space = [
  { name: "a", type: "int", low: 1, high: 6, log: false },
  { name: "b", type: "categorical", choices: ["x", "y", "z"] },
  { name: "c", type: "float", low: 0, high: 1, log: false, when: { b: ["z"] } },
];
const minimize = [{ metric: "loss", direction: "minimize" }] as const;

describe("repeats", () => {
  /** Configurations of `count` trials of a small grid, three at a time. */
  async function play(space: Space, options: Record<string, unknown>, count: number): Promise<string[]> {
    const sampler = tpeSampler.create({ ...context, space, objectives: [...minimize] }, options);
    const history: FinishedTrial[] = [];
    let pending: PendingTrial[] = [];
    for (let number = 0; number < count; number++) {
      const { params } = await sampler.suggest({ history, pending, number, rng: rngFor(3, number, "suggest") });
      pending = [...pending, { number, state: "running", params }];
      if (pending.length < 3) continue;
      const [first, ...rest] = pending;
      const value = Number(first!.params["a"]) + (first!.params["b"] === "x" ? 0 : 1);
      // A failure must not be run again either.
      if (value === 4) history.push({ ...first!, state: "failed", values: [] });
      else history.push({ ...first!, state: "complete", values: [value] });
      pending = rest;
    }
    return [...history, ...pending].map(({ params }) => JSON.stringify(params));
  }

  it("are avoided until everything has been tried", async () => {
    for (const options of [{}, { multivariate: false }]) {
      const tried = await play(grid.slice(0, 2), options, 18);
      expect(new Set(tried).size).toBe(18);
    }
    const all = await play(grid.slice(0, 2), {}, 25);
    expect(new Set(all).size).toBe(18);
    expect(all).toHaveLength(25);
  });
  it("cannot happen where an active parameter is continuous", async () => {
    const tried = await play(grid, {}, 40);
    const discrete = tried.filter((params) => !params.includes('"c"'));
    expect(new Set(discrete).size).toBe(discrete.length);
    expect(new Set(tried).size).toBe(40);
  });
  it("are allowed on demand", async () => {
    const tried = await play(grid.slice(0, 2), { repeats: "allow" }, 18);
    expect(new Set(tried).size).toBeLessThan(18);
  });
});

describe("beliefs", () => {
  const believed = (x: number, y: number): Space =>
    space.map((parameter, k) => ({
      ...parameter,
      prior: { value: k === 0 ? x : y, confidence: "high" as const },
    }));
  /** Trials at uniform places with values that say nothing: what is proposed then follows from the belief. */
  const noise = (count: number): FinishedTrial[] =>
    Array.from({ length: count }, (_, number) => {
      const rng = rngFor(5, number, "noise");
      const params = { x: rng.next() * 10 - 5, y: rng.next() * 10 - 5 };
      return { number, state: "complete", params, values: [rng.next()] };
    });
  async function distances(history: readonly FinishedTrial[]): Promise<number> {
    const sampler = tpeSampler.create({ ...context, space: believed(2, -3), objectives: [...minimize] }, {});
    let sum = 0;
    for (let seed = 0; seed < 40; seed++) {
      const number = history.length;
      const { params } = await sampler.suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
      sum += Math.hypot(Number(params["x"]) - 2, Number(params["y"]) + 3);
    }
    return sum / 40;
  }

  it("are tried first, and drawn from at the start", async () => {
    expect(await distances([])).toBe(0);
    const drawn = await distances(noise(5));
    expect(drawn).toBeGreaterThan(0.3);
    // Uniform draws are 5.3 away on average.
    expect(drawn).toBeLessThan(2.5);
  });
  it("guide the model, less and less", async () => {
    const early = await distances(noise(12));
    const late = await distances(noise(300));
    expect(early).toBeLessThan(2);
    expect(late).toBeGreaterThan(1.5 * early);
  });
  it("help when right, and are outlived when wrong", async () => {
    const found = async (space: Space): Promise<number> => {
      const bests: number[] = [];
      for (let seed = 0; seed < 7; seed++) bests.push(await minimise({}, seed, 60, space));
      return bests.sort((a, b) => a - b)[3]!;
    };
    const without = await found(space);
    expect(await found(believed(2, -2))).toBeLessThan(0.5 * without);
    // Uniform draws reach about 0.5 in 60 trials.
    expect(await found(believed(-4, -4))).toBeLessThan(0.5);
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
