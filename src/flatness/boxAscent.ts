/**
 * Largest value of a smooth function in a box, by projected L-BFGS (limited memory quasi-Newton on the free coordinates with
 * a search along the projected arc: Bertsekas 1982, Byrd et al. 1995). Written for maximising: `value` rises from step to step.
 * Invariant: every point it evaluates lies in the box.
 *
 * Where the function is not concave along a step the curvature pair is useless and dropped; with no pair the direction is
 * towards the corner that the gradient points to, which for a convex function (a loss near its minimum) ends at a corner.
 */
import { dot, norm } from "./matrix.ts";
import { throwIfAborted } from "./oracle.ts";

export interface BoxProblem {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  value(z: Float64Array): Promise<number>;
  gradient(z: Float64Array): Promise<Float64Array>;
}

export interface BoxOptions {
  readonly iterations: number;
  /** Pairs kept. */
  readonly memory?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onIteration?: (done: number) => void;
}

export interface BoxResult {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** No step improves the value any more, or the projected gradient is zero. */
  readonly converged: boolean;
  readonly gradients: number;
  readonly values: number;
}

interface Pair {
  readonly s: Float64Array;
  /** Minus the change of the gradient, so that s.y > 0 where the function is concave. */
  readonly y: Float64Array;
}

/** Share of the promised rise that a step must bring (Armijo). */
const sufficient = 1e-4;
const mostHalvings = 20;

/** Coordinates that are at a bound which the gradient pushes against. */
function heldBack(z: Float64Array, g: Float64Array, { lower, upper }: BoxProblem): Uint8Array {
  return Uint8Array.from(z, (x, i) => ((x <= lower[i]! && g[i]! < 0) || (x >= upper[i]! && g[i]! > 0) ? 1 : 0));
}

/** The two-loop recursion on the free coordinates; undefined when no pair is of use there or the result does not ascend. */
function quasiNewton(g: Float64Array, held: Uint8Array, pairs: readonly Pair[]): Float64Array | undefined {
  const free = (v: Float64Array): Float64Array => v.map((x, i) => (held[i] === 1 ? 0 : x));
  const useful = pairs
    .map(({ s, y }) => ({ s: free(s), y: free(y) }))
    .filter(({ s, y }) => dot(s, y) > 1e-12 * norm(s) * norm(y) && dot(y, y) > 0);
  if (useful.length === 0) return undefined;
  const d = free(g);
  const factors: number[] = [];
  for (const { s, y } of useful.toReversed()) {
    const factor = dot(s, d) / dot(s, y);
    factors.push(factor);
    for (let i = 0; i < d.length; i++) d[i]! -= factor * y[i]!;
  }
  const last = useful.at(-1)!;
  const scale = dot(last.s, last.y) / dot(last.y, last.y);
  for (let i = 0; i < d.length; i++) d[i]! *= scale;
  for (const { s, y } of useful) {
    const factor = factors.pop()! - dot(y, d) / dot(s, y);
    for (let i = 0; i < d.length; i++) d[i]! += factor * s[i]!;
  }
  return dot(d, g) > 1e-10 * norm(d) * norm(g) ? d : undefined;
}

/** From z to the corner the gradient points to; 0 where it points nowhere. */
function toCorner(z: Float64Array, g: Float64Array, { lower, upper }: BoxProblem): Float64Array {
  return z.map((x, i) => (g[i]! > 0 ? upper[i]! - x : g[i]! < 0 ? lower[i]! - x : 0));
}

/** Maximises from `start`, which lies in the box. At most 1 gradient and `mostHalvings` + 1 values an iteration. */
export async function maximiseInBox(problem: BoxProblem, start: Float64Array, options: BoxOptions): Promise<BoxResult> {
  const { lower, upper } = problem;
  const { iterations, memory = 10, signal, onIteration } = options;
  let z: Float64Array = Float64Array.from(start);
  let value = await problem.value(z);
  let g = await problem.gradient(z);
  let values = 1;
  let gradients = 1;
  let pairs: Pair[] = [];
  let converged = false;
  let done = 0;

  /** The first point along the projected arc that rises enough. */
  const search = async (d: Float64Array): Promise<{ point: Float64Array; value: number } | undefined> => {
    for (let halving = 0, t = 1; halving <= mostHalvings; halving++, t /= 2) {
      const point = z.map((x, i) => Math.min(upper[i]!, Math.max(lower[i]!, x + t * d[i]!)));
      const promised = point.reduce((sum, x, i) => sum + g[i]! * (x - z[i]!), 0);
      if (promised <= 0) continue;
      throwIfAborted(signal);
      const there = await problem.value(point);
      values++;
      if (there >= value + sufficient * promised && there > value) return { point, value: there };
    }
    return undefined;
  };

  while (done < iterations) {
    throwIfAborted(signal);
    if (!Number.isFinite(value)) break;
    const held = heldBack(z, g, problem);
    if (g.every((x, i) => x === 0 || held[i] === 1)) {
      converged = true;
      break;
    }
    const newton = quasiNewton(g, held, pairs);
    const found = (newton === undefined ? undefined : await search(newton)) ?? (await search(toCorner(z, g, problem)));
    done++;
    if (found === undefined) {
      converged = true;
      onIteration?.(done);
      break;
    }
    const next = await problem.gradient(found.point);
    gradients++;
    const from = z;
    const before = g;
    const pair = { s: found.point.map((x, i) => x - from[i]!), y: before.map((x, i) => x - next[i]!) };
    if (dot(pair.s, pair.y) > 1e-12 * norm(pair.s) * norm(pair.y)) pairs = [...pairs, pair].slice(-memory);
    ({ point: z, value } = found);
    g = next;
    onIteration?.(done);
  }
  return { point: z, value, iterations: done, converged, gradients, values };
}
