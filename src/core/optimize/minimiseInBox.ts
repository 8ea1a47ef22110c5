/**
 * Least value of a smooth function in a box, by projected L-BFGS (limited memory quasi-Newton on the free coordinates with a
 * search along the projected arc: Bertsekas 1982, Byrd et al. 1995). For functions that cost microseconds to milliseconds.
 * Invariant: every point it evaluates lies in the box, and the value falls from step to step.
 */
import { dot } from "../linalg/vectors.ts";
import {
  arcPoint,
  freePart,
  heldBack,
  promisedChange,
  sufficientShare,
  timesInverseHessian,
  type CurvaturePair,
} from "./projectedLbfgs.ts";

export interface Evaluated {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface BoxMinimum {
  readonly point: Float64Array;
  readonly value: number;
  /** Evaluations of value and gradient. */
  readonly evaluations: number;
}

const mostHalvings = 15;
const pairsKept = 8;

/**
 * Minus the inverse Hessian estimate times the gradient, on the coordinates that are free; undefined where that does not
 * descend.
 */
function direction(
  steepest: Float64Array,
  gradient: Float64Array,
  held: Uint8Array,
  pairs: readonly CurvaturePair[],
): Float64Array | undefined {
  const d = freePart(timesInverseHessian(steepest.slice(), pairs), held);
  return dot(d, gradient) < 0 ? d : undefined;
}

/**
 * @param evaluate value and gradient at a point; a value that is not finite is a wall the search steps back from
 * @param start in the box
 * @param iterations steps at most
 * @param tolerance a step that falls by less ends the search; relative to the value where that is above 1
 * @returns the best point found; O(iterations * n) beside the evaluations
 */
export function minimiseInBox(
  evaluate: (point: Float64Array) => Evaluated,
  start: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  iterations: number,
  tolerance = 1e-9,
): BoxMinimum {
  const box = { lower, upper };
  let point: Float64Array = start.map((x, i) => Math.min(upper[i]!, Math.max(lower[i]!, x)));
  let { value, gradient } = evaluate(point);
  let evaluations = 1;
  let pairs: CurvaturePair[] = [];
  for (let done = 0; done < iterations && Number.isFinite(value); done++) {
    const downhill = gradient.map((x) => -x);
    const held = heldBack(point, downhill, box);
    const steepest = freePart(downhill, held);
    const length = Math.sqrt(dot(steepest, steepest));
    if (!(length > 1e-9)) break;
    let moved: { readonly point: Float64Array; readonly at: Evaluated } | undefined;
    for (const d of [direction(steepest, gradient, held, pairs), steepest.map((x) => x / Math.max(1, length))]) {
      if (d === undefined) continue;
      for (let halving = 0, t = 1; halving <= mostHalvings; halving++, t /= 2) {
        const next = arcPoint(point, d, t, box);
        const promised = promisedChange(gradient, point, next);
        if (!(promised < 0)) break;
        const at = evaluate(next);
        evaluations++;
        if (at.value <= value + sufficientShare * promised) {
          moved = { point: next, at };
          break;
        }
      }
      if (moved !== undefined) break;
      pairs = [];
    }
    if (moved === undefined) break;
    const s = moved.point.map((x, i) => x - point[i]!);
    const y = moved.at.gradient.map((x, i) => x - gradient[i]!);
    const sy = dot(s, y);
    if (sy > 1e-10 * Math.sqrt(dot(s, s) * dot(y, y))) pairs = [...pairs, { s, y, sy }].slice(-pairsKept);
    const fall = value - moved.at.value;
    ({ point } = moved);
    ({ value, gradient } = moved.at);
    if (fall <= tolerance * Math.max(1, Math.abs(value))) break;
  }
  return { point, value, evaluations };
}
