import { describe, expect, it } from "vitest";
import { formatDuration, formatEta, formatNumber, formatValue } from "./format.ts";

describe("formatNumber", () => {
  it.each([
    [0.9812345, "0.9812"],
    [0.5, "0.5"],
    [-0, "0"],
    [0.0031, "3.1e-3"],
    [1e-5, "1e-5"],
    [123456.7, "1.235e5"],
    [512, "512"],
    [-3.25, "-3.25"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("%f is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});

describe("durations and values", () => {
  it("writes clock times and estimates", () => {
    expect(formatDuration(21_400)).toBe("0:21");
    expect(formatDuration(3_849_000)).toBe("1:04:09");
    expect(formatEta(40_000)).toBe("40 s");
    expect(formatEta(6 * 60_000)).toBe("6 min");
    expect(formatEta(190 * 60_000)).toBe("3 h 10 min");
    expect(formatEta(52 * 3_600_000)).toBe("2 d 4 h");
  });
  it("leaves text alone", () => {
    expect(formatValue("adam")).toBe("adam");
    expect(formatValue(null)).toBe("null");
    expect(formatValue(true)).toBe("true");
  });
});
