/**
 * Keskar et al. 2017: the largest rise of the loss in a small box around the weights, in percent of 1 + loss.
 *
 * The set is a box, so as long as the gradient is not zero the first-order part sum_i |g_i| eps (|w_i| + 1) at a corner rules
 * it: at a gradient norm of 0.035 it was 96% of the value, and eps^2/2 times the top eigenvalue 650 times too small. Until
 * convergence this measures the gradient; both are given beside the value.
 */
import { rngForKey } from "../core/rng.ts";
import { BasinError } from "../core/errors.ts";
import { maximiseInBox } from "./boxAscent.ts";
import { norm } from "../core/linalg/vectors.ts";
import { checkDimension, step, throwIfAborted, type LossOracle, type RunOptions } from "./oracle.ts";

export interface KeskarOptions extends RunOptions {
  readonly seed?: number;
  /** Sizes of the box; default the paper's pair. */
  readonly epsilons?: readonly number[];
  /** Iterations of the ascent for each. */
  readonly iterations?: number;
}

export interface KeskarResult {
  readonly epsilon: number;
  /** 100 (max f(w + z) - f(w)) / (1 + f(w)). */
  readonly sharpness: number;
  readonly loss: number;
  /** Largest loss found in the box. */
  readonly maximum: number;
  /** |g| at w. */
  readonly gradientNorm: number;
  /** What the gradient alone promises at the best corner, in the unit of `sharpness`. */
  readonly firstOrder: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * The measure for each epsilon, in the full space: |z_i| <= eps (|w_i| + 1), projected L-BFGS from z = 0. About 12 gradients
 * each. At an exactly stationary point z = 0 has no direction, so the search then starts from a seeded point of the box.
 */
export async function keskarSharpness(
  oracle: LossOracle,
  w: Float64Array,
  options: KeskarOptions = {},
): Promise<KeskarResult[]> {
  const { seed = 0, epsilons = [1e-3, 5e-4], iterations = 10 } = options;
  checkDimension(oracle, w);
  throwIfAborted(options.signal);
  const loss = await oracle.loss(w);
  const gradient = await oracle.gradient(w);
  const gradientNorm = norm(gradient);
  const results: KeskarResult[] = [];
  for (const [index, epsilon] of epsilons.entries()) {
    if (!(epsilon > 0)) throw new BasinError("invalid-argument", `An epsilon is ${epsilon}; it must be positive.`);
    const upper = w.map((x) => epsilon * (Math.abs(x) + 1));
    const at = (z: Float64Array): Float64Array => w.map((x, i) => x + z[i]!);
    const rng = rngForKey(`${seed}:flatness:keskar`);
    const still = gradientNorm === 0;
    const start = still ? upper.map((bound) => bound * (rng.next() - 0.5)) : new Float64Array(w.length);
    const found = await maximiseInBox(
      {
        lower: upper.map((x) => -x),
        upper,
        value: (z) => oracle.loss(at(z)),
        gradient: (z) => oracle.gradient(at(z)),
      },
      start,
      {
        iterations,
        signal: options.signal,
        onIteration: (done) => step(options, index * iterations + done, epsilons.length * iterations),
      },
    );
    const unit = 100 / (1 + loss);
    results.push({
      epsilon,
      // z = 0 is in the box, so the rise is never negative.
      sharpness: unit * Math.max(0, found.value - loss),
      loss,
      maximum: Math.max(loss, found.value),
      gradientNorm,
      firstOrder: unit * gradient.reduce((sum, g, i) => sum + Math.abs(g) * upper[i]!, 0),
      iterations: found.iterations,
      converged: found.converged,
    });
  }
  return results;
}
