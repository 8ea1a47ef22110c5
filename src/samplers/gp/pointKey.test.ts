/** Different points have different keys, as far as thousands of them can show. */
import { expect, it } from "vitest";
import { pointKey } from "./pointKey.ts";

it("tells points apart, also those of few values, and takes equal ones as equal", () => {
  const keys = new Set<number>();
  for (let i = 0; i < 20_000; i++) keys.add(pointKey(Float64Array.of(i % 20, Math.floor(i / 20) / 1000, -1)));
  expect(keys.size).toBe(20_000);
  expect(pointKey(Float64Array.of(0.25, -1))).toBe(pointKey(new Float64Array([9, 0.25, -1]).subarray(1)));
});
