/**
 * Slices of the loss: along one or two filter-normalised random directions (Li et al. 2018), and along the line between two
 * weight vectors with the height of the barrier on it.
 * Invariant: weights of rank 1 (biases, batch norm's scale and shift) do not move along random directions, as random steps on
 * them have no scale of their own; batch norm is evaluated with the running statistics the oracle holds.
 */
import { BasinError } from "../core/errors.ts";
import { rngForKey } from "../core/rng.ts";
import { checkDimension, step, throwIfAborted, type LossOracle, type RunOptions } from "./oracle.ts";

/** One tensor of the flattened weights; the tensors follow one another. The last axis counts filters or units. */
export interface ParameterBlock {
  readonly name: string;
  readonly shape: readonly number[];
}

export type ParameterLayout = readonly ParameterBlock[];

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/**
 * `direction` with each filter (conv kernel [.., .., in, filter]) and each unit (dense kernel [in, unit]: a column) scaled to
 * the norm of the weights' own: d <- d |w| / (|d| + 1e-10), and 0 on tensors of rank 1 or less. Scaling a layer by c and the
 * next by 1/c, which leaves a relu network's function as it is, then leaves the slice as it is. O(dimension).
 */
export function filterNormalise(layout: ParameterLayout, w: Float64Array, direction: Float64Array): Float64Array {
  const total = layout.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  if (total !== w.length || w.length !== direction.length)
    throw new BasinError(
      "invalid-argument",
      `The layout has ${total} weights, the vectors ${w.length} and ${direction.length}.`,
    );
  const out = new Float64Array(w.length);
  let from = 0;
  for (const { shape } of layout) {
    const to = from + sizeOf(shape);
    const filters = shape.length > 1 ? shape.at(-1)! : 0;
    for (let f = 0; f < filters; f++) {
      let d = 0;
      let own = 0;
      for (let i = from + f; i < to; i += filters) {
        d += direction[i]! ** 2;
        own += w[i]! ** 2;
      }
      const scale = Math.sqrt(own) / (Math.sqrt(d) + 1e-10);
      for (let i = from + f; i < to; i += filters) out[i] = scale * direction[i]!;
    }
    from = to;
  }
  return out;
}

/** A normal direction, filter-normalised. `index` tells the directions of one seed apart. */
export function randomDirection(layout: ParameterLayout, w: Float64Array, seed: number, index = 0): Float64Array {
  const rng = rngForKey(`${seed}:flatness:direction:${index}`);
  return filterNormalise(
    layout,
    w,
    Float64Array.from(w, () => rng.normal()),
  );
}

/** Even positions from `from` to `to`, both included. */
export function positionsBetween(from: number, to: number, points: number): Float64Array {
  if (!(points >= 2)) throw new BasinError("invalid-argument", `A slice needs at least 2 points, not ${points}.`);
  // Weighted ends rather than added gaps: symmetric ranges have their middle at exactly 0.
  return Float64Array.from({ length: points }, (_, i) => (from * (points - 1 - i) + to * i) / (points - 1));
}

/** Slices need no derivatives. */
export type LossValues = Pick<LossOracle, "dimension" | "loss">;

export interface SliceOptions extends RunOptions {
  readonly from?: number;
  readonly to?: number;
  readonly points?: number;
}

export interface Slice1d {
  readonly positions: Float64Array;
  readonly losses: Float64Array;
}

/** f(w + a d) for `points` values of a; default 51 in [-1, 1]. One loss a point. */
export async function slice1d(
  oracle: LossValues,
  w: Float64Array,
  d: Float64Array,
  options: SliceOptions = {},
): Promise<Slice1d> {
  const positions = positionsBetween(options.from ?? -1, options.to ?? 1, options.points ?? 51);
  checkDimension(oracle, w);
  checkDimension(oracle, d, "direction");
  throwIfAborted(options.signal);
  const losses = new Float64Array(positions.length);
  for (const [i, a] of positions.entries()) {
    losses[i] = await oracle.loss(w.map((x, j) => x + a * d[j]!));
    step(options, i + 1, positions.length);
  }
  return { positions, losses };
}

export interface Slice2d {
  /** Positions along the first and along the second direction. */
  readonly positions: Float64Array;
  /** losses[i * points + j] at w + positions[i] d1 + positions[j] d2. */
  readonly losses: Float64Array;
}

/** f(w + a d1 + b d2) on a square grid; default 25 x 25 in [-1, 1]. One loss a cell. */
export async function slice2d(
  oracle: LossValues,
  w: Float64Array,
  d1: Float64Array,
  d2: Float64Array,
  options: SliceOptions = {},
): Promise<Slice2d> {
  const positions = positionsBetween(options.from ?? -1, options.to ?? 1, options.points ?? 25);
  checkDimension(oracle, w);
  checkDimension(oracle, d1, "first direction");
  checkDimension(oracle, d2, "second direction");
  throwIfAborted(options.signal);
  const losses = new Float64Array(positions.length ** 2);
  let done = 0;
  for (const a of positions) {
    for (const b of positions) {
      losses[done++] = await oracle.loss(w.map((x, j) => x + a * d1[j]! + b * d2[j]!));
      step(options, done, losses.length);
    }
  }
  return { positions, losses };
}

export interface LinePath extends Slice1d {
  /**
   * Largest height of the loss over the straight line between the losses at the ends (Entezari et al. 2022); 0 when it is
   * nowhere above. NaN when a loss on the way is.
   */
  readonly barrier: number;
  /** Position of that height. */
  readonly barrierAt: number;
}

/** f((1 - t) a + t b) for t from 0 to 1; default 25 points. */
export async function linePath(
  oracle: LossValues,
  a: Float64Array,
  b: Float64Array,
  options: RunOptions & { readonly points?: number } = {},
): Promise<LinePath> {
  checkDimension(oracle, b, "end of the path");
  const slice = await slice1d(
    oracle,
    a,
    b.map((x, i) => x - a[i]!),
    { ...options, from: 0, to: 1, points: options.points ?? 25 },
  );
  const first = slice.losses[0]!;
  const last = slice.losses.at(-1)!;
  let barrier = 0;
  let barrierAt = 0;
  for (const [i, t] of slice.positions.entries()) {
    const height = slice.losses[i]! - ((1 - t) * first + t * last);
    if (height > barrier || Number.isNaN(height)) {
      barrier = height;
      barrierAt = t;
      if (Number.isNaN(height)) break;
    }
  }
  return { ...slice, barrier, barrierAt };
}
