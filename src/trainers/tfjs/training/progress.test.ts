import { describe, expect, it } from "vitest";
import { resolveHyperparameters } from "../hyperparameters.ts";
import { newProgress, observeEpoch, progressPlan } from "./progress.ts";

const plan = (params: Record<string, number | string>, warmup = 0) =>
  progressPlan(resolveHyperparameters({ lrSchedule: "plateau", ...params }, "module"), "classification", warmup);

describe("observeEpoch", () => {
  it("drops after a plateau, stops when patience runs out, and knows the best epoch", () => {
    const progress = newProgress();
    const following = plan({ plateauPatience: 2, earlyStoppingPatience: 3 });
    const seen = [3, 2, 2.5, 2.6, 2.7, 1.9].map((loss, i) => observeEpoch(progress, i + 1, loss, following));
    expect(seen.map(({ best }) => best)).toEqual([true, true, false, false, false, true]);
    expect(seen.map(({ stop }) => stop)).toEqual([false, false, false, false, true, false]);
    expect(progress).toMatchObject({ bestEpoch: 6, best: 1.9, drops: 1 });
  });

  it("follows a metric of which more is better", () => {
    const progress = newProgress();
    const following = plan({ monitor: "val_accuracy", earlyStoppingPatience: 2 });
    const seen = [0.5, 0.6, 0.55, 0.6].map((value, i) => observeEpoch(progress, i + 1, value, following));
    expect(seen.map(({ best, stop }) => [best, stop])).toEqual([
      [true, false],
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  it("does not let changes below the least one buy time, and still knows the best of them", () => {
    const progress = newProgress();
    const following = plan({ earlyStoppingPatience: 3, earlyStoppingMinDelta: 0.1 });
    const stops = [1, 0.95, 0.91, 0.92].map((loss, i) => observeEpoch(progress, i + 1, loss, following).stop);
    expect(stops).toEqual([false, false, false, true]);
    expect(progress).toMatchObject({ best: 0.91, bestEpoch: 3 });
  });

  it("takes what is no number for no improvement, also at first", () => {
    const progress = newProgress();
    const following = plan({ earlyStoppingPatience: 2 });
    expect([Number.NaN, Number.NaN].map((loss, i) => observeEpoch(progress, i + 1, loss, following).stop)).toEqual([
      false,
      true,
    ]);
    expect(progress.best).toBeNull();
  });

  it("looks for plateaus after the warm-up only", () => {
    const progress = newProgress();
    const following = plan({ plateauPatience: 1 }, 3);
    [1, 2, 2, 2, 2].forEach((loss, i) => observeEpoch(progress, i + 1, loss, following));
    expect(progress.drops).toBe(1);
  });

  it("refuses a metric that the task does not have", () => {
    expect(() => plan({ monitor: "val_rmse" })).toThrow(/val_rmse, which a classification does not have/);
  });
});
