/** The warped posterior's gradient against differences; the warp it finds where the objective changes unevenly. */
import { expect, it } from "vitest";
import { spaces } from "../../../test/contract/spaces.ts";
import { rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import { featuresOf } from "../gp/features.ts";
import { standardised } from "../gp/values.ts";
import { fitWarped, warpedPosterior } from "./fit.ts";
import { kumaraswamy } from "./warp.ts";

it("has the gradient of its posterior, on conditional spaces too", () => {
  for (const label of ["floats", "conditional"]) {
    const features = featuresOf(spaces[label]!);
    const rng = rngForKey(`warped ${label}`);
    const points = Array.from({ length: 12 }, () => features.encode(uniformParams(spaces[label]!, rng)));
    const y = Float64Array.from(points, () => rng.normal());
    const theta = Float64Array.from({ length: 3 * features.dimension + 2 }, () => rng.next() - 0.5);
    theta[features.dimension + 1] = Math.log(0.05);
    const { gradient } = warpedPosterior(theta, features, points, y);
    theta.forEach((_, at) => {
      const h = 1e-5;
      const shifted = (step: number): number =>
        warpedPosterior(
          theta.map((x, i) => (i === at ? x + step : x)),
          features,
          points,
          y,
        ).value;
      const isCategory = at >= features.dimension + 2 && features.numeric[(at - 2) % features.dimension] !== true;
      expect(gradient[at]).toBeCloseTo(isCategory ? 0 : (shifted(h) - shifted(-h)) / (2 * h), 5);
    });
  }
});

it("stretches the end of a range where everything happens", () => {
  const features = featuresOf([{ name: "x", type: "float", low: 0, high: 1, log: false }]);
  const points = Array.from({ length: 40 }, (_, i) => Float64Array.of((i + 0.5) / 40));
  const y = standardised(Float64Array.from(points, ([x]) => Math.sin(12 * x! ** 0.25)));
  const { warp } = fitWarped(features, points, y, 30);
  const at = (x: number): number => kumaraswamy(x, warp.a[0]!, warp.b[0]!);
  expect(at(0.1)).toBeGreaterThan(0.2);
  expect(at(1) - at(0.5)).toBeLessThan(0.4);
});
