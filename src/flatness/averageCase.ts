/**
 * Mean rise of the loss under normal noise on the weights, by antithetic pairs: f(w + sigma u) + f(w - sigma u) - 2 f(w)
 * cancels the gradient's part, so that for small sigma the mean is sigma^2/2 tr H.
 */
import { BasinError } from "../core/errors.ts";
import { rngForKey } from "../core/rng.ts";
import { meanWithError } from "./hutchinson.ts";
import { checkDimension, step, throwIfAborted, type LossOracle, type RunOptions } from "./oracle.ts";

export interface AverageCaseOptions extends RunOptions {
  readonly seed?: number;
  /** Standard deviation of the noise on each weight. */
  readonly sigma?: number;
  readonly pairs?: number;
}

export interface AverageCaseResult {
  readonly value: number;
  /** Standard error over the pairs; NaN for a single one. */
  readonly error: number;
  readonly loss: number;
}

/** Two losses a pair, and one. */
export async function averageCaseSharpness(
  oracle: LossOracle,
  w: Float64Array,
  options: AverageCaseOptions = {},
): Promise<AverageCaseResult> {
  const { seed = 0, sigma = 0.01, pairs = 20 } = options;
  if (!(sigma > 0) || !(pairs >= 1))
    throw new BasinError("invalid-argument", "The average case needs a positive sigma and at least one pair.");
  checkDimension(oracle, w);
  throwIfAborted(options.signal);
  const loss = await oracle.loss(w);
  const values: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const rng = rngForKey(`${seed}:flatness:average-case:${pair}`);
    const noise = Float64Array.from(w, () => sigma * rng.normal());
    const plus = await oracle.loss(w.map((x, i) => x + noise[i]!));
    throwIfAborted(options.signal);
    const minus = await oracle.loss(w.map((x, i) => x - noise[i]!));
    values.push((plus + minus) / 2 - loss);
    step(options, pair + 1, pairs);
  }
  const { mean, error } = meanWithError(values);
  return { value: mean, error, loss };
}
