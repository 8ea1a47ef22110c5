import { describe, expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { toUnit } from "../../core/space/domain.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { randomSampler } from "../random.ts";
import { samplerStream, type Sampler, type SamplerContext, type Suggestion } from "../sampler.ts";
import { hoagSampler } from "./hoag.ts";

const decays: Space = Array.from({ length: 6 }, (_, i) => ({
  name: `decay${i}`,
  type: "float",
  low: 1e-6,
  high: 1,
  log: true,
}));
const mixed: Space = [
  { name: "decay", type: "float", low: 1e-6, high: 1, log: true },
  { name: "smoothing", type: "float", low: 0, high: 0.5, log: false },
  { name: "rate", type: "float", low: 1e-5, high: 1, log: true },
  { name: "depth", type: "int", low: 1, high: 6, log: false },
];

/** A bowl in the unit cube with its bottom off the middle: value, and derivatives by the parameters that have one. */
function bowl(
  space: Space,
  differentiable: readonly string[],
): (params: Params) => Pick<FinishedTrial, "values" | "gradient"> {
  return (params) => {
    let loss = 0;
    const gradient: Record<string, number> = {};
    space.forEach((parameter, i) => {
      if (parameter.type !== "float" && parameter.type !== "int") return;
      const value = Number(params[parameter.name]);
      const weight = 1 + (i % 3);
      const distance = toUnit(parameter, value) - (0.2 + 0.1 * (i % 7));
      loss += weight * distance * distance;
      if (!differentiable.includes(parameter.name)) return;
      const width = parameter.log ? value * Math.log(parameter.high / parameter.low) : parameter.high - parameter.low;
      gradient[parameter.name] = (2 * weight * distance) / width;
    });
    return { values: [loss], gradient };
  };
}

const names = (space: Space): string[] => space.map(({ name }) => name);

interface Study {
  readonly space: Space;
  readonly result: (params: Params, number: number) => Partial<FinishedTrial>;
  readonly count: number;
  readonly seed?: number;
  readonly parallel?: number;
  readonly context?: Partial<SamplerContext>;
  readonly create?: (context: SamplerContext) => Sampler;
  /** A new instance for each suggestion. */
  readonly restarts?: boolean;
}

async function run(study: Study): Promise<{ history: FinishedTrial[]; suggestions: Suggestion[] }> {
  const { space, result, count, seed = 1, parallel = 1, restarts = false } = study;
  const context: SamplerContext = {
    space,
    objectives: [{ metric: "val_loss", direction: "minimize" }],
    isFeasible: () => true,
    parallel,
    rng: samplerStream(seed),
    ...study.context,
  };
  const create = (): Sampler => (study.create ?? ((given) => hoagSampler.create(given, {})))(context);
  let sampler = create();
  const history: FinishedTrial[] = [];
  const suggestions: Suggestion[] = [];
  let pending: PendingTrial[] = [];
  const finish = (): void => {
    const [first, ...rest] = pending;
    pending = rest;
    const { number, params } = first!;
    history.push({ number, state: "complete", params, values: [], ...result(params, number) });
  };
  for (let number = 0; number < count; number++) {
    if (restarts) sampler = create();
    const suggestion = await sampler.suggest({ history, pending, number, rng: rngFor(seed, number, "suggest") });
    suggestions.push(suggestion);
    pending.push({ number, state: "running", params: suggestion.params });
    // The newest finishes first now and then.
    if (number % 4 === 3) pending = pending.toReversed();
    if (pending.length >= parallel) finish();
  }
  while (pending.length > 0) finish();
  return { history, suggestions };
}

/** hoag whose first trial is given. */
const beginningAt =
  (params: Params) =>
  (context: SamplerContext): Sampler => {
    const sampler = hoagSampler.create(context, {});
    return { suggest: (request) => (request.number === 0 ? { params, reason: "given" } : sampler.suggest(request)) };
  };

const best = (history: readonly FinishedTrial[], sign = 1): number =>
  Math.min(...history.filter(({ state }) => state === "complete").map(({ values }) => sign * values[0]!));

describe("hoag", () => {
  it("descends a bowl that random search hardly gets into", async () => {
    const result = bowl(decays, names(decays));
    for (const seed of [1, 2, 3]) {
      const own = await run({ space: decays, result, count: 30, seed });
      const random = await run({
        space: decays,
        result,
        count: 300,
        seed,
        create: (given) => randomSampler.create(given, {}),
      });
      expect(best(own.history)).toBeLessThan(1e-3);
      expect(best(random.history)).toBeGreaterThan(30 * best(own.history));
    }
  });

  it("steps as the paper says: a first length, longer by 1.05 as foretold, shorter by half after a rise, from the best place", async () => {
    const space: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
    // A constant slope; the values fall, rise by less than the slope's inexactness, and rise.
    const values = [10, 9.9, 9.899, 9.95, 11, 12];
    const { history } = await run({
      space,
      count: 7,
      result: (_params, number) => ({ values: [values[number] ?? 0], gradient: { x: -1e-3 } }),
      create: beginningAt({ x: 0.1 }),
    });
    const at = history.map(({ params }) => Number(params["x"]));
    const fourth = 0.305 + 0.11025;
    const wanted = [0.1, 0.2, 0.305, fourth, fourth + 0.11025, fourth + 0.11025 / 2, fourth + 0.11025 / 4];
    at.forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 10));
  });

  it("steps no shorter while the slope flattens, and to the bottom of a parabola once it has been passed", async () => {
    const space: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
    const { history } = await run({
      space,
      count: 4,
      result: ({ x }) => ({ values: [(Number(x) - 0.25) ** 2], gradient: { x: 2 * (Number(x) - 0.25) } }),
      create: beginningAt({ x: 0.1 }),
    });
    const at = history.map(({ params }) => Number(params["x"]));
    [0.1, 0.2, 0.305, 0.25].forEach((x, i) => expect(at[i]).toBeCloseTo(x, 10));
  });

  it("maximises by going up", async () => {
    const result = bowl(decays, names(decays));
    const { history } = await run({
      space: decays,
      count: 30,
      context: { objectives: [{ metric: "score", direction: "maximize" }] },
      result: (params) => {
        const { values, gradient } = result(params);
        return {
          values: values.map((value) => -value),
          gradient: Object.fromEntries(Object.entries(gradient!).map(([name, value]) => [name, -value])),
        };
      },
    });
    expect(best(history, -1)).toBeLessThan(1e-3);
  });

  it("holds what has no derivative, and searches it from chain to chain", async () => {
    const result = bowl(mixed, ["decay", "smoothing"]);
    const { history, suggestions } = await run({ space: mixed, result, count: 60 });
    const held = new Map<string, number>();
    for (const { params } of history) {
      const key = paramsKey({ rate: params["rate"]!, depth: params["depth"]! });
      held.set(key, (held.get(key) ?? 0) + 1);
    }
    expect(suggestions.slice(0, 5).every(({ reason }) => reason.startsWith("start"))).toBe(true);
    expect(held.size).toBeGreaterThan(10);
    expect(Math.max(...held.values())).toBeGreaterThan(5);
    expect(
      suggestions.some(({ reason }) => /^step \d+ from trial \d+, begun with trial \d+: .* should fall/.test(reason)),
    ).toBe(true);
  });

  it("follows from the history: equal answers after restarts, with failures and several slots", async () => {
    const result = bowl(mixed, ["decay", "smoothing"]);
    const troubled = (params: Params, number: number): Partial<FinishedTrial> => {
      if (number % 7 === 3) return { state: "failed" };
      if (number % 7 === 5) return { state: "pruned", last: { step: 1, value: 3 } };
      const { values, gradient } = result(params);
      return number % 5 === 4 ? { values } : { values, gradient: gradient! };
    };
    for (const parallel of [1, 3]) {
      const study = { space: mixed, result: troubled, count: 40, parallel };
      const whole = await run(study);
      expect((await run({ ...study, restarts: true })).suggestions).toEqual(whole.suggestions);
      expect(new Set(whole.history.map(({ params }) => paramsKey(params))).size).toBe(40);
    }
  });

  it("stays within bounds and constraints, where the bottom lies beyond them", async () => {
    const result = bowl(decays, names(decays));
    const isFeasible = (params: Params): boolean => Number(params["decay0"]) > 1e-3 && Number(params["decay1"]) < 1e-4;
    const { history } = await run({ space: decays, result, count: 40, context: { isFeasible } });
    expect(history.every(({ params }) => isFeasible(params))).toBe(true);
    const outside: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
    const sloped = await run({
      space: outside,
      count: 25,
      result: (params) => ({ values: [Number(params["x"])], gradient: { x: 1 } }),
    });
    expect(best(sloped.history)).toBe(0);
  });

  it("begins elsewhere when a descent has ended", async () => {
    const space: Space = [{ name: "x", type: "float", low: 0, high: 1, log: false }];
    // Two valleys; the one at 0.8 is deeper.
    const result = (params: Params): Partial<FinishedTrial> => {
      const x = Number(params["x"]);
      const [at, floor] = x < 0.5 ? [0.2, 0.1] : [0.8, 0];
      return { values: [(x - at) ** 2 + floor], gradient: { x: 2 * (x - at) } };
    };
    const { suggestions, history } = await run({ space, result, count: 60 });
    expect(suggestions.filter(({ reason }) => reason.includes("the others have ended")).length).toBeGreaterThan(1);
    expect(best(history)).toBeLessThan(1e-3);
  });

  it("says that there is nothing to follow", async () => {
    const result = bowl(mixed, []);
    const { suggestions } = await run({
      space: mixed,
      count: 5,
      result: (params) => ({ values: result(params).values }),
    });
    expect(suggestions[0]!.reason).toMatch(/^start of a descent/);
    expect(suggestions[1]!.reason).toMatch(/^nothing to follow, no trial has brought a derivative/);
    const whole: Space = [{ name: "depth", type: "int", low: 1, high: 6, log: false }];
    const other = await run({ space: whole, count: 3, result: () => ({ values: [1], gradient: { depth: 1 } }) });
    expect(other.suggestions[2]!.reason).toMatch(/^nothing to follow, no parameter is continuous/);
  });

  it("takes slopes of any size, and trials of earlier studies", async () => {
    const space: Space = [
      { name: "x", type: "float", low: 1e-300, high: 1e300, log: true },
      { name: "y", type: "float", low: -1e308, high: 1e308, log: false },
    ];
    const extremes = [0, -0, Number.MIN_VALUE, 1e308, -1e308, Number.NaN, Number.POSITIVE_INFINITY];
    const { history } = await run({
      space,
      count: 40,
      result: (_params, number) => ({
        values: [-number],
        gradient: { x: extremes[number % 7]!, y: extremes[(number * 3 + 1) % 7]!, unknown: 1 },
      }),
    });
    expect(history).toHaveLength(40);
    const earlier = history.slice(0, 10).map((trial, i) => ({ ...trial, number: i - 10 }));
    const sampler = hoagSampler.create(
      {
        space,
        objectives: [{ metric: "val_loss", direction: "minimize" }],
        isFeasible: () => true,
        parallel: 1,
        rng: samplerStream(1),
      },
      {},
    );
    const answer = await sampler.suggest({ history: earlier, pending: [], number: 0, rng: rngFor(1, 0, "suggest") });
    expect(Number.isFinite(answer.params["x"])).toBe(true);
  });
});
