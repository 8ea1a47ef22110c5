/** The network's slopes against finite differences, the regression against dense formulas; the sampler on functions. */
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { spaces } from "../../../test/contract/spaces.ts";
import { featuresOf } from "../gp/features.ts";
import { searcher } from "../testing/search.ts";
import { dngoSampler } from "./dngo.ts";
import { fitEvidence, regressionWith, type Design } from "./evidence.ts";
import { inputsOf } from "./inputs.ts";
import { createNetwork, train, width } from "./network.ts";

describe("network", () => {
  const rng = rngForKey("network");
  const network = createNetwork(3, rng);
  const inputs = Array.from({ length: 5 }, () => Float64Array.from({ length: 3 }, () => 2 * rng.next() - 1));
  const targets = inputs.map(() => rng.normal());
  const loss = (): number => {
    const value = network.addSlopes(inputs, targets);
    for (const { slopes } of network.tensors) slopes.fill(0);
    return value;
  };

  it("has the slopes of its loss, in every tensor", () => {
    for (const { slopes } of network.tensors) slopes.fill(0);
    network.addSlopes(inputs, targets);
    const slopes = network.tensors.map((tensor) => tensor.slopes.slice());
    const h = 1e-5;
    network.tensors.forEach(({ values }, k) => {
      for (const at of [0, values.length >> 1, values.length - 1]) {
        const own = values[at]!;
        values[at] = own + h;
        const above = loss();
        values[at] = own - h;
        const below = loss();
        values[at] = own;
        expect(slopes[k]![at]).toBeCloseTo((above - below) / (2 * h), 8);
      }
    });
  });

  it("pulls slopes by its features back to its input", () => {
    const cotangent = Float64Array.from({ length: width }, () => rng.normal());
    const at = (x: Float64Array): number =>
      network.features([x])[0]!.reduce((sum, value, i) => sum + value * cotangent[i]!, 0);
    const point = inputs[0]!;
    network.pullBack(point, cotangent).forEach((slope, k) => {
      const moved = (step: number): Float64Array => point.map((x, i) => (i === k ? x + step : x));
      expect(slope).toBeCloseTo((at(moved(1e-5)) - at(moved(-1e-5))) / 2e-5, 7);
    });
  });

  it("learns a function, the same one from the same stream", () => {
    const taught = (): { readonly before: number; readonly after: number; readonly first: number } => {
      const own = rngForKey("taught");
      const net = createNetwork(2, own);
      const points = Array.from({ length: 40 }, () => Float64Array.of(2 * own.next() - 1, 2 * own.next() - 1));
      const values = Float64Array.from(points, ([x, y]) => Math.sin(3 * x!) * y!);
      const before = net.addSlopes(points, [...values]);
      for (const { slopes } of net.tensors) slopes.fill(0);
      train(net, points, values, { steps: 200, batch: 16, rate: 0.01, decay: 1e-4 }, own);
      return { before, after: net.addSlopes(points, [...values]), first: net.tensors[0]!.values[0]! };
    };
    const { before, after, first } = taught();
    expect(after).toBeLessThan(0.15 * before);
    expect(taught().first).toBe(first);
  });
});

describe("inputs", () => {
  it("give categories a place each and what is inactive its mark", () => {
    const space: Space = [
      { name: "model", type: "categorical", choices: ["svm", "net"] },
      { name: "c", type: "float", low: 0, high: 1, log: false, when: { model: ["svm"] } },
      { name: "x", type: "float", low: 0, high: 4, log: false },
    ];
    const features = featuresOf(space);
    const inputs = inputsOf(features);
    expect([...inputs.of(features.encode({ model: "svm", c: 0.25, x: 4 }))]).toEqual([1, 0, -0.5, 0, 1]);
    expect([...inputs.of(features.encode({ model: "net", x: 1 }))]).toEqual([0, 1, 0, 1, -0.5]);
    const byInputs = Float64Array.of(1, 2, 3, 4, 5);
    expect([...inputs.pullBack(features.encode({ model: "net", x: 1 }), byInputs)]).toEqual([0, 0, 10]);
  });
});

describe("regression", () => {
  // Computed with NumPy from Bishop's (3.53), (3.54), (3.86): rows [1, x, x^2], alpha 0.5, beta 8.
  const xs = [-1, -0.5, 0, 0.25, 0.75, 1];
  const design: Design = {
    rows: xs.map((x) => Float64Array.of(1, x, x * x)),
    values: Float64Array.of(0.9, 0.1, -0.2, 0, 0.7, 1.3),
  };
  it("has the posterior and the evidence of the dense formulas", () => {
    const regression = regressionWith(design, { alpha: 0.5, beta: 8 });
    const weights = [-0.113457115774, 0.191670837632, 1.1798255115];
    weights.forEach((weight, i) => expect(regression.weights[i]).toBeCloseTo(weight, 8));
    const { mean, variance } = regression.predict(Float64Array.of(1, 0.4, 0.16));
    expect(mean).toBeCloseTo(0.151983301119, 8);
    expect(variance).toBeCloseTo(0.03700768155, 8);
    expect(regression.logEvidence).toBeCloseTo(-5.306617482202, 8);
    expect(regression.determined).toBeCloseTo(2.89715446304, 8);
    expect(regression.errors).toBeCloseTo(0.010199978954, 8);
    const slope = regression.varianceSlope(Float64Array.of(1, 0.4, 0.16));
    const h = 1e-5;
    const at = (x: number): number => regression.predict(Float64Array.of(1, x, 0.16)).variance;
    expect(slope[1]).toBeCloseTo((at(0.4 + h) - at(0.4 - h)) / (2 * h), 7);
  });

  it("maximises its evidence", () => {
    const rng = rngForKey("evidence");
    const weights = Array.from({ length: 8 }, () => rng.normal());
    const rows = Array.from({ length: 60 }, () => Float64Array.from({ length: 8 }, () => rng.normal()));
    const values = Float64Array.from(rows, (row) =>
      row.reduce((sum, x, i) => sum + x * weights[i]!, 0.1 * rng.normal()),
    );
    const found = fitEvidence({ rows, values });
    for (const [a, b] of [
      [1.1, 1],
      [0.9, 1],
      [1, 1.1],
      [1, 0.9],
    ] as const) {
      const other = regressionWith({ rows, values }, { alpha: a * found.alpha, beta: b * found.beta });
      expect(other.logEvidence).toBeLessThan(found.logEvidence);
    }
    // The noise's deviation is 0.1.
    expect(found.beta).toBeGreaterThan(50);
    expect(found.beta).toBeLessThan(200);
  });

  it("believes a row: the same mean, and less doubt", () => {
    const regression = fitEvidence(design);
    const row = Float64Array.of(1, 3, 9);
    const believed = regression.believing(row);
    expect(believed.predict(row).mean).toBeCloseTo(regression.predict(row).mean, 12);
    expect(believed.predict(row).variance).toBeLessThan(0.5 * regression.predict(row).variance);
    // The variance is that of the data with the row among them.
    const whole = regressionWith(
      { rows: [...design.rows, row], values: Float64Array.from([...design.values, 0]) },
      regression,
    );
    expect(believed.predict(design.rows[1]!).variance).toBeCloseTo(whole.predict(design.rows[1]!).variance, 8);
  });

  it("stays finite for one row and for equal values", () => {
    for (const values of [Float64Array.of(0), new Float64Array(4)]) {
      const rows = Array.from(values, (_, i) => Float64Array.of(1, i));
      const { mean, variance } = fitEvidence({ rows, values }).predict(Float64Array.of(1, 0.5));
      expect(mean).toBeCloseTo(0, 9);
      expect(variance).toBeGreaterThan(0);
    }
  });
});

describe("sampler", () => {
  it("finds a bowl far better than chance, and says so", async () => {
    const space: Space = [0, 1, 2, 3].map((i) => ({ name: `x${i}`, type: "float", low: 0, high: 1, log: false }));
    const bowl = (params: Params): number =>
      space.reduce((sum, { name }) => sum + (Number(params[name]) - 0.3) ** 2, 0);
    const { history, reasons } = await searcher(dngoSampler, { startupTrials: 10 }, 3).walk(space, bowl, 40);
    for (const reason of reasons.slice(10)) expect(reason).toContain("network");
    // Random trials lie at 0.49 on average, their mean over twenty within 0.045 of it.
    const late = history.slice(20).map(({ values }) => values[0]!);
    expect(late.reduce((sum, value) => sum + value, 0) / late.length).toBeLessThan(0.27);
  });

  it("takes a thousand trials of a conditional space", async () => {
    const space = spaces["conditional"]!;
    const rng = rngForKey("thousand");
    const history = Array.from({ length: 1000 }, (_, number): FinishedTrial => {
      const params = uniformParams(space, rng);
      return { number, state: "complete", params, values: [params["model"] === "svm" ? 1 : 2 + rng.next()] };
    });
    const { create, ask } = searcher(dngoSampler, { steps: 100 }, 3);
    const { params } = await ask(create(space), history);
    expect(params["model"]).toBe("svm");
  });
});
