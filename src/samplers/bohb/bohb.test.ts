import { describe, expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import type { Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { samplerStream, type Suggestion } from "../sampler.ts";
import { bohbSampler } from "./bohb.ts";

const space: Space = [
  { name: "x", type: "float", low: -5, high: 5, log: false },
  { name: "y", type: "float", low: -5, high: 5, log: false },
];
const context = {
  space,
  objectives: [{ metric: "loss", direction: "minimize" as const }] as [{ metric: string; direction: "minimize" }],
  isFeasible: () => true,
  parallel: 1,
  rng: samplerStream(0),
};
const value = (params: Suggestion["params"]): number =>
  (Number(params["x"]) - 2) ** 2 + (Number(params["y"]) + Number(params["x"])) ** 2;

async function suggest(history: readonly FinishedTrial[], seed: number, options = {}): Promise<Suggestion> {
  const number = history.length;
  return bohbSampler
    .create(context, { randomFraction: 0, ...options })
    .suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
}

/** Trials on a grid, best near (2, -2). */
function gridded(count: number): FinishedTrial[] {
  return Array.from({ length: count }, (_, number) => {
    const params = { x: -5 + ((number * 3.7) % 10), y: -5 + ((number * 6.1) % 10) };
    return { number, state: "complete", params, values: [value(params)] };
  });
}

describe("BOHB's model", () => {
  it("first exists at twice one more than there are parameters", async () => {
    expect((await suggest(gridded(5), 1)).reason).toBe("uniform draw, no budget has the 6 trials of a model");
    expect((await suggest(gridded(6), 1)).reason).toMatch(/^best of 64 candidates.*\(3 good, 3 other\)$/);
    expect((await suggest(gridded(40), 1)).reason).toContain("(6 good, 34 other)");
  });
  it("is made at the largest budget that has enough trials", async () => {
    const stopped = Array.from({ length: 8 }, (_, k): FinishedTrial => {
      const params = { x: k / 2, y: -k / 2 };
      return { number: 100 + k, state: "pruned", params, values: [], last: { step: 3, value: k } };
    });
    expect((await suggest([...gridded(5), ...stopped], 1)).reason).toContain("(3 good, 5 other at step 3)");
    expect((await suggest([...gridded(6), ...stopped], 1)).reason).toContain("(3 good, 3 other)");
  });
  it("learns from paused trials at every budget that they passed", async () => {
    const paused = Array.from({ length: 8 }, (_, k): PendingTrial => {
      const curve = [1, 3].map((step) => ({ step, value: k + 1 / step }));
      return { number: k, state: "paused", params: { x: k / 2, y: -k / 2 }, last: curve[1]!, curve };
    });
    const ended = gridded(3).map(({ number, params }): FinishedTrial => {
      const last = { step: 1, value: 9 };
      return { number: 10 + number, state: "pruned", params, values: [], last, curve: [last] };
    });
    const reasonOf = async (pending: readonly PendingTrial[]): Promise<string> =>
      (
        await bohbSampler
          .create(context, { randomFraction: 0 })
          .suggest({ history: ended, pending, number: 20, rng: rngFor(1, 20, "suggest") })
      ).reason;
    expect(await reasonOf(paused)).toContain("(3 good, 5 other at step 3)");
    expect(await reasonOf(paused.slice(0, 5))).toContain("(3 good, 5 other at step 1)");
    expect(await reasonOf(paused.map((trial) => ({ ...trial, state: "running" })))).toContain("uniform draw");
  });
  it("takes a crash for a bad result", async () => {
    const crashed = gridded(9).map((trial): FinishedTrial => ({ ...trial, state: "failed", values: [] }));
    expect((await suggest(crashed, 1)).reason).toContain("uniform draw");
    const good = gridded(3).map((trial) => ({ ...trial, number: trial.number + 50 }));
    expect((await suggest([...crashed, ...good], 1)).reason).toContain("(3 good, 9 other)");
  });
  it("leaves a third to chance", async () => {
    let uniform = 0;
    const history = gridded(30);
    for (let seed = 0; seed < 300; seed++) {
      if ((await suggest(history, seed, { randomFraction: 1 / 3 })).reason.startsWith("uniform draw, as")) uniform += 1;
    }
    // Four standard deviations.
    expect(Math.abs(uniform - 100)).toBeLessThan(33);
  });
  it("finds its way in six dimensions", async () => {
    const six: Space = Array.from({ length: 6 }, (_, k) => ({
      name: `x${k}`,
      type: "float",
      low: 0,
      high: 1,
      log: false,
    }));
    const bests: number[] = [];
    for (let seed = 0; seed < 5; seed++) {
      const sampler = bohbSampler.create({ ...context, space: six }, {});
      const history: FinishedTrial[] = [];
      for (let number = 0; number < 80; number++) {
        const { params } = await sampler.suggest({
          history,
          pending: [],
          number,
          rng: rngFor(seed, number, "suggest"),
        });
        const distance = six.reduce((sum, { name }) => sum + (Number(params[name]) - 0.3) ** 2, 0);
        history.push({ number, state: "complete", params, values: [distance] });
      }
      bests.push(Math.min(...history.map(({ values }) => values[0]!)));
    }
    // Uniform draws reach about 0.13 in 80 trials.
    expect(bests.sort((a, b) => a - b)[2]).toBeLessThan(0.07);
  });
});
