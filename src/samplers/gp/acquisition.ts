/**
 * Expected improvement and its logarithm, which stays informative where the improvement itself is too small for a double.
 * Sources: D. R. Jones et al., "Efficient Global Optimization" (1998); S. Ament et al., "Unexpected Improvements to Expected
 * Improvement for Bayesian Optimization" (NeurIPS 2023) for the logarithm. Everything is minimised.
 */
import { fastNormalCdf, logSqrt2Pi, normalPdf } from "../../core/normal.ts";

/** What a configuration whose value is normal with this mean and variance is worth (larger is better), and the slopes. */
export type Acquisition = (mean: number, variance: number) => AcquisitionValue;

export interface AcquisitionValue {
  readonly value: number;
  readonly byMean: number;
  readonly byVariance: number;
}

/**
 * log(pdf(z) + z cdf(z)), and its derivative by z. In the tail by the continued fraction of Mills' ratio
 * R(x) = 1 / (x + c): pdf(z) (1 - x R(x)) = pdf(z) c / (x + c), so nothing cancels.
 */
export function logImprovement(z: number): { readonly value: number; readonly slope: number } {
  if (z > -3) {
    const density = normalPdf(z);
    const below = fastNormalCdf(z);
    const improvement = density + z * below;
    return { value: Math.log(improvement), slope: below / improvement };
  }
  const x = -z;
  let c = 0;
  for (let k = 60; k >= 1; k--) c = k / (x + c);
  // cdf(z) = pdf(z) / (x + c), so the density leaves the ratio of cdf to improvement.
  return { value: -0.5 * z * z - logSqrt2Pi + Math.log(c) - Math.log(x + c), slope: 1 / c };
}

/** Expected improvement below `best` of a normal value. */
export function expectedImprovement(mean: number, deviation: number, best: number): number {
  const z = (best - mean) / deviation;
  return deviation * Math.exp(logImprovement(z).value);
}

/** log of the expected improvement, and its derivatives by mean and by variance. */
export function logExpectedImprovement(mean: number, variance: number, best: number): AcquisitionValue {
  const deviation = Math.sqrt(variance);
  const z = (best - mean) / deviation;
  const { value, slope } = logImprovement(z);
  return {
    value: value + Math.log(deviation),
    byMean: -slope / deviation,
    byVariance: (1 - slope * z) / (2 * variance),
  };
}
