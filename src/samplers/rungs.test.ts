import { expect, it } from "vitest";
import { rngForKey } from "../core/rng.ts";
import type { FinishedTrial } from "../core/trial.ts";
import { fullRung, ladderOf, rungOfTrial, rungsBetween } from "./rungs.ts";

const request = { pending: [], number: 0, rng: rngForKey("rungs") };
function trial(state: "complete" | "pruned" | "failed", step?: number, untilStep?: number): FinishedTrial {
  return {
    number: 0,
    state,
    params: {},
    values: [],
    ...(step === undefined ? {} : { last: { step, value: 1 } }),
    untilStep,
  };
}

it("knows the rungs that trials were judged at, and the new trial's", () => {
  const history = [
    trial("pruned", 1, 1),
    trial("pruned", 2, 9),
    trial("failed", undefined, 3),
    trial("complete", 27),
    trial("complete", 27, 27),
  ];
  expect(ladderOf({ ...request, history, untilStep: 9, maxSteps: 27 })).toEqual({
    rungs: [1, 3, 9, fullRung],
    own: 9,
    top: 27,
  });
  expect(ladderOf({ ...request, history: [], untilStep: 27, maxSteps: 27 })).toEqual({
    rungs: [fullRung],
    own: fullRung,
    top: 27,
  });
});

it("takes the end of a pruned trial for its rung where nothing else is known", () => {
  const history = [trial("pruned", 4), trial("pruned"), trial("complete", 16)];
  const ladder = ladderOf({ ...request, history });
  expect(ladder).toEqual({ rungs: [4, fullRung], own: fullRung, top: 16 });
  expect(ladderOf({ ...request, history: [] })).toEqual({ rungs: [fullRung], own: fullRung, top: undefined });
});

it("finds the rung of a trial", () => {
  const ladder = { rungs: [1, 3, 9, fullRung], own: 1, top: 27 };
  expect(rungOfTrial(trial("complete", 27), ladder)).toBe(fullRung);
  expect(rungOfTrial(trial("pruned", 9, 9), ladder)).toBe(9);
  // It ended on the way: with the highest rung it passed.
  expect(rungOfTrial(trial("pruned", 5, 9), ladder)).toBe(3);
  expect(rungOfTrial(trial("pruned", 4), ladder)).toBe(3);
  expect(rungOfTrial(trial("failed"), ladder)).toBeUndefined();
});

it("counts rungs between steps that were rounded", () => {
  expect([1, 4, 11, 33, 100].map((step) => rungsBetween(1, step, 3))).toEqual([0, 1, 2, 3, 4]);
  expect(rungsBetween(1, 243, 3)).toBe(5);
  expect(rungsBetween(1, 1000, 10)).toBe(3);
  expect(rungsBetween(9, 3, 3)).toBe(0);
});
