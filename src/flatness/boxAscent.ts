/**
 * Largest value of a smooth function in a box, by projected L-BFGS (limited memory quasi-Newton on the free coordinates with
 * a search along the projected arc: Bertsekas 1982, Byrd et al. 1995). Written for maximising: `value` rises from step to step.
 * Invariant: every point it evaluates lies in the box.
 *
 * Where the function is not concave along a step the curvature pair is useless and dropped; with no pair the direction is
 * towards the corner that the gradient points to, which for a convex function (a loss near its minimum) ends at a corner.
 */
import { dot, norm } from "../core/linalg/vectors.ts";
import {
  arcPoint,
  freePart,
  heldBack,
  promisedChange,
  sufficientShare,
  timesInverseHessian,
  type Box,
  type CurvaturePair,
} from "../core/optimize/projectedLbfgs.ts";
import { throwIfAborted } from "./oracle.ts";

export interface BoxProblem extends Box {
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

const mostHalvings = 20;

function pairOf(s: Float64Array, y: Float64Array): CurvaturePair {
  return { s, y, sy: dot(s, y) };
}

/** Whether the function is concave along the step. */
function isUseful({ s, y, sy }: CurvaturePair): boolean {
  return sy > 1e-12 * norm(s) * norm(y);
}

/** The quasi-Newton step on the free coordinates; undefined when no pair is of use there or the result does not ascend. */
function quasiNewton(g: Float64Array, held: Uint8Array, pairs: readonly CurvaturePair[]): Float64Array | undefined {
  const useful = pairs
    .map(({ s, y }) => pairOf(freePart(s, held), freePart(y, held)))
    .filter((pair) => isUseful(pair) && dot(pair.y, pair.y) > 0);
  if (useful.length === 0) return undefined;
  const d = timesInverseHessian(freePart(g, held), useful);
  return dot(d, g) > 1e-10 * norm(d) * norm(g) ? d : undefined;
}

/** From z to the corner the gradient points to; 0 where it points nowhere. */
function toCorner(z: Float64Array, g: Float64Array, { lower, upper }: BoxProblem): Float64Array {
  return z.map((x, i) => (g[i]! > 0 ? upper[i]! - x : g[i]! < 0 ? lower[i]! - x : 0));
}

/** Maximises from `start`, which lies in the box. At most 1 gradient and `mostHalvings` + 1 values an iteration. */
export async function maximiseInBox(problem: BoxProblem, start: Float64Array, options: BoxOptions): Promise<BoxResult> {
  const { iterations, memory = 10, signal, onIteration } = options;
  let z: Float64Array = Float64Array.from(start);
  let value = await problem.value(z);
  let g = await problem.gradient(z);
  let values = 1;
  let gradients = 1;
  let pairs: CurvaturePair[] = [];
  let converged = false;
  let done = 0;

  /** The first point along the projected arc that rises enough. */
  const search = async (d: Float64Array): Promise<{ point: Float64Array; value: number } | undefined> => {
    for (let halving = 0, t = 1; halving <= mostHalvings; halving++, t /= 2) {
      const point = arcPoint(z, d, t, problem);
      const promised = promisedChange(g, z, point);
      if (promised <= 0) continue;
      throwIfAborted(signal);
      const there = await problem.value(point);
      values++;
      if (there >= value + sufficientShare * promised && there > value) return { point, value: there };
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
    const pair = pairOf(
      found.point.map((x, i) => x - from[i]!),
      before.map((x, i) => x - next[i]!),
    );
    if (isUseful(pair)) pairs = [...pairs, pair].slice(-memory);
    ({ point: z, value } = found);
    g = next;
    onIteration?.(done);
  }
  return { point: z, value, iterations: done, converged, gradients, values };
}
