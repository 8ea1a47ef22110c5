import { describe, expect, it } from "vitest";
import type { Report } from "../core/trial.ts";
import { medianScheduler } from "./median.ts";
import type { ScheduledTrial, ScheduleView } from "./scheduler.ts";

/** Five complete trials whose value at step s is s + their number, and trial 9 with `own` reports. */
function viewOf(own: readonly Report[], direction: "minimize" | "maximize" = "minimize", complete = 5): ScheduleView {
  const trials = new Map<number, ScheduledTrial>();
  for (let number = 0; number < complete; number++) {
    const reports = [1, 2, 3, 4].map((step) => ({ step, value: step + number }));
    trials.set(number, {
      number,
      state: "complete",
      params: {},
      reports,
      checkpointStep: undefined,
      untilStep: undefined,
      parent: undefined,
    });
  }
  trials.set(9, {
    number: 9,
    state: "running",
    params: {},
    reports: own,
    checkpointStep: undefined,
    untilStep: undefined,
    parent: undefined,
  });
  const objective = { metric: "loss", direction };
  return {
    objective,
    objectives: [objective],
    space: [],
    seed: 0,
    parallel: 1,
    trials,
    reportsOf: () => [],
    isStructural: () => false,
  };
}

function judge(own: readonly Report[], options = {}, direction: "minimize" | "maximize" = "minimize", complete = 5) {
  return medianScheduler.create(options).onReport(viewOf(own, direction, complete), 9, own.at(-1)!);
}

describe("median stopping rule", () => {
  it("stops what is worse than the median of the others at this step, and says by how much", () => {
    expect(judge([{ step: 2, value: 4.5 }])).toEqual({
      decision: "stop",
      reason: "step 2: best so far 4.5 is worse than 4, the median of 5 other trials at this step",
    });
  });
  it("lets the median itself and everything better go on", () => {
    expect(judge([{ step: 2, value: 4 }]).decision).toBe("continue");
    expect(judge([{ step: 2, value: 3 }]).decision).toBe("continue");
  });
  it("judges by the best value so far", () => {
    expect(
      judge([
        { step: 1, value: 2 },
        { step: 2, value: 99 },
      ]).decision,
    ).toBe("continue");
  });
  it("turns round when maximising", () => {
    expect(judge([{ step: 2, value: 4.5 }], {}, "maximize").decision).toBe("continue");
    expect(judge([{ step: 2, value: 3.5 }], {}, "maximize").decision).toBe("stop");
  });
  it("takes an infinite value of either sign as the worst", () => {
    expect(judge([{ step: 2, value: -Infinity }]).decision).toBe("stop");
    expect(judge([{ step: 2, value: Infinity }], {}, "maximize").decision).toBe("stop");
  });
  it("waits for enough complete trials", () => {
    expect(judge([{ step: 2, value: 99 }], {}, "minimize", 4).decision).toBe("continue");
    expect(judge([{ step: 2, value: 99 }], { startupTrials: 4 }, "minimize", 4).decision).toBe("stop");
  });
  it("keeps to the warm-up and the interval", () => {
    const bad = (step: number): Report[] => [{ step, value: 99 }];
    expect(judge(bad(2), { warmupSteps: 2 }).decision).toBe("continue");
    expect(judge(bad(3), { warmupSteps: 2 }).decision).toBe("stop");
    expect(judge(bad(2), { interval: 2 }).decision).toBe("continue");
    expect(judge(bad(3), { interval: 2 }).decision).toBe("stop");
  });
  it("stops at once when the value is not a number, and goes on where nobody else has been", () => {
    expect(judge([{ step: 1, value: Number.NaN }], {}, "minimize", 0)).toEqual({
      decision: "stop",
      reason: "step 1: the value is not a number",
    });
    expect(judge([{ step: 50, value: 99 }]).decision).toBe("continue");
  });
});
