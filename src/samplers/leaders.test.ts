/** What the best of all trials is, for one objective and for several. */
import { expect, it } from "vitest";
import type { Objective } from "../core/objective.ts";
import type { FinishedTrial } from "../core/trial.ts";
import { holdsAgainst, withLeader } from "./leaders.ts";

const one: readonly Objective[] = [{ metric: "loss", direction: "minimize" }];
const two: readonly Objective[] = [...one, { metric: "accuracy", direction: "maximize" }];
const complete = (number: number, ...values: number[]): FinishedTrial => ({
  number,
  state: "complete",
  params: {},
  values,
});
const pruned = (number: number, step: number): FinishedTrial => ({
  number,
  state: "pruned",
  params: {},
  values: [],
  last: { step, value: 1 },
});
const failed: FinishedTrial = { number: 99, state: "failed", params: {}, values: [] };
const led = (trials: readonly FinishedTrial[], objectives: readonly Objective[], most?: number): number[] => {
  let leaders: readonly FinishedTrial[] = [];
  for (const trial of trials) leaders = withLeader(leaders, trial, objectives, most);
  return leaders.map(({ number }) => number).toSorted((a, b) => a - b);
};

it("one objective has one leader: the first of the best, a pruned trial only while none is complete", () => {
  expect(led([failed, pruned(0, 1), pruned(1, 5), pruned(2, 5)], one)).toEqual([1]);
  expect(led([pruned(0, 9), complete(1, 3), complete(2, 3), complete(3, Number.NaN), pruned(4, 99)], one)).toEqual([1]);
  expect(led([complete(1, 3), complete(2, Infinity), complete(3, 2)], one)).toEqual([3]);
});

it("several objectives have those that no other dominates, one of equals, the crowded dropped", () => {
  const trials = [pruned(0, 9), complete(1, 1, 0.5), complete(2, 2, 0.9), complete(3, 2, 0.4), complete(4, 1, 0.5)];
  expect(led(trials, two)).toEqual([1, 2]);
  expect(led([...trials, complete(5, 0.5, 0.95), pruned(6, 9)], two)).toEqual([5]);
  const front = [complete(0, 0, 0), complete(1, 0.5, 0.5), complete(2, 0.52, 0.52), complete(3, 1, 1)];
  const few = led(front, two, 3);
  expect(few).toHaveLength(3);
  expect(few).toEqual(expect.arrayContaining([0, 3]));
});

it("a trial holds against what does not beat it", () => {
  expect(holdsAgainst(complete(2, 1), complete(1, 1), one)).toBe(true);
  expect(holdsAgainst(complete(2, 2), complete(1, 1), one)).toBe(false);
  expect(holdsAgainst(complete(2, 2), pruned(1, 5), one)).toBe(true);
  expect(holdsAgainst(pruned(2, 5), complete(1, 2), one)).toBe(false);
  expect(holdsAgainst(failed, complete(1, 2), one)).toBe(false);
  expect(holdsAgainst(complete(2, 3, 0.9), complete(1, 1, 0.5), two)).toBe(true);
  expect(holdsAgainst(complete(2, 3, 0.4), complete(1, 1, 0.5), two)).toBe(false);
});
