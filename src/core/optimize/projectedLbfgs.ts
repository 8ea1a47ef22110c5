/**
 * What searches in a box by projected L-BFGS have in common, whichever way they go: the two-loop recursion on the free
 * coordinates and the search along the projected arc (Nocedal 1980; Bertsekas 1982; Byrd et al. 1995). A heading is the
 * direction of steepest improvement: the gradient where a value is to rise, its negative where it is to fall.
 * Invariant: a point on the arc lies in the box.
 */
import { dot } from "../linalg/vectors.ts";

export interface Box {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

export interface CurvaturePair {
  /** The change of the point. */
  readonly s: Float64Array;
  /** The change of the gradient, negative where a value is to rise: s.y > 0 where the curvature is of use. */
  readonly y: Float64Array;
  /** s.y */
  readonly sy: number;
}

/** Share of the promised improvement that a step must bring (Armijo). */
export const sufficientShare = 1e-4;

/** 1 for the coordinates that are at a bound which the heading pushes against. */
export function heldBack(point: Float64Array, heading: Float64Array, { lower, upper }: Box): Uint8Array {
  return Uint8Array.from(point, (x, i) =>
    (x <= lower[i]! && heading[i]! < 0) || (x >= upper[i]! && heading[i]! > 0) ? 1 : 0,
  );
}

/** A copy with zeros where the coordinate is held. */
export function freePart(vector: Float64Array, held: Uint8Array): Float64Array {
  return vector.map((x, i) => (held[i] === 1 ? 0 : x));
}

/** Multiplies `d` in place by the estimate of the inverse Hessian that the pairs make, oldest first. O(pairs * n). */
export function timesInverseHessian(d: Float64Array, pairs: readonly CurvaturePair[]): Float64Array {
  const factors: number[] = [];
  for (const { s, y, sy } of pairs.toReversed()) {
    const factor = dot(s, d) / sy;
    factors.push(factor);
    for (let i = 0; i < d.length; i++) d[i]! -= factor * y[i]!;
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = last.sy / dot(last.y, last.y);
    for (let i = 0; i < d.length; i++) d[i]! *= scale;
  }
  for (const { s, y, sy } of pairs) {
    const factor = factors.pop()! - dot(y, d) / sy;
    for (let i = 0; i < d.length; i++) d[i]! += factor * s[i]!;
  }
  return d;
}

/** The point `t` directions on, back inside the box. */
export function arcPoint(point: Float64Array, direction: Float64Array, t: number, { lower, upper }: Box): Float64Array {
  return point.map((x, i) => Math.min(upper[i]!, Math.max(lower[i]!, x + t * direction[i]!)));
}

/** By how much the value changes from `from` to `to` if the gradient holds. */
export function promisedChange(gradient: Float64Array, from: Float64Array, to: Float64Array): number {
  return to.reduce((sum, x, i) => sum + gradient[i]! * (x - from[i]!), 0);
}
