/** Promotions against the trace that the published rule gives, one result after another. */
import { expect, it } from "vitest";
import { promotable, type RungResult } from "./promotion.ts";

it("promotes as soon as one in three may go on", () => {
  const losses = [0.9, 0.5, 0.7, 0.3, 0.8, 0.6, 0.2, 0.4, 0.1];
  const promoted = new Set<number>();
  const trace = losses.map((_, count) => {
    const results = losses.slice(0, count + 1).map((loss, number): RungResult => ({ number, loss }));
    const next = promotable(results, promoted, 3);
    if (next !== undefined) promoted.add(next.number);
    return next?.number;
  });
  expect(trace).toEqual([undefined, undefined, 1, 3, undefined, undefined, 6, undefined, 8]);
});

it("never promotes what is not a number, and of equals the first", () => {
  const results = [Number.NaN, 1, 1, 2].map((loss, number): RungResult => ({ number, loss }));
  expect(promotable(results, new Set(), 2)?.number).toBe(1);
  expect(promotable(results, new Set([1]), 2)?.number).toBe(2);
  expect(promotable(results.slice(0, 1), new Set(), 1)).toBeUndefined();
});
