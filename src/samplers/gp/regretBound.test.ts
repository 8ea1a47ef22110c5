import { expect, it } from "vitest";
import { rngFor } from "../../core/rng.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import { regretBound } from "./regretBound.ts";

const space: Space = [
  { name: "x", type: "float", low: 0, high: 1, log: false },
  { name: "y", type: "float", low: 0, high: 1, log: false },
];
const bowl = ({ x, y }: Params): number => 3 * ((Number(x) - 0.3) ** 2 + (Number(y) - 0.6) ** 2);

function trialsOf(seed: number, count: number, scale = 1): { params: Params; loss: number }[] {
  const rng = rngFor(seed, count, "regret bound test");
  return Array.from({ length: count }, () => {
    const params = { x: rng.next(), y: rng.next() };
    return { params, loss: scale * bowl(params) };
  });
}

const boundOf = (trials: ReturnType<typeof trialsOf>, seed = 0): number =>
  regretBound(space, () => true, trials, rngFor(seed, 1, "bound")).regret;

it("bounds what is really left to gain, and falls as more is known", () => {
  let above = 0;
  const means = [8, 20, 60].map((count) => {
    let sum = 0;
    for (let seed = 0; seed < 10; seed++) {
      const trials = trialsOf(seed, count);
      const bound = boundOf(trials, seed);
      if (bound >= Math.min(...trials.map(({ loss }) => loss))) above += 1;
      sum += bound / 10;
    }
    return sum;
  });
  // One bound in ten may fail.
  expect(above).toBeGreaterThanOrEqual(27);
  expect(means[1]).toBeLessThan(means[0]!);
  expect(means[2]).toBeLessThan(means[1]!);
  expect(means[2]).toBeLessThan(0.1);
});

it("is in the objective's unit, and says nothing where nothing can be said", () => {
  const trials = trialsOf(1, 20);
  expect(boundOf(trialsOf(1, 20, 1000))).toBeCloseTo(1000 * boundOf(trials), 4);
  expect(boundOf(trials.map(({ params }) => ({ params, loss: 1 })))).toBe(Number.POSITIVE_INFINITY);
  expect(boundOf([])).toBe(Number.POSITIVE_INFINITY);
});

it("looks only where the constraints allow", () => {
  const trials = trialsOf(2, 40).filter(({ params }) => Number(params["x"]) > 0.8);
  const isFeasible = ({ x }: Params): boolean => Number(x) > 0.8;
  const within = regretBound(space, isFeasible, trials, rngFor(0, 1, "bound"));
  const everywhere = regretBound(space, () => true, trials, rngFor(0, 1, "bound"));
  expect(within.regret).toBeLessThan(everywhere.regret);
  expect(within.looked).toBeGreaterThan(4096);
});
