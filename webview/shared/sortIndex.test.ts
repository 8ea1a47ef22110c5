import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../src/core/rng.ts";
import { indexOfSorted, keepRows, sortIndex } from "./sortIndex.ts";

function byComparator(values: Float64Array, descending: boolean): number[] {
  const sign = descending ? -1 : 1;
  return [...values.keys()].sort((a, b) => {
    const [x, y] = [values[a]!, values[b]!];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return x === y ? a - b : sign * (x < y ? -1 : 1);
  });
}

describe("sortIndex", () => {
  it("agrees with a comparator on any doubles, NaN last both ways", () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.boolean(), (list, descending) => {
        const values = Float64Array.from(list);
        expect([...sortIndex(values, descending)]).toEqual(byComparator(values, descending));
      }),
    );
  });

  it.each([false, true])("agrees with a comparator when there are many (descending: %s)", (descending) => {
    const rng = rngForKey("sort");
    const values = Float64Array.from({ length: 20_000 }, (_, i) => {
      if (i % 17 === 0) return Number.NaN;
      if (i % 13 === 0) return [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][rng.int(4)]!;
      return Math.round(rng.normal() * 100) * 10 ** (rng.int(9) - 4);
    });
    expect([...sortIndex(values, descending)]).toEqual(byComparator(values, descending));
  });
});

describe("indices", () => {
  it("keeps the order while rows are dropped", () => {
    expect([...keepRows(Int32Array.of(3, 1, 0, 2), Uint8Array.of(1, 0, 1, 1))]).toEqual([3, 0, 2]);
  });
  it("finds numbers and only those", () => {
    const numbers = Int32Array.of(0, 3, 4, 9);
    expect([0, 3, 4, 9].map((n) => indexOfSorted(numbers, n))).toEqual([0, 1, 2, 3]);
    expect([-1, 1, 10].map((n) => indexOfSorted(numbers, n))).toEqual([-1, -1, -1]);
  });
});
