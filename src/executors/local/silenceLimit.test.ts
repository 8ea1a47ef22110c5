import { describe, expect, it } from "vitest";
import { createSilenceLimit } from "./silenceLimit.ts";

const minute = 60_000;

describe("how long a trial may be silent", () => {
  it("is what the study says, whatever it did before", () => {
    const limit = createSilenceLimit(5, true, 0)!;
    expect(limit.left(4_000)).toBe(1_000);
    limit.sign(4_900);
    expect(limit.left(9_900)).toBe(0);
    expect(limit.detail()).toBeUndefined();
  });

  it("is nothing for a program that need not say anything", () => {
    expect(createSilenceLimit(undefined, false, 0)).toBeUndefined();
  });

  it("is generous for a trainer that gives signs of life, and more so for one whose steps are long", () => {
    const limit = createSilenceLimit(undefined, true, 0)!;
    // Reading large data and starting a device take time.
    expect(limit.left(29 * minute)).toBeGreaterThan(0);
    expect(limit.detail()).toMatch(/^30 min without a sign of life \(it had not said anything yet; limits\.heartbeat/);
    limit.sign(minute / 60);
    limit.sign(minute / 30);
    expect(limit.left(9 * minute)).toBeGreaterThan(0);
    expect(limit.left(11 * minute)).toBeLessThan(0);
    // A step of two minutes.
    limit.sign(minute / 30 + 2 * minute);
    expect(limit.left(40 * minute)).toBeGreaterThan(0);
    expect(limit.left(43 * minute)).toBeLessThan(0);
    expect(limit.detail()).toMatch(/^40 min .*before, it was silent for 2 min at most/);
  });
});
