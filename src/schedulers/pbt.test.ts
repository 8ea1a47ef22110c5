import { describe, expect, it } from "vitest";
import { rngFor } from "../core/rng.ts";
import { uniformParams } from "../core/space/configuration.ts";
import type { Space } from "../core/space/parameter.ts";
import { pbtScheduler } from "./pbt.ts";
import { valueThrough } from "./population.ts";
import type { ScheduledTrial } from "./scheduler.ts";
import { stragglers } from "./testing/curves.ts";
import { simulate, type Simulation } from "./testing/simulator.ts";

const space: Space = [{ name: "rate", type: "float", low: 1e-3, high: 1, log: true }];

/** The loss falls by the rate in each step, if it is not too large: what a schedule is good for. */
function study(more: Partial<Simulation> = {}): Simulation {
  const trials = new Map<number, ScheduledTrial>();
  const losses = new Map<string, number>();
  const lossOf = (trial: ScheduledTrial, step: number): number => {
    trials.set(trial.number, trial);
    const key = `${trial.number} ${step}`;
    const known = losses.get(key);
    if (known !== undefined) return known;
    const { parent } = trial;
    const inherited = parent !== undefined && step - 1 <= parent.step ? trials.get(parent.number)! : trial;
    const before = step === 1 ? 1 : lossOf(inherited, step - 1);
    const rate = Number(trial.params["rate"]);
    const loss = before * (1 - rate) + 2 * rate ** 2;
    losses.set(key, loss);
    return loss;
  };
  return {
    scheduler: () => pbtScheduler.create({}),
    maxSteps: 20,
    maxTrials: 8,
    parallel: 1,
    space,
    seed: 3,
    suggest: (number) => uniformParams(space, rngFor(3, number, "suggest")),
    curve: lossOf,
    ...more,
  };
}

describe("population based training", () => {
  it("with one slot trains its members in turn, least advanced first", async () => {
    const { trained } = await simulate(
      study({
        maxSteps: 3,
        curve: ({ number }) => number,
        scheduler: () => pbtScheduler.create({ quantile: 0.01, population: 4 }),
        maxTrials: 4,
      }),
    );
    // Trial 1 is the worst of two, half of the population, so 2 begins as a copy at once, and stays ahead until its turn comes.
    const first = ["0@1", "1@1", "2@2", "3@1", "4@2", "5@1"];
    expect(trained.slice(0, 6).map(({ number, step }) => `${number}@${step}`)).toEqual(first);
    expect(trained.filter(({ number }) => number === 0).map(({ step }) => step)).toEqual([1, 2, 3]);
  });

  it("beats the same members without exchange", async () => {
    const best = (trials: ReadonlyMap<number, ScheduledTrial>): number =>
      Math.min(...[...trials.values()].map(({ reports }) => reports.at(-1)?.value ?? Infinity));
    let wins = 0;
    for (const seed of [1, 2, 3, 4, 5]) {
      const suggest = (number: number) => uniformParams(space, rngFor(seed, number, "suggest"));
      const own = await simulate(study({ seed, suggest, maxSteps: 40 }));
      const alone = await simulate(
        study({
          seed,
          suggest,
          maxSteps: 40,
          scheduler: () => pbtScheduler.create({ population: 2, quantile: 0.01 }),
          checkpoints: "never",
        }),
      );
      expect([...own.trials.values()].some(({ parent }) => parent !== undefined)).toBe(true);
      if (best(own.trials) < best(alone.trials)) wins += 1;
    }
    expect(wins).toBeGreaterThanOrEqual(4);
  });

  it("replaces only the worst by copies of the best of those near its step", async () => {
    const { answers, trials, view } = await simulate(study({ parallel: 3, duration: stragglers(4), maxTrials: 10 }));
    const exploits = answers.filter((entry) => entry.asked === "report" && entry.answer.decision === "exploit");
    expect(exploits.length).toBeGreaterThan(3);
    for (const entry of exploits) {
      if (entry.asked !== "report" || entry.answer.decision !== "exploit") continue;
      const { from, reason } = entry.answer;
      const [, place, count] = /is (\d+)\w\w of (\d+);/.exec(reason)!.map(Number);
      expect(count! - place!).toBeLessThan(Math.ceil(0.2 * count!));
      const donor = trials.get(from)!;
      const child = [...trials.values()].find(
        ({ parent, params }) => parent?.number === from && params === (entry.answer as { params: unknown }).params,
      )!;
      expect(child.reports.every(({ step }) => step > child.parent!.step)).toBe(true);
      const at = Number(/ at step (\d+) is /.exec(reason)?.[1] ?? entry.report.step);
      const own = valueThrough(view, trials.get(entry.number)!, at)!;
      expect(valueThrough(view, donor, at)).toBeLessThan(own);
    }
    // Every training ends at full length exactly once a member.
    expect([...trials.values()].filter(({ state }) => state === "complete")).toHaveLength(10);
  });

  it("replaces a member that has come to no number by a copy of a good one, but no copy that breaks at once", async () => {
    const own = study();
    const breaks = new Set([2]);
    const { trials } = await simulate({
      ...own,
      curve: (trial, step) => (breaks.has(trial.number) && step === 3 ? Number.NaN : own.curve(trial, step)),
    });
    expect(trials.get(2)).toMatchObject({ state: "pruned" });
    expect([...trials.values()].filter(({ state }) => state === "complete")).toHaveLength(8);
    const hopeless = await simulate({
      ...own,
      curve: (trial, step) => (step > 3 ? Number.NaN : own.curve(trial, step)),
    });
    expect([...hopeless.trials.values()].every(({ state }) => state === "pruned")).toBe(true);
  });

  it("fills the place of a member that crashed with a copy of a good one, as long as not everything crashes", async () => {
    const once = await simulate(study({ fails: (number) => number === 6 }));
    expect(once.trials.get(6)).toMatchObject({ state: "failed" });
    expect([...once.trials.values()].filter(({ state }) => state === "complete")).toHaveLength(8);
    const said = once.answers.flatMap(({ answer }) =>
      "action" in answer && answer.action === "copy" ? [answer.reason] : [],
    );
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^a member is missing; a copy of trial \d+ \([\d.e−-]+\) goes on in its place from step \d+: rate /,
    );
    const always = await simulate(study({ fails: (_, step) => step === 4 }));
    expect([...always.trials.values()].every(({ state }) => state === "failed" || state === "pruned")).toBe(true);
    expect(always.trials.size).toBeLessThan(60);
  });

  it("synchronous: makes the same copies with any number of slots, in rounds", async () => {
    for (const seed of [1, 2, 3]) {
      const outcomes = await Promise.all(
        [1, 2, 5, 12].map(async (parallel) => {
          const { trials, waits, answers } = await simulate(
            study({
              seed,
              parallel,
              duration: stragglers(seed),
              scheduler: () => pbtScheduler.create({ synchronous: true, interval: 2 }),
              fails: (number, step) => number === 5 && step === 7,
            }),
          );
          if (parallel === 1) expect(waits).toHaveLength(1);
          const said = answers.flatMap(({ answer }) => ("reason" in answer ? [answer.reason ?? ""] : []));
          expect(
            said.some((reason) =>
              /^step \d+: .* is 8th of 8; a copy of one of the best 2 takes its place$/.test(reason),
            ),
          ).toBe(true);
          return [...trials.values()].map(({ number, state, params, reports, parent }) => ({
            number,
            state,
            params,
            parent,
            reports,
          }));
        }),
      );
      for (const other of outcomes.slice(1)) expect(other).toEqual(outcomes[0]);
      expect(outcomes[0]!.filter(({ state }) => state === "complete")).toHaveLength(8);
      expect(outcomes[0]!.filter(({ parent }) => parent !== undefined).length).toBeGreaterThan(8);
    }
  });

  it("pauses with a reason where the best have no checkpoint to copy", async () => {
    const { answers, trials } = await simulate(study({ checkpoints: "never", maxSteps: 5 }));
    expect([...trials.values()].every(({ parent }) => parent === undefined)).toBe(true);
    const said = answers.flatMap(({ answer }) => ("reason" in answer ? [answer.reason ?? ""] : []));
    expect(said.some((reason) => reason.includes("but the best have no checkpoint that a copy could go on from"))).toBe(
      true,
    );
    expect(said.some((reason) => reason.endsWith("; it has no checkpoint and begins again"))).toBe(true);
  });

  it("copies unchanged what no change of which the constraints allow", async () => {
    const { view } = await simulate(study());
    const trials = new Map<number, ScheduledTrial>();
    for (let number = 0; number < 8; number++) {
      const state = number === 7 ? "running" : "paused";
      trials.set(number, {
        number,
        state,
        params: { rate: 0.1 * (number + 1) },
        reports: [{ step: 1, value: number }],
        checkpointStep: 1,
        untilStep: 1,
        parent: undefined,
      });
    }
    const strict = { ...view, trials, isFeasible: () => false };
    const decision = pbtScheduler.create({}).onReport(strict, 7, { step: 1, value: 7 });
    expect(decision).toMatchObject({ decision: "exploit", untilStep: 2 });
    expect("reason" in decision ? decision.reason : "").toContain("with the same parameters");
    if (decision.decision === "exploit") expect(decision.params).toBe(trials.get(decision.from)!.params);
  });

  it("begins another population when the budget is larger than one", async () => {
    const scheduler = pbtScheduler.create({ population: 4 });
    const { view, trials } = await simulate(study({ maxTrials: 8, scheduler: () => scheduler }));
    expect([...scheduler.brackets!(view)].map(({ label }) => label)).toEqual(["Population 1", "Population 2"]);
    expect([...trials.values()].filter(({ parent }) => parent === undefined)).toHaveLength(8);
    for (const { number, parent } of trials.values()) {
      if (parent === undefined) continue;
      const rootOf = (at: number): number =>
        trials.get(at)!.parent === undefined ? at : rootOf(trials.get(at)!.parent!.number);
      expect(rootOf(number)).toBe(rootOf(parent.number));
    }
  });
});
