/**
 * Weights of small networks, and Adam on them (D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015).
 * Everything is plain Float64Array arithmetic in one order, so equal seeds give equal networks in every process.
 * Invariant: `slopes` holds what backward passes have added since the last step, and is zero after one.
 */
import type { Rng } from "../../core/rng.ts";

/** Weights of one layer and the derivatives of the loss by them. */
export interface Tensor {
  readonly values: Float64Array;
  readonly slopes: Float64Array;
}

/** Weights drawn uniformly within `reach` of 0. */
export function uniformTensor(size: number, reach: number, rng: Rng): Tensor {
  return {
    values: Float64Array.from({ length: size }, () => reach * (2 * rng.next() - 1)),
    slopes: new Float64Array(size),
  };
}

/** Gives `to` the weights of `from`, a network of the same make. */
export function copyWeights(from: readonly Tensor[], to: readonly Tensor[]): void {
  from.forEach(({ values }, k) => to[k]!.values.set(values));
}

export interface Adam {
  /** Moves the weights against their slopes and clears those. O(weights). */
  step(): void;
}

const firstDecay = 0.9;
const secondDecay = 0.999;
const tiny = 1e-8;
/** Slopes of a larger norm are shortened to it: one surprising trial must not undo what was learned. */
const largestNorm = 1;

export function adam(tensors: readonly Tensor[], rate: number): Adam {
  const moments = tensors.map(({ values }) => ({
    first: new Float64Array(values.length),
    second: new Float64Array(values.length),
  }));
  let steps = 0;
  return {
    step() {
      steps++;
      let square = 0;
      for (const { slopes } of tensors) for (const slope of slopes) square += slope * slope;
      const shorten = Math.min(1, largestNorm / Math.max(tiny, Math.sqrt(square)));
      const stride = (rate * Math.sqrt(1 - secondDecay ** steps)) / (1 - firstDecay ** steps);
      tensors.forEach(({ values, slopes }, k) => {
        const { first, second } = moments[k]!;
        for (let i = 0; i < values.length; i++) {
          const slope = shorten * slopes[i]!;
          const m = firstDecay * first[i]! + (1 - firstDecay) * slope;
          const v = secondDecay * second[i]! + (1 - secondDecay) * slope * slope;
          first[i] = m;
          second[i] = v;
          values[i]! -= (stride * m) / (Math.sqrt(v) + tiny);
        }
        slopes.fill(0);
      });
    },
  };
}
