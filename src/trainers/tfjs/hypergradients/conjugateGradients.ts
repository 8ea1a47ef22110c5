/**
 * Conjugate gradients (Hestenes and Stiefel 1952) for (A + damping I) x = b with a symmetric A that is known by its products
 * alone and need not be positive definite: where a direction of no or negative curvature turns up, the damping rises above it
 * and the solve begins again. Invariant: at most `maxProducts` products; x is finite, and 0 only where b is.
 */

export interface SolveOptions {
  /** The residual to reach, as a share of |b|. */
  readonly tolerance: number;
  /** Products with A in all, restarts included; at least 1. */
  readonly maxProducts: number;
}

export interface Solution {
  readonly x: Float64Array;
  /** |b - (A + damping I) x| / |b| by the recurrence; 0 where b is 0. */
  readonly residual: number;
  /** 0 where A was positive definite as far as it was seen. */
  readonly damping: number;
  readonly products: number;
}

/** Curvature below this share of the largest one seen is rounding: products come from float32. */
const flat = 1e-7;
/** A new damping is at least this share of the largest curvature: a smaller one would leave the system all but singular. */
const leastDamping = 1e-3;

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** @param product A v; its result is not kept. O(products * (n + cost of a product)). */
export async function solveDamped(
  product: (v: Float64Array) => Promise<Float64Array>,
  b: Float64Array,
  { tolerance, maxProducts }: SolveOptions,
): Promise<Solution> {
  const n = b.length;
  const bb = dot(b, b);
  if (!(bb > 0)) return { x: new Float64Array(n), residual: 0, damping: 0, products: 0 };
  const enough = tolerance * tolerance * bb;
  let damping = 0;
  let largest = 0;
  let products = 0;
  let previous: Solution | undefined;
  for (;;) {
    const x = new Float64Array(n);
    const r = b.slice();
    const p = b.slice();
    let rr = bb;
    let raised = 0;
    let steps = 0;
    while (rr > enough && products < maxProducts) {
      const along = await product(p);
      products++;
      const pp = dot(p, p);
      const own = dot(p, along) / pp;
      if (!Number.isFinite(own)) break;
      largest = Math.max(largest, Math.abs(own));
      const curvature = own + damping;
      if (curvature <= flat * largest) {
        raised = Math.max(-2 * own, 4 * damping, leastDamping * largest, Number.MIN_VALUE);
        break;
      }
      const step = rr / (curvature * pp);
      for (let i = 0; i < n; i++) {
        x[i]! += step * p[i]!;
        r[i]! -= step * (along[i]! + damping * p[i]!);
      }
      steps++;
      const next = dot(r, r);
      for (let i = 0; i < n; i++) p[i] = r[i]! + (next / rr) * p[i]!;
      rr = next;
    }
    // Without a single step, b over a safe curvature is all that is known of the solution.
    if (steps === 0) for (let i = 0; i < n; i++) x[i] = b[i]! / (largest > 0 ? 2 * largest : 1);
    const solution = { x, residual: Math.sqrt(rr / bb), damping, products };
    if (raised === 0 || products >= maxProducts) return steps === 0 && previous ? { ...previous, products } : solution;
    previous = solution;
    damping = raised;
  }
}
