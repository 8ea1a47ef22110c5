/**
 * Quasi-random search: the points of a scrambled Sobol sequence, which fill the space more evenly than random ones.
 * Recommended for start-up phases and for wide, cheap sweeps; source: J. Bergstra and Y. Bengio, "Random Search for
 * Hyper-Parameter Optimization", JMLR 2012, section 4.
 * Invariant: trial n gets the n-th feasible point of the study's sequence, whoever ran the trials before it.
 */
import { z } from "zod";
import { BasinError } from "../../core/errors.ts";
import { setOwn } from "../../core/space/configuration.ts";
import { fromUnit, gridCount, gridValue } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";
import { defineSampler } from "../entry.ts";
import { maxSobolDimensions, sobolSequence } from "./sequence.ts";

/** Points in a row that may break the constraints before uniform draws take over. */
const patience = 20_000;

export const sobolSampler = defineSampler(
  {
    kind: "sobol",
    label: "Sobol sequence",
    summary: "Quasi-random points that cover the space evenly. Better than random draws for wide, cheap sweeps.",
    source:
      "I. M. Sobol (1967), with the direction numbers of S. Joe and F. Y. Kuo, Constructing Sobol Sequences with Better Two-Dimensional Projections (SIAM J. Sci. Comput. 2008), and A. B. Owen’s scrambling (1998)",
    options: z.strictObject({
      scramble: z
        .enum(["owen", "shift", "none"])
        .default("owen")
        .describe(
          "How the sequence is randomised by the seed: `owen` keeps its evenness at every scale, `shift` moves all points alike, `none` is the plain sequence, which begins in the corner of all low ends.",
        ),
    }),
  },
  (context, { scramble }) => {
    const { space, isFeasible, rng } = context;
    const axes = space.filter((parameter) => gridCount(parameter) > 1).map(({ name }) => name);
    if (axes.length > maxSobolDimensions)
      throw new BasinError(
        "invalid-study",
        `The Sobol sequence has at most ${maxSobolDimensions} dimensions; this space has ${axes.length}.`,
        "Use the random sampler, or search fewer parameters.",
      );
    const sequence = sobolSequence(Math.max(1, axes.length), scramble, rng);
    const feasible = feasibleSampler(space, isFeasible);
    const paramsAt = (index: number): Params => decode(space, axes, sequence.point(index));
    /** Index of the feasible point of each trial number so far. */
    const places: number[] = [];

    /** The point of trial `number`: that of the trial before it, and on to the next feasible one. */
    const placeOf = (number: number): number | undefined => {
      while (places.length <= number) {
        let index = (places.at(-1) ?? -1) + 1;
        const last = index + patience;
        while (index < last && !isFeasible(paramsAt(index))) index++;
        if (index === last) return undefined;
        places.push(index);
      }
      return places[number];
    };

    return {
      suggest: ({ number, rng: own }) => {
        const index = placeOf(number);
        if (index !== undefined) return { params: paramsAt(index), reason: `Sobol point ${index}` };
        return { params: feasible.draw(own), reason: "uniform draw: hardly a Sobol point satisfies the constraints" };
      },
    };
  },
);

/** The configuration at a point whose coordinates belong to the parameters named in `axes`; inactive ones are left out. */
function decode(space: Space, axes: readonly string[], point: Float64Array): Params {
  const params: Record<string, ParamValue> = {};
  let axis = 0;
  for (const parameter of space) {
    const unit = axes[axis] === parameter.name ? point[axis++] : undefined;
    if (!isActive(parameter, params)) continue;
    setOwn(params, parameter.name, unit === undefined ? gridValue(parameter, 0) : fromUnit(parameter, unit));
  }
  return params;
}
