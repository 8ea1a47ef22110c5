/** What the sampler makes of learning curves: a known optimum found, and stopped trials that teach. */
import { expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, Report } from "../../core/trial.ts";
import type { SamplerEntry } from "../entry.ts";
import { randomSampler } from "../random.ts";
import { samplerStream } from "../sampler.ts";
import { freezeThawSampler } from "./freezeThaw.ts";

const space: Space = [
  { name: "lr", type: "float", low: 1e-5, high: 1, log: true },
  { name: "momentum", type: "float", low: 0, high: 1, log: false },
  { name: "layers", type: "int", low: 1, high: 5, log: false },
];
const epochs = 20;

/** Where training ends; 0 at the optimum. Rates too low are slow, rates too high diverge. */
function outcomeOf(params: Params): number {
  const rate = Math.log10(Number(params["lr"])) + 2.4;
  return (
    0.15 * rate ** 2 + 0.8 * (Number(params["momentum"]) - 0.7) ** 2 + 0.05 * Math.abs(Number(params["layers"]) - 3)
  );
}

function curveOf(params: Params): Report[] {
  const speed = 0.6 + 0.2 * Number(params["momentum"]);
  const end = outcomeOf(params);
  const extra = epochs ** -speed;
  return Array.from({ length: epochs }, (_, i) => ({ step: i + 1, value: end + 2 * ((i + 1) ** -speed - extra) }));
}

interface Played {
  /** Best outcome after each trial. */
  readonly best: readonly number[];
  readonly params: readonly Params[];
}

/** A study of which two of three trials are stopped after four epochs, unless all are to end. */
async function play(entry: SamplerEntry, seed: number, count: number, stops: boolean, blind = false): Promise<Played> {
  const sampler = entry.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel: 1,
      rng: samplerStream(seed),
    },
    {},
  );
  const history: FinishedTrial[] = [];
  const best: number[] = [];
  for (let number = 0; number < count; number++) {
    const { params } = await sampler.suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
    best.push(Math.min(best.at(-1) ?? Infinity, outcomeOf(params)));
    const whole = curveOf(params);
    const stopped = stops && number % 3 !== 0;
    const curve = stopped ? whole.slice(0, 4) : whole;
    const last = curve.at(-1)!;
    if (stopped) history.push({ number, state: blind ? "failed" : "pruned", params, values: [], last, curve });
    else history.push({ number, state: "complete", params, values: [last.value], last, curve });
  }
  return { best, params: history.map(({ params }) => params) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const seeds = [0, 1, 2, 3];

async function meanBest(entry: SamplerEntry, count: number, stops: boolean, blind = false): Promise<number> {
  const runs = await Promise.all(seeds.map(async (seed) => play(entry, seed, count, stops, blind)));
  return mean(runs.map(({ best }) => best.at(-1)!));
}

it("comes far nearer to the optimum than random search, on whole curves", async () => {
  expect(await meanBest(freezeThawSampler, 22, false)).toBeLessThan(0.1 * (await meanBest(randomSampler, 22, false)));
});

it("learns from trials that were stopped early", async () => {
  // Blind: the same study, in which what was stopped leaves nothing behind.
  const seeing = await meanBest(freezeThawSampler, 22, true);
  expect(seeing).toBeLessThan(0.2 * (await meanBest(freezeThawSampler, 22, true, true)));
  expect(seeing).toBeLessThan(0.1 * (await meanBest(randomSampler, 22, true)));
});

it("says in its reason how many of its trials were stopped early", async () => {
  const sampler = freezeThawSampler.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel: 1,
      rng: samplerStream(1),
    },
    { startupTrials: 2 },
  );
  const params = (lr: number): Params => ({ lr, momentum: 0.5, layers: 2 });
  const whole = curveOf(params(0.01));
  const history: FinishedTrial[] = [
    { number: 0, state: "complete", params: params(0.01), values: [whole.at(-1)!.value], curve: whole },
    { number: 1, state: "pruned", params: params(0.5), values: [], curve: curveOf(params(0.5)).slice(0, 3) },
    { number: 2, state: "failed", params: params(0.9), values: [] },
  ];
  const { reason } = await sampler.suggest({ history, pending: [], number: 3, rng: rngFor(1, 3, "suggest") });
  expect(reason).toMatch(/2 trials in the model, 1 of them stopped early$/);
});

it("avoids what diverged, however well it began", async () => {
  const sampler = freezeThawSampler.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel: 1,
      rng: samplerStream(2),
    },
    {},
  );
  const history: FinishedTrial[] = Array.from({ length: 40 }, (_, number) => {
    const rng = rngFor(2, number, "diverging");
    const params = { lr: 10 ** (-5 * rng.next()), momentum: rng.next(), layers: 1 + rng.int(5) };
    const curve = curveOf(params);
    // Beyond 1e-3 training falls fastest, and then breaks.
    if (params.lr > 1e-3) {
      const broken = [
        ...curve.slice(0, 3).map(({ step, value }) => ({ step, value: value / 10 })),
        { step: 4, value: Number.NaN },
      ];
      return { number, state: "pruned", params, values: [], last: broken.at(-1)!, curve: broken };
    }
    return { number, state: "complete", params, values: [curve.at(-1)!.value], curve };
  });
  for (let repeat = 0; repeat < 5; repeat++) {
    const rng = rngFor(2, 100 + repeat, "suggest");
    const { params } = await sampler.suggest({ history, pending: [], number: 40, rng });
    expect(Number(params["lr"])).toBeLessThan(5e-3);
  }
});
