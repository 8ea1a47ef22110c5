import { describe, expect, it } from "vitest";
import type { FinishedTrial } from "../../core/trial.ts";
import { budgetsOf, fullBudget, rankedAt } from "./budgets.ts";

const minimize = [{ metric: "loss", direction: "minimize" }] as const;
const maximize = [{ metric: "accuracy", direction: "maximize" }] as const;

/** A trial with a curve of one report a step; stopped unless it has a final value. */
function trial(number: number, curve: readonly number[], final?: number): FinishedTrial {
  const reports = curve.map((value, k) => ({ step: k + 1, value }));
  return {
    number,
    state: final === undefined ? "pruned" : "complete",
    params: {},
    values: final === undefined ? [] : [final],
    ...(reports.length === 0 ? {} : { last: reports.at(-1)!, curve: reports }),
  };
}
const numbers = (trials: readonly FinishedTrial[]): number[] => trials.map(({ number }) => number);

const history = [
  trial(0, [0.9]),
  trial(1, [0.5, 0.4, 0.3], 0.3),
  trial(2, [0.6, 0.7, 0.1], 0.1),
  trial(3, [0.8, 0.5]),
  trial(4, [Number.NaN]),
  trial(5, []),
  { number: 6, state: "failed" as const, params: {}, values: [] },
];

describe("budgets", () => {
  it("are the steps at which trials ended, the full one last", () => {
    expect(budgetsOf(history)).toEqual([1, 2, fullBudget]);
    expect(budgetsOf([])).toEqual([]);
  });
  it("judge whoever went further by what it showed there", () => {
    expect(numbers(rankedAt(history, 1, minimize))).toEqual([1, 2, 3, 0]);
    expect(numbers(rankedAt(history, 2, minimize))).toEqual([1, 3, 2]);
    expect(numbers(rankedAt(history, fullBudget, minimize))).toEqual([2, 1]);
    expect(numbers(rankedAt(history, 2, maximize))).toEqual([2, 3, 1]);
  });
  it("are the rungs at which trials were judged, where reports are rare", () => {
    const rare = [4, 5].map((value, number): FinishedTrial => {
      const curve = [2, 4, 6].slice(0, number + 2).map((step) => ({ step, value: value + step / 10 }));
      return { number, state: "pruned", params: {}, values: [], last: curve.at(-1)!, curve, untilStep: [3, 6][number] };
    });
    expect(budgetsOf(rare)).toEqual([3, 6]);
    expect(numbers(rankedAt(rare, 3, minimize))).toEqual([0, 1]);
    expect(numbers(rankedAt(rare, 6, minimize))).toEqual([1]);
  });
  it("know of the last report only where there are no curves", () => {
    const short = history.map(({ number, state, values, last }): FinishedTrial => ({
      number,
      state,
      params: {},
      values,
      ...(last === undefined ? {} : { last }),
    }));
    expect(numbers(rankedAt(short, 1, minimize))).toEqual([0]);
    expect(numbers(rankedAt(short, 2, minimize))).toEqual([3]);
  });
});
