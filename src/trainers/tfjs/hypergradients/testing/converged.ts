/**
 * For tests: minimisers of small training objectives to the last digits of float64, by Newton's method, and the derivative of a
 * validation loss at them by central differences: nothing of it knows implicit differentiation or TensorFlow.js.
 */
import { referenceHessian, referenceResult, type ReferenceProblem } from "../../secondOrder/testing/referenceNet.ts";

/** A function of weights with its derivatives; the Hessian row-major. */
export interface Smooth {
  gradient(w: Float64Array): Float64Array;
  hessian(w: Float64Array): Float64Array;
}

/** x of A x = b by elimination with pivoting. O(n^3). */
export function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const a = matrix.slice();
  const b = right.slice();
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j]!, a[k * n + j]!];
    [b[k], b[pivot]] = [b[pivot]!, b[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / a[k * n + k]!;
      for (let j = k; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
      b[i]! -= factor * b[k]!;
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) b[k]! -= a[k * n + j]! * b[j]!;
    b[k]! /= a[k * n + k]!;
  }
  return b;
}

const size = (v: Float64Array): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));

/** The point without a slope that damped Newton steps lead to, after so many plain ones that keep away from saddles. */
export function minimise(f: Smooth, start: Float64Array, plainSteps = 0): Float64Array {
  let w = start;
  for (let step = 0; step < plainSteps; step++) {
    const g = f.gradient(w);
    w = w.map((x, i) => x - 0.5 * g[i]!);
  }
  let damping = 0.01;
  for (let step = 0; step < 5000; step++) {
    const g = f.gradient(w);
    if (size(g) < 1e-12) return w;
    const h = f.hessian(w);
    // Biases of a softmax may all rise together: a last trace of damping keeps that direction still.
    for (let i = 0; i < g.length; i++) h[i * g.length + i]! += damping + 1e-9;
    const move = solve(h, g);
    const next = w.map((x, i) => x - move[i]!);
    const better = size(f.gradient(next)) < size(g);
    if (better) w = next;
    damping = better ? damping / 4 : Math.max(4 * damping, 1e-8);
    if (damping < 1e-12) damping = 0;
  }
  throw new Error("Newton's method has not converged.");
}

/** 1 for the weights that training decays: kernels. */
export function decayMask({ layers }: ReferenceProblem): number[] {
  return layers.flatMap((layer) => {
    if (layer.kind !== "dense") return [];
    const bias = layer.bias ? layer.units : 0;
    return [...Array.from({ length: layer.inputs * layer.units }, () => 1), ...Array.from({ length: bias }, () => 0)];
  });
}

/** The mean loss of a network of dense layers over its data, plus decay / 2 |w|^2 over the kernels. */
export function decayedLoss(problem: ReferenceProblem, decay: number): Smooth {
  const mask = decayMask(problem);
  const n = mask.length;
  return {
    gradient: (w) =>
      referenceResult(problem, w, new Float64Array(n)).gradient.map((g, i) => g + decay * mask[i]! * w[i]!),
    hessian: (w) => referenceHessian(problem, w).map((h, at) => (at % (n + 1) === 0 ? h + decay * mask[at % n]! : h)),
  };
}

/** df/dx by Richardson's extrapolation of central differences. */
export function difference(f: (x: number) => number, x: number, step: number): number {
  const central = (h: number): number => (f(x + h) - f(x - h)) / (2 * h);
  return (4 * central(step / 2) - central(step)) / 3;
}
