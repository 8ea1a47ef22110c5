/** One move by hand; walls, limits, categories; what the sampler promises on a known function and in parallel. */
import { describe, expect, it } from "vitest";
import { rngFor, rngForKey, type Rng } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { samplerStream } from "../sampler.ts";
import { psoSampler } from "./pso.ts";
import { constriction, moved } from "./swarm.ts";

/** A stream that says what it is told. */
const saying = (...draws: number[]): Rng => ({ ...rngForKey("unused"), next: () => draws.shift()! });
const numeric = (): boolean => false;
const at = (...x: number[]): Float64Array => Float64Array.from(x);

describe("a move", () => {
  it("has the published constants", () => {
    const chi = 2 / Math.abs(2 - 4.1 - Math.sqrt(4.1 ** 2 - 4 * 4.1));
    expect(constriction.inertia).toBeCloseTo(chi, 4);
    expect(constriction.own).toBeCloseTo(2.05 * chi, 4);
    expect(constriction.swarm).toBe(constriction.own);
  });

  it("is inertia and two pulls", () => {
    const next = moved(
      { position: at(0.5), velocity: at(0.1) },
      at(0.4),
      at(0.6),
      numeric,
      constriction,
      saying(0.5, 0.25),
    );
    const velocity = 0.7298 * 0.1 + 1.49618 * 0.5 * -0.1 + 1.49618 * 0.25 * 0.1;
    expect(next.velocity[0]).toBeCloseTo(velocity, 12);
    expect(next.position[0]).toBeCloseTo(0.5 + velocity, 12);
  });

  it("is limited, and ends at the wall with no velocity left", () => {
    const far = moved({ position: at(0.3), velocity: at(0) }, at(1), at(1), numeric, constriction, saying(1, 1));
    expect([far.position[0], far.velocity[0]]).toEqual([0.5, 0.2]);
    const wall = moved({ position: at(0.95), velocity: at(0.2) }, at(1), at(1), numeric, constriction, saying(1, 1));
    expect([wall.position[0], wall.velocity[0]]).toEqual([1, 0]);
  });

  it("keeps a category or takes one of the two best, in the proportions of inertia and pulls", () => {
    const rng = rngForKey("categories");
    const counts = new Map<number, number>();
    for (let i = 0; i < 6000; i++) {
      const next = moved({ position: at(0.1), velocity: at(0) }, at(0.5), at(0.9), () => true, constriction, rng);
      counts.set(next.position[0]!, (counts.get(next.position[0]!) ?? 0) + 1);
      expect(next.velocity[0]).toBe(0);
    }
    const total = 0.7298 + 2 * 1.49618;
    // Four standard deviations of a share are 0.025.
    expect(Math.abs(counts.get(0.1)! / 6000 - 0.7298 / total)).toBeLessThan(0.025);
    expect(Math.abs(counts.get(0.5)! / 6000 - 1.49618 / total)).toBeLessThan(0.025);
    expect(Math.abs(counts.get(0.9)! / 6000 - 1.49618 / total)).toBeLessThan(0.025);
  });
});

const floats: Space = Array.from({ length: 5 }, (_, i) => ({
  name: `x${i}`,
  type: "float",
  low: 0,
  high: 1,
  log: false,
}));
const bowl = (params: Params): number =>
  Object.values(params).reduce<number>((sum, x) => sum + (Number(x) - 0.3) ** 2, 0);

async function search(space: Space, f: (params: Params) => number, trials: number, parallel: number, seed: number) {
  const sampler = psoSampler.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel,
      rng: samplerStream(seed),
    },
    {},
  );
  const history: FinishedTrial[] = [];
  const pending: PendingTrial[] = [];
  const reasons: string[] = [];
  for (let number = 0; number < trials; number++) {
    const { params, reason } = await sampler.suggest({
      history,
      pending,
      number,
      rng: rngFor(seed, number, "suggest"),
    });
    reasons.push(reason);
    pending.push({ number, state: "running", params });
    if (pending.length < parallel) continue;
    const done = pending.shift()!;
    history.push({ number: done.number, state: "complete", params: done.params, values: [f(done.params)] });
  }
  return { best: Math.min(...history.map(({ values }) => values[0]!)), reasons };
}

describe("particle swarm", () => {
  it("finds the minimum of a bowl that random search does not come near, one at a time and eight at a time", async () => {
    for (const seed of [1, 2, 3]) {
      const rng = rngForKey(`random ${seed}`);
      const random = Math.min(...Array.from({ length: 400 }, () => bowl(uniformParams(floats, rng))));
      expect((await search(floats, bowl, 400, 1, seed)).best).toBeLessThan(random / 20);
      expect((await search(floats, bowl, 400, 8, seed)).best).toBeLessThan(random / 20);
    }
  });

  it("moves every particle in turn, after as many starts", async () => {
    const { reasons } = await search(floats, bowl, 60, 1, 1);
    expect(reasons[0]).toBe("start of particle 1 of 20");
    expect(reasons[19]).toBe("start of particle 20 of 20");
    reasons
      .slice(20)
      .forEach((reason, i) =>
        expect(reason).toMatch(new RegExp(`^particle ${(i % 20) + 1} of 20, led by trial \\d+$`, "u")),
      );
  });

  it("crosses the values of a coarse integer, though each move is shorter than a step", async () => {
    const coarse: Space = [
      { name: "n", type: "int", low: 0, high: 2, log: false },
      { name: "x", type: "float", low: 0, high: 1, log: false },
    ];
    const f = (params: Params): number => 2 - Number(params["n"]) + (Number(params["x"]) - 0.3) ** 2;
    expect((await search(coarse, f, 150, 1, 1)).best).toBeLessThan(0.001);
  });
});
