/**
 * Max-value entropy search in closed form: what a value at a point is expected to tell about the minimum's value.
 * Source: Z. Wang and S. Jegelka, "Max-value Entropy Search for Efficient Bayesian Optimization" (ICML 2017), equation 6 and
 * section 3.1, turned to minimisation.
 * Invariant: logarithms throughout, so what is tiny still has an order and a slope.
 */
import { fastNormalCdf, logSqrt2Pi, normalPdf } from "../../core/normal.ts";
import { quantile } from "../../core/stats.ts";
import type { AcquisitionValue } from "../gp/acquisition.ts";

/** Terms of the continued fractions; from |z| = 3 on they are good to 1e-13. */
const terms = 60;

/**
 * log g(z) and its derivative, g(z) = z h(z) / 2 - log cdf(z) with h = pdf / cdf: the entropy a normal value loses by not
 * falling below a bound, z standard deviations below its mean.
 */
export function logInformation(z: number): { readonly value: number; readonly slope: number } {
  if (z < -3) {
    // h = x + c; the squares of z cancel on paper instead of in doubles.
    const x = -z;
    let d = 0;
    for (let k = terms; k >= 2; k--) d = k / (x + d);
    const c = 1 / (x + d);
    const g = -0.5 * x * c + logSqrt2Pi + Math.log(x + c);
    return { value: Math.log(g), slope: (-0.5 * (x + c) * d * c) / g };
  }
  if (z > 3) {
    let c = 0;
    for (let k = terms; k >= 1; k--) c = k / (z + c);
    const mills = 1 / (z + c);
    const density = normalPdf(z);
    const above = density * mills;
    const below = 1 - above;
    const g = z / (2 * below) + mills * (1 + above * (1 / 2 + above * (1 / 3 + above / 4)));
    const slope = -(1 + z * (z + density / below)) / (2 * below * g);
    return { value: -0.5 * z * z - logSqrt2Pi + Math.log(g), slope };
  }
  const below = fastNormalCdf(z);
  const h = normalPdf(z) / below;
  const g = 0.5 * z * h - Math.log(below);
  return { value: Math.log(g), slope: (-0.5 * h * (1 + z * (z + h))) / g };
}

/**
 * Logarithm of the mean over samples of the minimum's value of the information (nats) that the value of a point carries, and its
 * derivatives. @param minima at least one
 */
export function logEntropyGain(mean: number, variance: number, minima: Float64Array): AcquisitionValue {
  const deviation = Math.sqrt(variance);
  const parts = Array.from(minima, (minimum) => logInformation((mean - minimum) / deviation));
  const largest = parts.reduce((most, { value }) => Math.max(most, value), -Infinity);
  let total = 0;
  let byMean = 0;
  let byVariance = 0;
  parts.forEach(({ value, slope }, k) => {
    const share = Math.exp(value - largest);
    total += share;
    byMean += (share * slope) / deviation;
    byVariance -= (share * slope * (mean - minima[k]!)) / (2 * variance * deviation);
  });
  return {
    value: largest + Math.log(total / parts.length),
    byMean: byMean / total,
    byVariance: byVariance / total,
  };
}

/** A Gumbel distribution of minima: P(minimum > y) = exp(-exp((y - mode) / spread)). */
export interface GumbelMinimum {
  readonly mode: number;
  readonly spread: number;
}

/** The Gumbel distribution with the quartiles of these values, of which there are at least two (section 3.1). O(n log n). */
export function gumbelOfMinima(values: readonly number[]): GumbelMinimum {
  const level = (p: number): number => Math.log(-Math.log(p));
  // P(minimum > y) = p at the quantile 1 - p.
  const [lower, middle, upper] = [0.25, 0.5, 0.75].map((q) => quantile(values, q));
  const spread = Math.max((upper! - lower!) / (level(0.25) - level(0.75)), Number.MIN_VALUE);
  return { mode: middle! - spread * level(0.5), spread };
}

/** The value that the minimum is above with probability `p`, between 0 and 1. */
export function gumbelQuantile({ mode, spread }: GumbelMinimum, p: number): number {
  return mode + spread * Math.log(Math.max(-Math.log(p), Number.EPSILON));
}
