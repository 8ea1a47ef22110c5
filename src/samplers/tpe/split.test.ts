import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { frontRanks } from "../ranking.ts";
import { createSplit } from "./split.ts";

const minimize = [{ metric: "loss", direction: "minimize" }] as const;

function complete(number: number, ...values: number[]): FinishedTrial {
  return { number, state: "complete", params: {}, values };
}

function goodOf(
  trials: readonly FinishedTrial[],
  objectives: readonly { metric: string; direction: "minimize" | "maximize" }[] = minimize,
): number[] {
  const split = createSplit(objectives);
  for (const trial of trials) split.add(trial);
  return split.good();
}

describe("the good trials", () => {
  it.each([
    [1, 1],
    [10, 1],
    [11, 2],
    [100, 10],
    [250, 25],
    [1000, 25],
  ])("of %i are the best %i", (n, expected) => {
    const good = goodOf(Array.from({ length: n }, (_, number) => complete(number, (number * 7919) % 1009)));
    expect(good).toHaveLength(expected);
    const losses = Array.from({ length: n }, (_, number) => (number * 7919) % 1009).sort((a, b) => a - b);
    expect(good.map((number) => (number * 7919) % 1009)).toEqual(losses.slice(0, expected));
  });
  it("are the largest when maximising, the earlier at equal values", () => {
    const trials = Array.from({ length: 20 }, (_, number) => complete(number, number % 5));
    expect(goodOf(trials, [{ metric: "m", direction: "maximize" }])).toEqual([4, 9]);
  });
  it("put complete before pruned, and pruned by later step, then value", () => {
    const pruned = (number: number, step?: number, value = 0): FinishedTrial => ({
      number,
      state: "pruned",
      params: {},
      values: [],
      ...(step === undefined ? {} : { last: { step, value } }),
    });
    const trials = [
      pruned(0),
      pruned(1, 2, 0.1),
      pruned(2, 5, 0.9),
      pruned(3, 5, 0.3),
      pruned(4, 5, Number.NaN),
      complete(5, Infinity),
      complete(6, 3),
      ...Array.from({ length: 50 }, (_, k) => ({ ...pruned(7 + k, 1, 5) })),
    ];
    expect(goodOf(trials)).toEqual([6, 5, 3, 2, 4, 1]);
  });
  it("leave failures and NaN out of the count, and rank infinities of either sign last", () => {
    const split = createSplit(minimize);
    expect(split.add({ number: 0, state: "failed", params: {}, values: [] })).toBe(false);
    expect(split.add(complete(1, Number.NaN))).toBe(false);
    expect(split.add(complete(2, -Infinity))).toBe(true);
    expect(split.add(complete(3, 5))).toBe(true);
    expect(split.count).toBe(2);
    expect(split.good()).toEqual([3]);
  });
});

describe("several objectives", () => {
  const two = [
    { metric: "a", direction: "minimize" },
    { metric: "b", direction: "minimize" },
  ] as const;
  it("take whole fronts, then of the next those that cover most", () => {
    const front = [complete(0, 1, 5), complete(1, 2, 3), complete(2, 4, 1), complete(3, 3, 4), complete(4, 5, 5)];
    const filler = (count: number): FinishedTrial[] =>
      Array.from({ length: count }, (_, k) => complete(5 + k, 10 + k, 10 + k));
    expect(goodOf([...front, ...filler(25)], two).toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
    // Reference (4.4, 5.5): the knee covers 6, then the right end adds 0.8 and the left one 0.5.
    expect(goodOf([...front, ...filler(15)], two)).toEqual([1, 2]);
    expect(goodOf([...front, ...filler(5)], two)).toEqual([1]);
    expect(goodOf([...front, ...filler(35)], two).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
    expect(goodOf([...front, ...filler(45)], two).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  });
  it("may weigh by the share of the hypervolume", () => {
    const split = createSplit(two);
    for (const trial of [complete(0, 1, 5), complete(1, 2, 3), complete(2, 4, 1)]) split.add(trial);
    const weights = split.weights([0, 1, 2])!;
    // Alone they cover 0.5, 2 x 2 and 0.8 of the reference's box.
    expect([0, 1, 2].map((number) => weights.get(number)!)).toEqual([
      expect.closeTo(0.125, 9),
      1,
      expect.closeTo(0.2, 9),
    ]);
    expect(createSplit(minimize).weights([0])).toBeUndefined();
  });
  it("are the same whether dominated trials were forgotten or not", () => {
    const rng = rngForKey("fronts");
    const trials = Array.from({ length: 900 }, (_, k) => complete(k, rng.next(), rng.next()));
    const good = goodOf(trials, two);
    expect(good).toHaveLength(90);
    const ranks = frontRanks(trials.map(({ values }) => values));
    const chosen = new Set(good);
    const worst = Math.max(...good.map((number) => ranks[number]!));
    for (const { number } of trials) if (ranks[number]! < worst) expect(chosen.has(number)).toBe(true);
  });
  it("rank infinite losses last, and still fill up", () => {
    const trials = Array.from({ length: 30 }, (_, k) => complete(k, k < 2 ? k : Infinity, k < 2 ? -k : 0));
    expect(
      goodOf(trials, two)
        .slice(0, 2)
        .toSorted((a, b) => a - b),
    ).toEqual([0, 1]);
    expect(goodOf(trials, two)).toHaveLength(3);
  });
});
