/** Population sizes against Hyperband's tables, what is bred from whom by hand, and the search with a toy scheduler. */
import { describe, expect, it } from "vitest";
import tables from "../../../test/fixtures/oracles/brackets.json" with { type: "json" };
import { rngFor, rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { fullRung } from "../rungs.ts";
import { samplerStream, type Sampler, type Suggestion } from "../sampler.ts";
import { dehbSampler } from "./dehb.ts";
import { populationSize } from "./populationSize.ts";

const floats = (count: number): Space =>
  Array.from({ length: count }, (_, i) => ({ name: `x${i}`, type: "float", low: 0, high: 1, log: false }));

function create(space: Space, seed = 1, options = {}): Sampler {
  return dehbSampler.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel: 1,
      rng: samplerStream(seed),
    },
    options,
  );
}

function ended(number: number, params: Params, step: number, loss: number): FinishedTrial {
  const last = { step, value: loss };
  return step === 9
    ? { number, state: "complete", params, values: [loss], last }
    : { number, state: "pruned", params, values: [], last, untilStep: step };
}

async function ask(
  history: readonly FinishedTrial[],
  untilStep: number | undefined,
  number = history.length,
): Promise<Suggestion> {
  return create(floats(2)).suggest({
    history,
    pending: [],
    number,
    rng: rngFor(1, number, "suggest"),
    maxSteps: 9,
    ...(untilStep === undefined ? {} : { untilStep }),
  });
}

describe("populations", () => {
  it("hold as many as the largest bracket of Hyperband's table brings to a rung", () => {
    const found = [...tables.join("\n").matchAll(/^R=(\d+) eta=(\d+) table: (.*?)\s+total\(restart\)/gm)];
    expect(found.length).toBeGreaterThan(2);
    for (const [, maximum, eta, brackets] of found) {
      const most = new Map<number, number>();
      for (const [, count, step] of brackets!.matchAll(/(\d+)x([\d.]+)/g))
        most.set(Number(step), Math.max(most.get(Number(step)) ?? 0, Number(count)));
      const steps = [...most.keys()].sort((a, b) => a - b);
      const top = Number(maximum);
      const rungs = [...steps.filter((step) => step < top), fullRung];
      const sizes = rungs.map((rung) => populationSize({ rungs, own: fullRung, top }, rung, Number(eta), 10));
      expect(sizes, `R=${maximum} eta=${eta}`).toEqual(steps.map((step) => most.get(step)));
    }
  });
  it("hold what is asked for where no trial is judged early", () => {
    expect(populationSize({ rungs: [fullRung], own: fullRung, top: 81 }, fullRung, 3, 10)).toBe(10);
  });
});

describe("a suggestion", () => {
  it("is random on an empty lowest rung, and then moves by differences of its own population", async () => {
    const first: FinishedTrial[] = [];
    for (let number = 0; number < 9; number++) {
      const { params, reason } = await ask(first, 1);
      expect(reason).toBe(`first population at step 1, place ${number + 1} of 9`);
      first.push(ended(number, params, 1, number / 10));
    }
    expect((await ask(first, 1)).reason).toBe("against trial 0 at step 1");
  });

  it("fills a place above with the best of the rung below, each once, and then moves by differences of those", async () => {
    const params = (k: number): Params => ({ x0: 0.1 + k / 100, x1: 0.5 - k / 20 });
    const lower = Array.from({ length: 9 }, (_, k) => ended(k, params(k), 1, 1 + Math.abs(k - 4)));
    const history = [...lower];
    // A third of nine: trials 4, 3 and 5, of which the losses are 1, 2 and 2.
    for (const best of [4, 3, 5]) {
      const { params: again, reason } = await ask(history, 3);
      expect(reason).toBe(`trial ${best} again at step 3: among the best at step 1`);
      expect(again).toEqual(params(best));
      history.push(ended(history.length, again, 3, best));
    }
    const { params: moved, reason } = await ask(history, 3);
    expect(reason).toBe("against trial 9 at step 3, moved by the best at step 1");
    // The three parents are 4, 3 and 5, the target is 4: each coordinate is its own, or one of the mutants', or drawn anew.
    const own = params(4)["x0"];
    const mutants = [3, 4, 5].flatMap((a) =>
      [3, 4, 5].flatMap((b) => (a === b ? [] : [0.1 + (12 - a - b) / 100 + (0.5 * (a - b)) / 100])),
    );
    const known = [Number(own), ...mutants];
    expect(Math.min(...known.map((value) => Math.abs(value - Number(moved["x0"]))))).toBeLessThan(1e-12);
  });

  it("fills parents up from all rungs where the one below has fewer than three", async () => {
    const history = [0, 1, 2, 3].map((k) => ended(k, { x0: 0.2 + k / 10, x1: 0.2 + k / 10 }, k === 3 ? 3 : 1, k));
    // Of the lower rung's three the best third is trial 0 alone.
    history.push(ended(4, { x0: 0.2, x1: 0.2 }, 3, 5));
    const { reason } = await ask(history, 3, 6);
    expect(reason).toBe("against trial 3 at step 3, moved by the best at step 1");
  });

  it("keeps a place until somebody is no worse, and a crash takes none", async () => {
    const at = (number: number, loss: number): FinishedTrial => ended(number, { x0: number / 20, x1: loss }, 1, loss);
    const full = Array.from({ length: 9 }, (_, k) => at(k, 0.5));
    const targetOf = async (history: readonly FinishedTrial[]): Promise<string> => (await ask(history, 1, 18)).reason;
    expect(await targetOf(full)).toBe("against trial 0 at step 1");
    expect(await targetOf([...full, at(9, 0.6)])).toBe("against trial 0 at step 1");
    expect(await targetOf([...full, at(9, 0.5)])).toBe("against trial 9 at step 1");
    const crashed: FinishedTrial = {
      number: 9,
      state: "failed",
      params: { x0: 0.1, x1: 0.1 },
      values: [],
      untilStep: 1,
    };
    expect(await targetOf([...full, crashed])).toBe("against trial 0 at step 1");
    expect(await targetOf([...full, at(9, Number.NaN)])).toBe("against trial 0 at step 1");
  });

  it("knows whoever went further by what it showed on a lower rung", async () => {
    const climbed: FinishedTrial = {
      number: 0,
      state: "complete",
      params: { x0: 0.3, x1: 0.3 },
      values: [0.1],
      last: { step: 9, value: 0.1 },
      curve: [
        { step: 1, value: 0.4 },
        { step: 3, value: 0.2 },
        { step: 9, value: 0.1 },
      ],
    };
    const others = [1, 2, 3].map((k) => ended(k, { x0: k / 10, x1: k / 10 }, 1, k));
    // It has stood on step 3 already, so the next best goes there.
    others.push(ended(4, { x0: 0.9, x1: 0.9 }, 3, 4));
    const { reason } = await ask([climbed, ...others], 3, 2);
    expect(reason).toBe("trial 1 again at step 3: among the best at step 1");
    expect((await ask([climbed, ...others], 1, 9)).reason).toBe("against trial 0 at step 1");
  });
});

/** Best loss after full training when every trial ends at its rung, as many on each as Hyperband's brackets of 9 epochs have. */
async function best(space: Space, seed: number, cycles: number): Promise<{ found: number; full: number }> {
  const sampler = create(space, seed);
  const history: FinishedTrial[] = [];
  const bowl = (params: Params): number =>
    Object.values(params).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, 0);
  const brackets = [
    [9, 3, 1],
    [0, 3, 1],
    [0, 0, 3],
  ];
  for (let cycle = 0; cycle < cycles; cycle++)
    for (const bracket of brackets)
      for (const [rung, count] of bracket.entries())
        for (let k = 0; k < count; k++) {
          const step = 3 ** rung;
          const number = history.length;
          const rng = rngFor(seed, number, "suggest");
          const { params } = await sampler.suggest({
            history,
            pending: [],
            number,
            rng,
            maxSteps: 9,
            ...(step === 9 ? {} : { untilStep: step }),
          });
          // Short trainings see the loss through noise of their own.
          const noise = (rngForKey(`${seed} ${number}`).next() - 0.5) / (5 * step);
          history.push(ended(number, params, step, bowl(params) + (step === 9 ? 0 : noise)));
        }
  const full = history.filter(({ state }) => state === "complete");
  return { found: Math.min(...full.map(({ values }) => values[0]!)), full: history.length };
}

it("finds, from mostly short trainings, what as many full ones at random do not", async () => {
  const space = floats(4);
  let ahead = 0;
  for (const seed of [1, 2, 3, 4, 5]) {
    const { found, full } = await best(space, seed, 12);
    const rng = rngForKey(`random ${seed}`);
    const random = Math.min(
      ...Array.from({ length: full }, () =>
        Object.values(uniformParams(space, rng)).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, 0),
      ),
    );
    if (found < random) ahead += 1;
  }
  expect(ahead).toBeGreaterThanOrEqual(4);
});
