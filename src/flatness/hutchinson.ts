/**
 * Trace and Frobenius norm of the full Hessian from products with random sign vectors, each with its standard error:
 * E[v'Hv] = tr H and E[|Hv|^2] = |H|^2 for independent signs v (Hutchinson 1989).
 * With 10 samples the trace is uncertain by some 15%: never show it without the error.
 */
import { BasinError } from "../core/errors.ts";
import { rngForKey, type Rng } from "../core/rng.ts";
import { dot } from "../core/linalg/vectors.ts";
import { checkDimension, step, throwIfAborted, type LossOracle, type RunOptions } from "./oracle.ts";

export interface HutchinsonOptions extends RunOptions {
  readonly seed?: number;
  /** Most samples, one product each. */
  readonly samples?: number;
  /**
   * Ends when the trace's standard error is at most this share of its magnitude, but not before 10 samples; 0 = never.
   * PyHessian compares two successive means instead, which agree by chance long before they are right.
   */
  readonly tolerance?: number;
}

export interface HutchinsonResult {
  readonly trace: number;
  /** Standard error of the trace; NaN for a single sample. */
  readonly traceError: number;
  readonly frobenius: number;
  /** Standard error of the norm, by the delta method. */
  readonly frobeniusError: number;
  readonly samples: number;
}

const fewest = 10;

/** Independent signs, 32 a draw. */
export function signs(rng: Rng, size: number): Float64Array {
  const out = new Float64Array(size);
  for (let i = 0; i < size; i += 32) {
    const bits = rng.int(0x100000000);
    for (let j = i; j < Math.min(size, i + 32); j++) out[j] = (bits >>> (j - i)) & 1 ? 1 : -1;
  }
  return out;
}

/** Mean of the values and its standard error. */
export function meanWithError(values: readonly number[]): { mean: number; error: number } {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return { mean, error: Number.NaN };
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (n - 1) / n) };
}

/** Both estimates from the same products. Default 100 samples or 0.1%, whichever is first. */
export async function hutchinson(
  oracle: LossOracle,
  w: Float64Array,
  options: HutchinsonOptions = {},
): Promise<HutchinsonResult> {
  const { seed = 0, samples = 100, tolerance = 1e-3 } = options;
  if (!(samples >= 1)) throw new BasinError("invalid-argument", "Hutchinson's estimate needs at least one sample.");
  checkDimension(oracle, w);
  throwIfAborted(options.signal);
  const traces: number[] = [];
  const squares: number[] = [];
  for (let sample = 0; sample < samples; sample++) {
    // A stream a sample, so that more samples extend the ones before.
    const v = signs(rngForKey(`${seed}:flatness:hutchinson:${sample}`), oracle.dimension);
    const product = await oracle.hessianVector(w, v);
    traces.push(dot(v, product));
    squares.push(dot(product, product));
    step(options, sample + 1, samples);
    const { mean, error } = meanWithError(traces);
    if (sample + 1 >= fewest && error <= tolerance * Math.abs(mean)) break;
  }
  const trace = meanWithError(traces);
  const square = meanWithError(squares);
  const frobenius = Math.sqrt(square.mean);
  return {
    trace: trace.mean,
    traceError: trace.error,
    frobenius,
    frobeniusError: square.error === 0 ? 0 : square.error / (2 * frobenius),
    samples: traces.length,
  };
}
