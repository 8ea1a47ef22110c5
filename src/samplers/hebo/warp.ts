/**
 * Input warping: each number of a configuration goes through the distribution function of Kumaraswamy, which stretches the part
 * of its range where the objective changes quickly. Sources: J. Snoek et al., "Input Warping for Bayesian Optimization of
 * Non-stationary Functions" (ICML 2014); Kumaraswamy in place of Beta as in HEBO (Cowen-Rivers et al., 2022).
 * Invariant: a warp increases strictly on [0, 1] and keeps both ends, so no configuration is lost and none is doubled.
 */
import type { Features } from "../gp/features.ts";

/** 1 - (1 - x^a)^b of x in [0, 1]; a, b > 0. */
export function kumaraswamy(x: number, a: number, b: number): number {
  return 1 - (1 - x ** a) ** b;
}

/** The x that is warped to u. */
export function kumaraswamyInverse(u: number, a: number, b: number): number {
  return (1 - (1 - u) ** (1 / b)) ** (1 / a);
}

/** Derivatives of the warped value by the logarithms of a and of b; 0 at both ends, which never move. */
export function kumaraswamySlopes(x: number, a: number, b: number): { readonly byA: number; readonly byB: number } {
  if (x <= 0 || x >= 1) return { byA: 0, byB: 0 };
  const power = x ** a;
  const rest = 1 - power;
  return {
    byA: a * b * rest ** (b - 1) * power * Math.log(x),
    byB: rest > 0 ? -b * rest ** b * Math.log(rest) : 0,
  };
}

/** The exponents of each parameter's warp; 1 and 1 leave it as it is. */
export interface Warp {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** A point whose numbers are warped; categories and inactive parameters keep their marks. */
export function warpedPoint(features: Features, { a, b }: Warp, point: Float64Array): Float64Array {
  return point.map((x, k) => (features.numeric[k] === true && x >= 0 ? kumaraswamy(x, a[k]!, b[k]!) : x));
}
