/** What must hold of any study under any scheduler, on random curves that cross, slots, speeds and crashes. */
import { assert, asyncProperty, boolean, constantFrom, integer } from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import { checkParams, uniformParams } from "../../core/space/configuration.ts";
import type { Space } from "../../core/space/parameter.ts";
import { isFinal } from "../../core/trial.ts";
import { schedulers } from "../registry.ts";
import { crossingCurve, stragglers } from "./curves.ts";
import { simulate, type SimulationResult } from "./simulator.ts";

const space: Space = [
  { name: "rate", type: "float", low: 1e-4, high: 1, log: true },
  { name: "batch", type: "int", low: 1, high: 64, log: false },
  { name: "width", type: "int", low: 4, high: 64, log: true },
];
/** Those that wait for a rung to be complete: what they keep does not depend on slots. */
const synchronous = new Set(["none", "successive-halving", "hyperband", "bohb", "priorband", "dehb"]);
/** Those that begin a new trial whenever nothing else is to do. */
const eager = new Set(schedulers.map(({ kind }) => kind).filter((kind) => !["pbt", "pb2", "fghpo"].includes(kind)));
/** Those that may need fewer trials than the budget allows. */
const modest = new Set(["fghpo"]);
/** Those that make trials of their own, whose numbers come after all that are enqueued. */
const copies = new Set(["pbt", "pb2"]);
/** A model for each decision takes its time. */
const runsOf = (kind: string): number => (kind === "freeze-thaw" || kind === "pb2" ? 4 : 30);

const kept = ({ trials }: SimulationResult): string[] =>
  [...trials.values()].map(({ number, state, reports }) => `${number} ${state} ${reports.length}`);

describe.each(schedulers.map((entry) => [entry.kind, entry] as const))("%s", (kind, entry) => {
  it("keeps to the budget, wastes nothing, says why, and idles only without work", async () => {
    await assert(
      asyncProperty(
        integer(),
        integer({ min: 1, max: kind === "freeze-thaw" ? 12 : 60 }),
        integer({ min: 1, max: 30 }),
        integer({ min: 1, max: 9 }),
        boolean(),
        constantFrom("step", "pause"),
        async (seed, maxTrials, maxSteps, parallel, crashes, checkpoints) => {
          const study = {
            scheduler: () => entry.create({}),
            maxTrials,
            maxSteps,
            space,
            seed,
            isStructural: (name: string) => name === "width",
            suggest: (number: number) => uniformParams(space, rngFor(seed, number, "suggest")),
            curve: crossingCurve(seed),
            checkpoints,
            ...(crashes ? { fails: (number: number, step: number) => (number + step + seed) % 13 === 0 } : {}),
          } as const;
          const result = await simulate({ ...study, parallel, duration: stragglers(seed) });
          // Enqueued trials take the places of the first new ones, and nothing else changes.
          const enqueued = seed % 3 === 0 ? 0 : 1 + Math.abs(seed % Math.min(8, maxTrials));
          const asEnqueued = await simulate({
            ...study,
            parallel,
            duration: stragglers(seed),
            enqueued: Math.min(enqueued, maxTrials),
          });
          if (!copies.has(kind)) expect(asEnqueued.answers).toEqual(result.answers);
          const { trials, trained, answers, waits } = result;
          const founders = [...trials.values()].filter(({ parent }) => parent === undefined);
          expect(founders.length).toBeLessThanOrEqual(maxTrials);
          if (!modest.has(kind)) expect(founders.length).toBe(maxTrials);
          // A crash may repeat the step in which it happened; nothing else is trained twice.
          expect(new Set(trained.map(({ number, step }) => `${number} ${step}`)).size).toBe(trained.length);
          for (const { number, step } of trained) expect(step).toBeGreaterThan(trials.get(number)!.parent?.step ?? 0);
          for (const { answer } of answers) {
            const silent = "action" in answer ? answer.action === "new" : answer.decision === "continue";
            if (!silent) expect("reason" in answer ? answer.reason : "").toMatch(/\S/);
          }
          for (const { params } of trials.values()) expect(checkParams(space, params)).toEqual([]);
          if (eager.has(kind)) for (const { begun } of waits) expect(begun).toBe(maxTrials);
          if (!crashes) expect([...trials.values()].some(({ state }) => state === "complete")).toBe(true);
          if (synchronous.has(kind)) {
            expect([...trials.values()].every(({ state }) => isFinal(state))).toBe(true);
            expect(kept(result)).toEqual(kept(await simulate({ ...study, parallel: 1 })));
          }
        },
      ),
      { numRuns: runsOf(kind) },
    );
  });
});
