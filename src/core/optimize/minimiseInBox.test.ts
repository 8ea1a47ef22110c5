/** Known minima, inside the box and on its faces, and what it does where a function has walls. */
import { expect, it } from "vitest";
import { minimiseInBox, type Evaluated } from "./minimiseInBox.ts";

const box = (n: number, low: number, high: number): [Float64Array, Float64Array] => [
  new Float64Array(n).fill(low),
  new Float64Array(n).fill(high),
];

function rosenbrock(x: Float64Array): Evaluated {
  let value = 0;
  const gradient = new Float64Array(x.length);
  for (let i = 0; i + 1 < x.length; i++) {
    const valley = x[i + 1]! - x[i]! ** 2;
    value += 100 * valley ** 2 + (1 - x[i]!) ** 2;
    gradient[i]! += -400 * x[i]! * valley - 2 * (1 - x[i]!);
    gradient[i + 1]! += 200 * valley;
  }
  return { value, gradient };
}

it("follows a curved valley to its end", () => {
  const found = minimiseInBox(rosenbrock, new Float64Array(6).fill(-0.5), ...box(6, -2, 2), 400);
  for (const x of found.point) expect(x).toBeCloseTo(1, 3);
  expect(found.evaluations).toBeLessThan(1500);
});

it("ends on the face where the minimum is outside, and moves along it", () => {
  const target = Float64Array.of(3, 0.25, -7);
  const seen: Float64Array[] = [];
  const found = minimiseInBox(
    (x) => {
      seen.push(x);
      return {
        value: x.reduce((sum, v, i) => sum + (i + 1) * (v - target[i]!) ** 2, 0) + x[0]! * x[1]!,
        gradient: x.map((v, i) => 2 * (i + 1) * (v - target[i]!) + (i === 0 ? x[1]! : i === 1 ? x[0]! : 0)),
      };
    },
    Float64Array.of(0, 0, 0),
    ...box(3, -1, 1),
    50,
  );
  expect(found.point[0]).toBe(1);
  // 2 * 2 (y - 0.25) + 1 = 0.
  expect(found.point[1]).toBeCloseTo(0, 4);
  expect(found.point[2]).toBe(-1);
  for (const x of seen) for (const v of x) expect(Math.abs(v)).toBeLessThanOrEqual(1);
});

it("steps back from walls", () => {
  const found = minimiseInBox(
    ([x]) =>
      x! < 0.2 ? { value: Infinity, gradient: Float64Array.of(0) } : { value: x!, gradient: Float64Array.of(1) },
    Float64Array.of(5),
    ...box(1, 0, 10),
    60,
  );
  expect(found.value).toBeGreaterThanOrEqual(0.2);
  expect(found.value).toBeLessThan(1);
});

it("stays where nothing can be better", () => {
  const flat = minimiseInBox(
    (x) => ({ value: 1, gradient: new Float64Array(x.length) }),
    Float64Array.of(0.5),
    ...box(1, 0, 1),
    9,
  );
  expect([...flat.point]).toEqual([0.5]);
  expect(flat.evaluations).toBe(1);
});
