import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rowsOf, sameSelection, selectWith, toSelection } from "./selection.ts";

describe("selection", () => {
  it("is a sorted set whatever comes in", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), (numbers) => {
        expect([...toSelection(numbers)]).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      }),
    );
  });
  it("replaces, adds and toggles", () => {
    const now = toSelection([2, 5]);
    expect([...selectWith(now, [7], "replace")]).toEqual([7]);
    expect([...selectWith(now, [7, 2], "add")]).toEqual([2, 5, 7]);
    expect([...selectWith(now, [5], "toggle")]).toEqual([2]);
    expect([...selectWith(now, [5, 9], "toggle")]).toEqual([2, 5, 9]);
  });
  it("toggling the same trials twice changes nothing", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30)), fc.uniqueArray(fc.nat(30), { minLength: 1 }), (start, given) => {
        const before = toSelection(start.filter((n) => !given.includes(n)));
        expect(sameSelection(selectWith(selectWith(before, given, "toggle"), given, "toggle"), before)).toBe(true);
      }),
    );
  });
  it("gives rows of the trials that exist", () => {
    expect([...rowsOf(toSelection([1, 4, 8]), Int32Array.of(0, 1, 2, 8))]).toEqual([1, 3]);
  });
});
