import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { edges, gridCount, gridIndex, toUnit } from "../../core/space/domain.ts";
import type { CategoricalParameter, FloatParameter, IntParameter, Params, Prior } from "../../core/space/parameter.ts";
import { logPrior } from "../../core/space/prior.ts";
import type { Group } from "./groups.ts";
import { dimensionsOf, Observations } from "./observations.ts";
import { ageWeight, Candidates, Mixture, shapeOf, type Bandwidth } from "./parzen.ts";
import oracle from "../../../test/fixtures/oracles/tpe.json" with { type: "json" };

const x: FloatParameter = { name: "x", type: "float", low: 0, high: 1, log: false };
const logX: FloatParameter = { name: "x", type: "float", low: 1e-5, high: 1, log: true };
const i: IntParameter = { name: "i", type: "int", low: 1, high: 10, log: false };
const c: CategoricalParameter = { name: "c", type: "categorical", choices: ["a", "b", "c"] };

function mixtureOf(group: Group, params: readonly Params[], bandwidth: Bandwidth = "neighbours", beliefs = false) {
  const shape = shapeOf(dimensionsOf(group));
  const observations = new Observations(shape.dimensions);
  params.forEach((p, number) => observations.add(number, p));
  observations.index();
  const mixture = new Mixture(shape, bandwidth, beliefs);
  const rows = Int32Array.from(params.keys());
  mixture.take(observations, rows, params.length);
  /** Density in the parameters' own units (log units for log ranges). */
  const density = (...points: Params[]): number[] => {
    const at = new Candidates(points.length, shape);
    let volume = 1;
    points.forEach((point, k) => {
      shape.continuous.forEach((p, d) => (at.x[k * shape.continuous.length + d] = toUnit(p, point[p.name]!)));
      shape.discrete.forEach((p, d) => (at.grid[k * shape.discrete.length + d] = gridIndex(p, point[p.name]!)));
      shape.categorical.forEach(
        (p, d) => (at.categories[k * shape.categorical.length + d] = gridIndex(p, point[p.name]!)),
      );
    });
    for (const p of shape.continuous) volume *= p.log ? Math.log(p.high / p.low) : p.high - p.low;
    return Array.from(mixture.logDensity(at), (log) => Math.exp(log) / volume);
  };
  return { mixture, density };
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, k) =>
    expect(Math.abs(value / expected[k]! - 1), `entry ${k}: ${value}`).toBeLessThan(tolerance),
  );
}

describe("Parzen estimator against Optuna's own numbers", () => {
  const floats = [0.1, 0.4, 0.45, 0.9].map((value) => ({ x: value }));
  const logs = [1e-4, 1e-3, 1e-2].map((value) => ({ x: value }));
  const ints = [2, 3, 8].map((value) => ({ i: value }));
  const joint = [
    { x: 0.2, c: "a" },
    { x: 0.8, c: "b" },
  ];

  for (const [bandwidth, version] of [
    ["neighbours", "False"],
    ["scott", "True"],
  ] as const) {
    const short = `mv=${version}` as const;
    it(`float, ${bandwidth}`, () => {
      const expected = oracle[`float[0,1] obs=[.1,.4,.45,.9] multivariate=${version}`];
      const { mixture, density } = mixtureOf([x], floats, bandwidth);
      expectClose(mixture.sigmas(0), expected.sigma, 1e-12);
      expectClose(density({ x: 0 }, { x: 0.42 }, { x: 0.7 }, { x: 1 }), expected["pdf@0,.42,.7,1"], 1e-10);
    });
    it(`log float, ${bandwidth}`, () => {
      const expected = oracle[`log[1e-5,1] obs=[1e-4,1e-3,1e-2] ${short}`];
      const { mixture, density } = mixtureOf([logX], logs, bandwidth);
      const range = Math.log(1e5);
      expectClose(
        mixture.sigmas(0).map((sigma) => sigma * range),
        expected["sigma(log)"],
        1e-12,
      );
      expectClose(density({ x: 1e-4 }, { x: 1e-1 }), expected["pdf@1e-4,1e-1"], 1e-10);
    });
    it(`int, ${bandwidth}`, () => {
      const expected = oracle[`int[1,10] obs=[2,3,8] ${short}`];
      const { mixture, density } = mixtureOf([i], ints, bandwidth);
      expectClose(
        mixture.sigmas(0).map((sigma) => sigma * 10),
        expected.sigma,
        1e-12,
      );
      const values = Array.from({ length: 10 }, (_, k) => ({ i: k + 1 }));
      expectClose(density(...values), expected["pmf 1..10"], 1e-7);
    });
    it(`float and category together, ${bandwidth}`, () => {
      const expected = oracle[`joint x,c obs=[(.2,a),(.8,b)] ${short}`];
      const { density } = mixtureOf([x, c], joint, bandwidth);
      expectClose(density({ x: 0.25, c: "a" }, { x: 0.25, c: "b" }), expected["pdf@(.25,a),(.25,b)"], 1e-10);
    });
  }
  it("categories alone", () => {
    const three: CategoricalParameter = { name: "c", type: "categorical", choices: [0, 1, 2] };
    const { density } = mixtureOf([three], [{ c: 0 }, { c: 0 }, { c: 2 }]);
    expectClose(density({ c: 0 }, { c: 1 }, { c: 2 }), oracle["cat3 obs=[0,0,2]"], 1e-12);
  });
  it("weights old trials less", () => {
    expect(Array.from({ length: 24 }, (_, k) => ageWeight(k, 24))).toEqual(Array.from({ length: 24 }, () => 1));
    expectClose(
      Array.from({ length: 6 }, (_, k) => ageWeight(k, 30)),
      [1 / 30, 0.275, 0.5166666666666667, 0.7583333333333333, 1, 1],
      1e-12,
    );
    expect(ageWeight(0, 26)).toBeCloseTo(1 / 26, 12);
  });
});

describe("Parzen estimator", () => {
  it("integrates to one, whatever the kinds of dimensions", () => {
    const wide: IntParameter = { name: "w", type: "int", low: 1, high: 400, log: false };
    const logInt: IntParameter = { name: "l", type: "int", low: 1, high: 300, log: true };
    const stepped: FloatParameter = { name: "s", type: "float", low: 0, high: 1, log: false, step: 0.05 };
    for (const parameter of [wide, logInt, stepped]) {
      const rng = rngForKey(parameter.name);
      const value = (index: number): number => parameter.low + index * (parameter.step ?? 1);
      const count = gridCount(parameter);
      const seen = Array.from({ length: 60 }, () => ({ [parameter.name]: value(rng.int(count)) }));
      const { density } = mixtureOf([parameter], seen);
      const all = density(...Array.from({ length: count }, (_, k) => ({ [parameter.name]: value(k) })));
      expect(all.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      expect(edges(parameter).low).toBeLessThan(parameter.low);
    }
  });

  it("is the prior when there is nothing to go by", () => {
    const { density } = mixtureOf([x, c], []);
    // A normal of the range's width in the middle, cut off at the ends.
    expect(density({ x: 0.5, c: "a" })[0]).toBeCloseTo(0.3989422804 / 3 / 0.3829249225, 9);
  });

  it("has the users' beliefs for its prior where it is told so", () => {
    const prior = (value: number | string): { prior: Prior } => ({ prior: { value, confidence: "medium" } });
    const group: Group = [
      { ...x, ...prior(0.3) },
      { ...i, ...prior(4) },
      { ...c, ...prior("b") },
    ];
    const { density } = mixtureOf(group, [], "neighbours", true);
    for (const point of [
      { x: 0.3, i: 4, c: "b" },
      { x: 0.9, i: 9, c: "a" },
    ])
      expect(density(point)[0]! * 30).toBeCloseTo(Math.exp(logPrior(group, point)), 6);
    const plain = mixtureOf(group, []).density;
    expect(plain({ x: 0.5, i: 5, c: "a" })[0]).toBeCloseTo(plain({ x: 0.5, i: 6, c: "b" })[0]!, 9);
    const { mixture } = mixtureOf(group, [], "neighbours", true);
    const drawn = mixture.sample(rngForKey("beliefs"), 3000).categories;
    expect(drawn.filter((index) => index === 1).length / 3000).toBeCloseTo(4 / 6, 1);
  });

  it("keeps kernels on a grid wide enough to know the next value", () => {
    const four: IntParameter = { name: "i", type: "int", low: 1, high: 4, log: false };
    const seen = Array.from({ length: 40 }, () => ({ i: 2 }));
    expect(mixtureOf([four], seen).mixture.sigmas(0).slice(0, 3)).toEqual([0.125, 0.125, 0.125]);
  });

  it("gives categories alone the mass they have beside a number that says nothing", () => {
    const rng = rngForKey("categories");
    const seen = Array.from({ length: 40 }, () => ({ c: rng.choice(["a", "b", "c"]), e: rng.choice(["u", "v"]) }));
    const e: CategoricalParameter = { name: "e", type: "categorical", choices: ["u", "v"] };
    const alone = mixtureOf([c, e], seen).density;
    const flat: IntParameter = { name: "i", type: "int", low: 1, high: 2, log: false };
    const beside = mixtureOf(
      [c, e, flat],
      seen.map((params) => ({ ...params, i: 1 })),
    ).density;
    for (const at of [...seen.slice(0, 5), { c: "c", e: "v" }]) {
      const [one, two] = beside({ ...at, i: 1 }, { ...at, i: 2 });
      expect(alone(at)[0]).toBeCloseTo(one! + two!, 6);
    }
  });

  it("draws what its density says", () => {
    const { mixture, density } = mixtureOf(
      [i, c],
      [
        { i: 2, c: "a" },
        { i: 3, c: "a" },
        { i: 8, c: "b" },
      ],
    );
    const n = 40_000;
    const drawn = mixture.sample(rngForKey("draws"), n);
    const counts = new Map<string, number>();
    for (let k = 0; k < n; k++) {
      const key = `${drawn.grid[k]! + 1} ${drawn.categories[k]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    let chi2 = 0;
    for (let value = 1; value <= 10; value++) {
      for (const [code, choice] of ["a", "b", "c"].entries()) {
        const expected = density({ i: value, c: choice })[0]! * n;
        chi2 += ((counts.get(`${value} ${code}`) ?? 0) - expected) ** 2 / expected;
      }
    }
    expect(chi2).toBeLessThan(58.3); // 99.9% point of chi-square with 29 degrees of freedom
  });
});
