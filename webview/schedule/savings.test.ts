import { describe, expect, it } from "vitest";
import { savingsText } from "./savings.ts";

describe("savingsText", () => {
  it("says what was trained of what would have been", () => {
    expect(savingsText({ trainedSteps: 412, fullSteps: 1500, scheduler: "asha" })).toBe(
      "Trained 412 of 1,500 epochs: 73 % saved against no scheduler",
    );
    expect(savingsText({ trainedSteps: 480, fullSteps: 480, scheduler: "pbt" })).toBe(
      "Trained 480 of 480 epochs: as many as without a scheduler",
    );
    expect(savingsText({ trainedSteps: 75, fullSteps: 100, scheduler: "asha" })).toContain(": 25 % saved");
  });
  it("never claims that everything was saved", () => {
    expect(savingsText({ trainedSteps: 1, fullSteps: 1500, scheduler: "asha" })).toContain(" 99 % saved");
  });
  it("claims nothing without a full cost or a scheduler", () => {
    expect(savingsText({ trainedSteps: 1, scheduler: "asha" })).toBe("Trained 1 epoch");
    expect(savingsText({ trainedSteps: 90, fullSteps: 100, scheduler: "none" })).toBe("Trained 90 of 100 epochs");
  });
  it("says when copies and restarts cost more than was saved", () => {
    expect(savingsText({ trainedSteps: 1100, fullSteps: 1000, scheduler: "asha" })).toBe(
      "Trained 1,100 of 1,000 epochs: 10 % more than without a scheduler",
    );
  });
});
