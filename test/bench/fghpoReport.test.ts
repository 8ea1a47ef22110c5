/** What the tables of the comparison are reckoned from: ranks, corrected tests and shares of the cost. */
import { describe, expect, it } from "vitest";
import { reportOf, summaryOf, verdictsOf } from "./fghpoReport.ts";
import type { Run, TrialRecord } from "./fghpoRun.ts";

const spread = (centre: number): number[] => Array.from({ length: 20 }, (_, i) => centre + i / 1000);

describe("wins, ties and losses", () => {
  it("are a win of the one ahead of all, losses of the others", () => {
    const found = verdictsOf(
      new Map([
        ["a", spread(0.5)],
        ["b", spread(0.9)],
        ["c", spread(0.7)],
      ]),
    );
    expect(found.map(({ verdict }) => verdict)).toEqual(["loss", "win", "loss"]);
    expect(found.map(({ bestAhead }) => bestAhead)).toEqual([1, 0.5, 1]);
  });

  it("are ties of those that the best is not told apart from", () => {
    const found = verdictsOf(
      new Map([
        ["a", spread(0.9)],
        ["b", spread(0.901)],
        ["c", spread(0.5)],
      ]),
    );
    expect(found.map(({ verdict }) => verdict)).toEqual(["tie", "tie", "loss"]);
    expect(found[1]!.p).toBe(1);
  });
});

/** Trials 0 to 11 whose final accuracy grows with their number, and whose sharpness falls. */
function run(method: Run["method"], seed: number): Run {
  const trials = Array.from({ length: 12 }, (_, number): TrialRecord => {
    const first = {
      loss: number < 2 ? 3 : 1,
      baseline_loss: 2,
      val_loss: 1 - number / 20,
      "sharpness.exact-frobenius": 20 - number,
      "sharpness.rms": 1 + number,
    };
    const end = { validation: 0.5 + number / 100, validationLoss: 1, test: 0.4 + number / 100 };
    return { number, first, ...(method === "random" || number > 1 ? end : {}) };
  });
  const share = method.startsWith("FGHPO") ? 0.25 : 1;
  return {
    data: "made up",
    method,
    seed,
    test: method === "random" || method === "FGHPO" ? 0.51 : 0.4,
    validation: 0.6,
    winner: 11,
    epochs: 192 * share,
    complete: 12,
    trainingCpuSeconds: 4 * share,
    cpuSeconds: 5 * share,
    trials,
  };
}

describe("the summary", () => {
  const methods = ["random", "FGHPO", "FGHPO paper", "TPE", "TuRBO", "HEBO", "BOHB"] as const;
  const runs = [0, 1, 2, 3].flatMap((seed) => methods.map((method) => run(method, seed)));

  it("has random search at FGHPO's cost as its beginning, shares of cost, and choices among the same trials", () => {
    const { data, parts, trainedOtherwise } = summaryOf([...runs, { ...run("random", 9) }]);
    const [only] = data;
    expect(only!.seeds).toEqual([0, 1, 2, 3]);
    // A quarter of twelve trials: the best of the first three.
    for (const score of only!.scores["random, same cost"]!) expect(score).toBeCloseTo(0.42, 12);
    expect(only!.cost.find(({ method }) => method === "FGHPO")).toMatchObject({ epochs: 0.25, cpu: 0.25 });
    const test = (name: string): number => parts.find(({ choice }) => choice === name)!.test;
    expect(test("the first ten")).toBeCloseTo(0.49, 12);
    expect(test("the first ten that pass the gate")).toBeCloseTo(0.51, 12);
    expect(test("lowest rms, batches of 64")).toBeCloseTo(0.49, 12);
    expect(test("gate, lowest exact-frobenius")).toBeCloseTo(0.51, 12);
    expect(trainedOtherwise).toBe(0);
  });

  it("has the signs of the correlations", () => {
    const { correlations } = summaryOf(runs);
    const of = (name: string): number => correlations.find(({ signal }) => signal === name)!.test;
    expect(of("exact-frobenius")).toBeCloseTo(-1, 12);
    expect(of("rms, batches of 64")).toBeCloseTo(1, 12);
    expect(of("validation loss")).toBeCloseTo(-1, 12);
  });

  it("is a report, also where there is nothing to report", () => {
    expect(reportOf(summaryOf(runs))).toContain("| FGHPO | 51.0 (51.0), 4 repeats: tie |");
    expect(reportOf(summaryOf([]))).toContain("No data set");
  });
});
