/**
 * What every sampler must hold, whatever its method. `samplerContract(entry)` inside a vitest file runs it; the registry's
 * samplers are run by the two test files beside it, with no change for a new one.
 */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { BasinError } from "../../src/core/errors.ts";
import type { Objective } from "../../src/core/objective.ts";
import { rngFor } from "../../src/core/rng.ts";
import { checkParams, paramsKey } from "../../src/core/space/configuration.ts";
import { isActive, type Params, type Space } from "../../src/core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../src/core/trial.ts";
import type { SamplerEntry } from "../../src/samplers/entry.ts";
import { samplerStream, type Sampler, type SamplerContext, type Suggestion } from "../../src/samplers/sampler.ts";
import { expectDescription } from "./description.ts";
import { historyOf, simulate, simulateLadder, spaces } from "./spaces.ts";

const minimize: Objective = { metric: "loss", direction: "minimize" };
const maximize: Objective = { metric: "accuracy", direction: "maximize" };

/** The published suite for one sampler. */
export function samplerContract(entry: SamplerEntry): void {
  const create = (space: Space, changes: Partial<SamplerContext> = {}): Sampler =>
    entry.create(
      {
        space,
        objectives: [minimize],
        isFeasible: () => true,
        budgetTrials: 20_000,
        parallel: 1,
        rng: samplerStream(7),
        ...changes,
      },
      {},
    );
  const ask = async (
    sampler: Sampler,
    history: readonly FinishedTrial[],
    pending: readonly PendingTrial[] = [],
    seed = 7,
  ): Promise<Suggestion> => {
    const number = history.length + pending.length;
    return sampler.suggest({ history, pending, number, rng: rngFor(seed, number, "suggest") });
  };
  const expectValid = (space: Space, suggestion: Suggestion): void => {
    expect(checkParams(space, suggestion.params)).toEqual([]);
    expect(suggestion.reason).toMatch(/^\S.*$/);
    expect(suggestion.reason).not.toContain("\n");
  };

  /** A valid suggestion; from a sampler that never repeats itself also the word that it has none left. */
  const expectAnswer = async (space: Space, asked: Promise<Suggestion>): Promise<void> => {
    try {
      expectValid(space, await asked);
    } catch (error) {
      if (!(entry.exhausts === true && error instanceof BasinError && error.code === "space-exhausted")) throw error;
    }
  };

  // A network is trained anew for each of many suggestions: on a machine with other work that is a matter of minutes.
  describe(`sampler ${entry.kind}`, { timeout: 240_000 }, () => {
    it("describes itself, and every option has a default and a description", () => {
      expectDescription(entry);
    });

    it("refuses options it does not have", () => {
      const context = {
        space: spaces["floats"]!,
        objectives: [minimize] as const,
        isFeasible: () => true,
        parallel: 1,
        rng: samplerStream(7),
      };
      expect(() => entry.create({ ...context, objectives: [minimize] }, { noSuchOption: 1 })).toThrow(BasinError);
    });

    for (const [label, space] of Object.entries(spaces)) {
      it(`stays inside the domain: ${label}`, async () => {
        const { suggestions } = await simulate(create(space), space, {
          count: label === "a hundred" ? 15 : 40,
          parallel: 2,
        });
        for (const suggestion of suggestions) expectValid(space, suggestion);
      });
    }

    it("hands out the active parameters only, constants included, in the order of the space", async () => {
      const space = spaces["conditional"]!;
      const { suggestions } = await simulate(create(space), space, { count: 40 });
      for (const { params } of suggestions) {
        const active = space.filter((parameter) => isActive(parameter, params)).map((parameter) => parameter.name);
        expect(Object.keys(params)).toEqual(active);
      }
      expect(new Set(suggestions.map(({ params }) => params["model"])).size).toBe(2);
    });

    it("answers equal requests equally: one instance, another instance, another process", async () => {
      const script = path.join(import.meta.dirname, "suggestProcess.ts");
      for (const [label, count] of [
        ["floats", 30],
        ["conditional", 45],
      ] as const) {
        const space = spaces[label]!;
        const history = historyOf(space, { count });
        const first = create(space);
        const here = Object.entries((await ask(first, history)).params);
        expect(Object.entries((await ask(first, history)).params)).toEqual(here);
        expect(Object.entries((await ask(create(space), history)).params)).toEqual(here);
        const there = execFileSync(
          process.execPath,
          [script, JSON.stringify({ kind: entry.kind, space: label, count })],
          { encoding: "utf8" },
        );
        expect(JSON.parse(there)).toEqual(here);
      }
    });

    it("goes on after a restart as if there had been none", async () => {
      for (const label of ["floats", "integers", "conditional"]) {
        const space = spaces[label]!;
        for (const parallel of [1, 3]) {
          const whole = await simulate(create(space), space, { count: 40, parallel });
          const restarted = await simulate(() => create(space), space, { count: 40, parallel });
          expect(restarted.suggestions).toEqual(whole.suggestions);
        }
      }
    });

    it("takes trials of earlier studies, whose numbers are negative", async () => {
      for (const label of ["floats", "conditional"]) {
        const space = spaces[label]!;
        const known = historyOf(space, { count: 24, troubled: true }).filter(({ state }) => state !== "failed");
        const earlier = known.map((trial, i) => ({ ...trial, number: i - known.length }));
        const whole = await simulate(create(space), space, { count: 8, parallel: 2, earlier });
        for (const suggestion of whole.suggestions) expectValid(space, suggestion);
        const restarted = await simulate(() => create(space), space, { count: 8, parallel: 2, earlier });
        expect(restarted.suggestions).toEqual(whole.suggestions);
      }
    });

    it("forgets what it knew when it is given another history", async () => {
      const space = spaces["floats"]!;
      const used = create(space);
      await ask(used, historyOf(space, { count: 60 }));
      const other = historyOf(space, { count: 31, troubled: true });
      expect(await ask(used, other)).toEqual(await ask(create(space), other));
    });

    it("draws differently for another seed", async () => {
      const space = spaces["floats"]!;
      const history = historyOf(space, { count: 20 });
      const drawn = async (seed: number): Promise<Params> =>
        (await ask(create(space, { rng: samplerStream(seed) }), history, [], seed)).params;
      expect(await drawn(1)).not.toEqual(await drawn(2));
    });

    it("copes with failed, pruned, infinite and NaN trials", async () => {
      for (const [label, space] of Object.entries(spaces)) {
        for (const count of [1, 8, 40]) {
          const history = historyOf(space, { count, troubled: true });
          await expectAnswer(space, ask(create(space), history));
          const failed = history.map(({ number, params }): FinishedTrial => ({
            number,
            state: "failed",
            params,
            values: [],
          }));
          await expectAnswer(space, ask(create(space), failed));
          if (label === "a hundred") break;
        }
      }
    });

    it("copes with histories of 0 to 10,000 trials", async () => {
      const space = spaces["conditional"]!;
      const all = historyOf(space, { count: 10_000 });
      for (const count of [0, 1, 2, 5, 9, 10, 11, 26, 100, 1000, 10_000])
        expectValid(space, await ask(create(space), all.slice(0, count)));
    });

    it("copes with trials at one and the same point", async () => {
      const space = spaces["floats"]!;
      const params = { x: 1, lr: 0.1, dropout: 0.2 };
      const history = Array.from({ length: 30 }, (_, number): FinishedTrial => ({
        number,
        state: "complete",
        params,
        values: [1],
      }));
      expectValid(space, await ask(create(space), history));
    });

    it("copes with pending trials", async () => {
      const space = spaces["conditional"]!;
      const all = historyOf(space, { count: 60 });
      for (const finished of [0, 5, 30]) {
        const pending = all.slice(finished, finished + 16).map(({ number, params }, k): PendingTrial => ({
          number,
          state: k % 2 === 0 ? "running" : "waiting",
          params,
        }));
        expectValid(space, await ask(create(space, { parallel: 16 }), all.slice(0, finished), pending));
      }
    });

    it("learns from a paused trial what it learns from one that was pruned there", async () => {
      for (const label of ["floats", "conditional"]) {
        const space = spaces[label]!;
        const all = historyOf(space, { count: 36 });
        const [finished, reported, running] = [all.slice(0, 20), all.slice(20, 34), all.slice(34)];
        const curve = (loss: number) => [1, 3].map((step) => ({ step, value: loss + 1 / step }));
        const stopped = reported
          .map(({ number, params, values }): FinishedTrial => ({
            number,
            state: "pruned",
            params,
            values: [],
            last: curve(values[0]!).at(-1)!,
            curve: curve(values[0]!),
          }))
          .sort((a, b) => a.number - b.number);
        const open = running.map(({ number, params }): PendingTrial => ({ number, state: "running", params }));
        const paused = stopped.map(({ number, params, last, curve: reports }): PendingTrial => ({
          number,
          state: "paused",
          params,
          last: last!,
          curve: reports!,
        }));
        const pruned = await ask(create(space, { stopsEarly: true }), [...finished, ...stopped], open);
        expect(await ask(create(space, { stopsEarly: true }), finished, [...paused, ...open])).toEqual(pruned);
      }
    });

    it("goes on after a restart where trials are paused, go on, and end", async () => {
      for (const label of ["floats", "conditional"]) {
        const space = spaces[label]!;
        const context = { stopsEarly: true, parallel: 2 };
        const whole = await simulateLadder(create(space, context), space, { count: 30 });
        for (const suggestion of whole.suggestions) expectValid(space, suggestion);
        expect(whole.history.length).toBeGreaterThan(1);
        const restarted = await simulateLadder(() => create(space, context), space, { count: 30 });
        expect(restarted).toEqual(whole);
      }
    });

    it("keeps to constraints, wide and tight", async () => {
      const cases: readonly (readonly [string, (params: Params) => boolean])[] = [
        ["floats", (params) => Number(params["x"]) + 10 * Number(params["dropout"]) <= 2],
        ["integers", (params) => Number(params["layers"]) * Number(params["batch"]) <= 48],
        ["conditional", (params) => params["model"] !== "net" || Number(params["layers"]) >= 2],
        ["categories", (params) => params["optimizer"] === "adam" && params["odd"] === null],
      ];
      for (const [label, isFeasible] of cases) {
        const space = spaces[label]!;
        const { suggestions } = await simulate(create(space, { isFeasible }), space, { count: 30 });
        for (const suggestion of suggestions) {
          expectValid(space, suggestion);
          expect(isFeasible(suggestion.params)).toBe(true);
        }
      }
    });

    it("says so when no configuration satisfies the constraints", async () => {
      for (const label of ["categories", "floats"]) {
        const space = spaces[label]!;
        const asked = (async () => ask(create(space, { isFeasible: () => false }), historyOf(space, { count: 20 })))();
        await expect(asked).rejects.toMatchObject({ code: "no-feasible-point" });
      }
    });

    it("takes several objectives, of either direction", async () => {
      const space = spaces["conditional"]!;
      const objectives = [minimize, maximize, { metric: "time", direction: "minimize" }] as const;
      const context = { objectives: [...objectives] as [Objective, ...Objective[]] };
      for (const count of [0, 12, 80]) {
        const history = historyOf(space, { count, objectives: 3, troubled: count > 12 });
        expectValid(space, await ask(create(space, context), history));
      }
      const whole = await simulate(create(space, context), space, { count: 30, objectives: 3 });
      const restarted = await simulate(() => create(space, context), space, { count: 30, objectives: 3 });
      expect(restarted.suggestions).toEqual(whole.suggestions);
    });

    it("means the same by minimising a loss and maximising its negative", async () => {
      const space = spaces["floats"]!;
      const history = historyOf(space, { count: 30 });
      const negated = history.map((trial) => ({ ...trial, values: trial.values.map((value) => -value) }));
      const other = await ask(create(space, { objectives: [maximize] }), negated);
      expect(other.params).toEqual((await ask(create(space), history)).params);
    });

    if (entry.exhausts === true) {
      it("tries every configuration once and then says that none is left", async () => {
        for (const label of ["categories", "single values", "nothing to search"]) {
          const space = spaces[label]!;
          const whole = await simulate(create(space), space, { count: 1000, parallel: 3 });
          expect(whole.suggestions.length).toBeLessThan(1000);
          const keys = whole.suggestions.map(({ params }) => paramsKey(params));
          expect(new Set(keys).size).toBe(keys.length);
          await expect((async () => ask(create(space), whole.history))()).rejects.toMatchObject({
            code: "space-exhausted",
          });
        }
      });
    }

    it("does not touch what it is given", async () => {
      const space = spaces["integers"]!;
      const history = historyOf(space, { count: 25 }).map((trial) =>
        Object.freeze({ ...trial, params: Object.freeze({ ...trial.params }) }),
      );
      expectValid(space, await ask(create(space), Object.freeze(history), Object.freeze([])));
    });
  });
}
