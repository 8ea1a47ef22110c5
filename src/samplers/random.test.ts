/** Random search against the laws it should draw from: chi-square tests over many trials of one seed. */
import { expect, it } from "vitest";
import { rngFor } from "../core/rng.ts";
import type { Params, Space } from "../core/space/parameter.ts";
import { randomSampler } from "./random.ts";
import { samplerStream } from "./sampler.ts";

const space: Space = [
  { name: "x", type: "float", low: -2, high: 6, log: false },
  { name: "rate", type: "float", low: 1e-5, high: 1, log: true },
  { name: "count", type: "int", low: 3, high: 12, log: false },
  { name: "step", type: "float", low: 0, high: 1, log: false, step: 0.25 },
  { name: "kind", type: "categorical", choices: ["a", "b", "c"] },
];
const trials = 6000;
const seed = 20;

async function drawn(): Promise<Params[]> {
  const sampler = randomSampler.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel: 1,
      rng: samplerStream(seed),
    },
    {},
  );
  const all: Params[] = [];
  for (let number = 0; number < trials; number++) {
    const { params } = await sampler.suggest({
      history: [],
      pending: [],
      number,
      rng: rngFor(seed, number, "suggest"),
    });
    all.push(params);
  }
  return all;
}

/** Pearson's statistic of counts that should all be equal. */
function chiSquare(bins: readonly number[], of: number): number {
  const counts = Array.from({ length: of }, () => 0);
  for (const bin of bins) counts[bin]! += 1;
  const expected = bins.length / of;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

it("draws every value as often as any other: bins, decades, whole numbers with both ends, grid values, categories", async () => {
  const all = await drawn();
  const bins = (of: (params: Params) => number): number[] => all.map(of);
  // The 99.99 % points of chi-square with one degree of freedom less than there are bins.
  expect(
    chiSquare(
      bins((p) => Math.floor((Number(p["x"]) + 2) * 2.5)),
      20,
    ),
  ).toBeLessThan(50.8);
  expect(
    chiSquare(
      bins((p) => Math.floor(Math.log10(Number(p["rate"])) + 5)),
      5,
    ),
  ).toBeLessThan(23.5);
  expect(
    chiSquare(
      bins((p) => Number(p["count"]) - 3),
      10,
    ),
  ).toBeLessThan(33.7);
  expect(
    chiSquare(
      bins((p) => Number(p["step"]) * 4),
      5,
    ),
  ).toBeLessThan(23.5);
  expect(
    chiSquare(
      bins((p) => ["a", "b", "c"].indexOf(String(p["kind"]))),
      3,
    ),
  ).toBeLessThan(18.4);
});

it("draws parameters and neighbouring trials independently of each other", async () => {
  const all = await drawn();
  const cell = (a: number, b: number): number => Math.floor(a * 5) * 5 + Math.floor(b * 5);
  const x = all.map((params) => (Number(params["x"]) + 2) / 8);
  const rate = all.map((params) => Math.log10(Number(params["rate"])) / 5 + 1);
  // 99.99 % with 24 degrees of freedom.
  expect(
    chiSquare(
      x.map((value, i) => cell(value, rate[i]!)),
      25,
    ),
  ).toBeLessThan(58.6);
  expect(
    chiSquare(
      x.slice(1).map((value, i) => cell(value, x[i]!)),
      25,
    ),
  ).toBeLessThan(58.6);
});
