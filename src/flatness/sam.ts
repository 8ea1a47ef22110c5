/**
 * Worst case of the loss in a ball of radius rho: one gradient step (Foret et al. 2021, sharpness-aware minimisation), or
 * projected gradient ascent. Both only bound it from below; near no minimum they measure the gradient, so its norm is given.
 */
import { BasinError } from "../core/errors.ts";
import { norm } from "../core/linalg/vectors.ts";
import { checkDimension, step, throwIfAborted, type LossOracle, type RunOptions } from "./oracle.ts";

export interface SamOptions extends RunOptions {
  readonly rho?: number;
  /** Steps of projected ascent after the first one; 0 = the one step alone. 20 are enough for small networks. */
  readonly ascentSteps?: number;
}

export interface SamResult {
  /** f(w + z) - f(w) at the best z found; at least 0. */
  readonly value: number;
  /** The same after one step of length rho along the gradient; may be negative. */
  readonly oneStep: number;
  readonly loss: number;
  readonly gradientNorm: number;
}

/**
 * One gradient and two losses, and a gradient and a loss for each step of ascent. A step goes rho/4 along the unit gradient and
 * back into the ball. Where the gradient is zero there is no direction and the value is 0.
 */
export async function samSharpness(oracle: LossOracle, w: Float64Array, options: SamOptions = {}): Promise<SamResult> {
  const { rho = 0.05, ascentSteps = 0 } = options;
  if (!(rho > 0)) throw new BasinError("invalid-argument", `rho is ${rho}; it must be positive.`);
  checkDimension(oracle, w);
  throwIfAborted(options.signal);
  const loss = await oracle.loss(w);
  let gradient = await oracle.gradient(w);
  const gradientNorm = norm(gradient);
  if (!(gradientNorm > 0)) {
    const value = gradientNorm === 0 ? 0 : Number.NaN;
    return { value, oneStep: value, loss, gradientNorm };
  }
  const at = (z: Float64Array): Float64Array => w.map((x, i) => x + z[i]!);
  let z = gradient.map((g) => (rho * g) / gradientNorm);
  const oneStep = (await oracle.loss(at(z))) - loss;
  step(options, 1, ascentSteps + 1);
  let value = Number.isNaN(oneStep) ? Number.NaN : Math.max(0, oneStep);
  for (let i = 0; i < ascentSteps; i++) {
    gradient = await oracle.gradient(at(z));
    const length = norm(gradient);
    if (!(length > 0)) break;
    const moved = z.map((x, j) => x + (rho / 4) * (gradient[j]! / length));
    const radius = norm(moved);
    z = radius > rho ? moved.map((x) => (x * rho) / radius) : moved;
    value = Math.max(value, (await oracle.loss(at(z))) - loss);
    step(options, i + 2, ascentSteps + 1);
  }
  return { value, oneStep, loss, gradientNorm };
}
