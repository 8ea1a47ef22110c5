/**
 * For tests: losses given as functions, with counted calls.
 */
import { rngForKey } from "../../core/rng.ts";
import type { LossOracle } from "../oracle.ts";

export interface CountingOracle extends LossOracle {
  readonly calls: { loss: number; gradient: number; product: number };
}

export function functionOracle(
  dimension: number,
  loss: (w: Float64Array) => number,
  gradient: (w: Float64Array) => Float64Array,
  product: (w: Float64Array, v: Float64Array) => Float64Array,
): CountingOracle {
  const calls = { loss: 0, gradient: 0, product: 0 };
  return {
    dimension,
    calls,
    loss(w) {
      calls.loss++;
      return Promise.resolve(loss(w));
    },
    gradient(w) {
      calls.gradient++;
      return Promise.resolve(gradient(w));
    },
    hessianVector(w, v) {
      calls.product++;
      return Promise.resolve(product(w, v));
    },
  };
}

export function normals(key: string, size: number): Float64Array {
  const rng = rngForKey(key);
  return Float64Array.from({ length: size }, () => rng.normal());
}

/** f(w) = constant + slope.w + w'Hw/2 for H = Q diag(eigenvalues) Q', Q a product of random reflections. */
export function quadratic(
  eigenvalues: readonly number[],
  slope: Float64Array = new Float64Array(eigenvalues.length),
  constant = 1,
  rotated = true,
): CountingOracle {
  const n = eigenvalues.length;
  const mirrors = rotated ? [normals("mirror 1", n), normals("mirror 2", n)] : [];
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const reflect = (v: Float64Array, m: Float64Array): Float64Array => {
    const factor = (2 * dot(m, v)) / dot(m, m);
    return v.map((x, i) => x - factor * m[i]!);
  };
  const multiply = (v: Float64Array): Float64Array => {
    const turned = mirrors.reduce(reflect, v).map((x, i) => x * eigenvalues[i]!);
    return mirrors.toReversed().reduce(reflect, turned);
  };
  return functionOracle(
    n,
    (w) => constant + dot(slope, w) + dot(w, multiply(w)) / 2,
    (w) => multiply(w).map((x, i) => x + slope[i]!),
    (_, v) => multiply(v),
  );
}
