/**
 * Least value of a smooth function in a box, by projected L-BFGS (limited memory quasi-Newton on the free coordinates with a
 * search along the projected arc: Bertsekas 1982, Byrd et al. 1995). For functions that cost microseconds to milliseconds.
 * Invariant: every point it evaluates lies in the box, and the value falls from step to step.
 */

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

interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly sy: number;
}

/** Share of the promised fall that a step must bring (Armijo). */
const sufficient = 1e-4;
const mostHalvings = 15;
const pairsKept = 8;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Minus the inverse Hessian estimate times the gradient, on the coordinates that are free (two-loop recursion of Nocedal
 * 1980); undefined where that does not descend.
 */
function direction(gradient: Float64Array, held: Uint8Array, pairs: readonly Pair[]): Float64Array | undefined {
  const d = gradient.map((x, i) => (held[i] === 1 ? 0 : -x));
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
  for (let i = 0; i < d.length; i++) if (held[i] === 1) d[i] = 0;
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
  const inside = (x: number, i: number): number => Math.min(upper[i]!, Math.max(lower[i]!, x));
  let point: Float64Array = start.map(inside);
  let { value, gradient } = evaluate(point);
  let evaluations = 1;
  let pairs: Pair[] = [];
  for (let done = 0; done < iterations && Number.isFinite(value); done++) {
    const held = Uint8Array.from(point, (x, i) =>
      (x <= lower[i]! && gradient[i]! > 0) || (x >= upper[i]! && gradient[i]! < 0) ? 1 : 0,
    );
    const steepest = gradient.map((x, i) => (held[i] === 1 ? 0 : -x));
    const length = Math.sqrt(dot(steepest, steepest));
    if (!(length > 1e-9)) break;
    let moved: { readonly point: Float64Array; readonly at: Evaluated } | undefined;
    for (const d of [direction(gradient, held, pairs), steepest.map((x) => x / Math.max(1, length))]) {
      if (d === undefined) continue;
      for (let halving = 0, t = 1; halving <= mostHalvings; halving++, t /= 2) {
        const next = point.map((x, i) => inside(x + t * d[i]!, i));
        const promised = next.reduce((sum, x, i) => sum + gradient[i]! * (x - point[i]!), 0);
        if (!(promised < 0)) break;
        const at = evaluate(next);
        evaluations++;
        if (at.value <= value + sufficient * promised) {
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
