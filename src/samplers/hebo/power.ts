/**
 * Power transformations that make values look normal: few very large losses no longer hide the differences among good ones.
 * Sources: G. E. P. Box and D. R. Cox, "An Analysis of Transformations" (JRSS B, 1964); I.-K. Yeo and R. A. Johnson, "A new family
 * of power transformations to improve normality or symmetry" (Biometrika, 2000); when which: HEBO (Cowen-Rivers et al., 2022).
 * Invariant: every transformation increases strictly, so the order of trials is never changed.
 */
import { standardised } from "../gp/values.ts";

export interface PowerTransform {
  readonly name: "Box-Cox" | "Yeo-Johnson";
  /** From lambda and a value; Box-Cox takes positive values only. */
  readonly apply: (lambda: number, y: number) => number;
  readonly invert: (lambda: number, z: number) => number;
  /** Logarithm of the derivative by the value, but for a factor of lambda - 1. */
  readonly logSlope: (y: number) => number;
}

/** Below this distance from the logarithmic case the power and the logarithm agree to a double's precision. */
const tiny = 1e-9;

/** (x^lambda - 1) / lambda, ln x at 0; x > 0. */
function power(lambda: number, x: number): number {
  return Math.abs(lambda) < tiny ? Math.log(x) : Math.expm1(lambda * Math.log(x)) / lambda;
}

function unpower(lambda: number, z: number): number {
  return Math.abs(lambda) < tiny ? Math.exp(z) : Math.exp(Math.log1p(lambda * z) / lambda);
}

export const boxCox: PowerTransform = {
  name: "Box-Cox",
  apply: power,
  invert: unpower,
  logSlope: Math.log,
};

export const yeoJohnson: PowerTransform = {
  name: "Yeo-Johnson",
  apply: (lambda, y) => (y >= 0 ? power(lambda, y + 1) : -power(2 - lambda, 1 - y)),
  invert: (lambda, z) => (z >= 0 ? unpower(lambda, z) - 1 : 1 - unpower(2 - lambda, -z)),
  logSlope: (y) => Math.sign(y) * Math.log1p(Math.abs(y)),
};

/** Log likelihood of lambda when the transformed values are normal, at the best mean and variance. O(n). */
export function logLikelihood(transform: PowerTransform, lambda: number, y: Float64Array): number {
  const z = y.map((value) => transform.apply(lambda, value));
  const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
  const variance = z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length;
  const slopes = y.reduce((sum, value) => sum + transform.logSlope(value), 0);
  return (lambda - 1) * slopes - (z.length / 2) * Math.log(variance);
}

/** Powers beyond these bend no data of a study any better. */
const bounds = [-5, 5] as const;
const golden = (Math.sqrt(5) - 1) / 2;

/** The likeliest lambda, by golden section: the likelihood has one peak (Kouider and Chen 1995). O(40 n). */
export function fitLambda(transform: PowerTransform, y: Float64Array): number {
  let [low, high]: [number, number] = [...bounds];
  let left = high - golden * (high - low);
  let right = low + golden * (high - low);
  let [atLeft, atRight] = [logLikelihood(transform, left, y), logLikelihood(transform, right, y)];
  while (high - low > 1e-6) {
    // Not "<": an end where the values overflow or become one loses.
    if (atRight > atLeft || Number.isNaN(atLeft)) {
      [low, left, atLeft] = [left, right, atRight];
      right = low + golden * (high - low);
      atRight = logLikelihood(transform, right, y);
    } else {
      [high, right, atRight] = [right, left, atLeft];
      left = high - golden * (high - low);
      atLeft = logLikelihood(transform, left, y);
    }
  }
  return (low + high) / 2;
}

/** Fewer values than this say nothing about a shape. */
const fewest = 4;
/** Below this share of its largest value, a spread is rounding. */
const leastSpread = 1e-9;

/**
 * Values made normal and then standardised: Box-Cox where all are positive, else Yeo-Johnson about their mean in units of their
 * deviation; as they are where neither gives anything usable. O(40 n).
 */
export function normalised(values: Float64Array): Float64Array {
  const plain = standardised(values);
  if (values.length < fewest || plain.every((value) => value === 0)) return plain;
  const least = values.reduce((low, value) => Math.min(low, value), Infinity);
  const scale = Math.exp(values.reduce((sum, value) => sum + Math.log(Math.max(value, 1e-300)), 0) / values.length);
  const attempts: (readonly [PowerTransform, Float64Array])[] = [
    // In units of the geometric mean, which leaves lambda as it is and keeps powers in range.
    ...(least > 0 ? [[boxCox, values.map((value) => value / scale)] as const] : []),
    [yeoJohnson, plain],
  ];
  for (const [transform, y] of attempts) {
    const lambda = fitLambda(transform, y);
    const z = y.map((value) => transform.apply(lambda, value));
    if (!z.every(Number.isFinite)) continue;
    const [low, high] = [Math.min(...z), Math.max(...z)];
    if (high - low > leastSpread * Math.max(Math.abs(low), Math.abs(high))) return standardised(z);
  }
  return plain;
}

/**
 * About what value a normalised one stands for: between those of the data in proportion, and beyond them along the straight line
 * through the nearest end and the middle. Never decreases with `z`. O(n log n).
 */
export function restored(z: number, normal: Float64Array, values: Float64Array): number {
  const sorted = Array.from(values.keys()).toSorted((a, b) => values[a]! - values[b]! || a - b);
  const last = sorted.length - 1;
  const line = (from: number, to: number): number => {
    const [a, b] = [sorted[from]!, sorted[to]!];
    const run = normal[b]! - normal[a]!;
    const slope = run > 0 ? (values[b]! - values[a]!) / run : 1;
    return values[a]! + (z - normal[a]!) * slope;
  };
  if (z <= normal[sorted[0]!]!) return Math.min(values[sorted[0]!]!, line(0, last >> 1));
  const next = sorted.findIndex((row) => normal[row]! >= z);
  return next < 0 ? Math.max(values[sorted[last]!]!, line(last >> 1, last)) : line(next - 1, next);
}
