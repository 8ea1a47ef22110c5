/**
 * The spectrum of the full Hessian by Lanczos with full re-orthogonalisation: Ritz values, both ends, and a density.
 * Invariant: the Ritz weights of a run add up to 1.
 *
 * A run of m steps from a random unit vector gives a Gauss quadrature of the spectral density: eigenvalues theta_k of the
 * tridiagonal matrix with weights tau_k^2, the squared first components of its eigenvectors (Golub and Welsch 1969). Averaged
 * over starts and broadened by Gaussians it estimates the density (Lin, Saad and Yang 2016; Ghorbani et al. 2019).
 */
import { BasinError } from "../core/errors.ts";
import { rngForKey } from "../core/rng.ts";
import { axpy, dot, norm } from "../core/linalg/vectors.ts";
import { checkDimension, step, throwIfAborted, type LossOracle, type RunOptions } from "./oracle.ts";
import { tridiagonalEigen } from "./tridiagonal.ts";

export interface LanczosOptions extends RunOptions {
  readonly seed?: number;
  /** Steps of a run; at most the dimension. */
  readonly steps?: number;
  /** Independent random starts; more make the density, not its ends, more certain. */
  readonly starts?: number;
}

export interface LanczosRun {
  /** Ritz values, ascending. */
  readonly values: Float64Array;
  /** tau^2 of each, adding up to 1. */
  readonly weights: Float64Array;
}

export interface LanczosResult {
  readonly runs: readonly LanczosRun[];
  /** Smallest and largest Ritz value of all runs: within the spectrum, and close to its ends when these stand out. */
  readonly smallest: number;
  readonly largest: number;
  /** Hessian-vector products used. */
  readonly products: number;
}

/**
 * Lanczos runs. steps * starts products; 8 * steps * dimension bytes for the basis.
 * A run ends early when its Krylov space is exhausted; its Ritz values are then exact eigenvalues.
 */
export async function lanczos(
  oracle: LossOracle,
  w: Float64Array,
  options: LanczosOptions = {},
): Promise<LanczosResult> {
  const { seed = 0, starts = 1 } = options;
  const steps = Math.min(options.steps ?? 20, oracle.dimension);
  if (!(steps >= 1) || !(starts >= 1))
    throw new BasinError("invalid-argument", "Lanczos needs at least one step and one start.");
  checkDimension(oracle, w);
  throwIfAborted(options.signal);
  const runs: LanczosRun[] = [];
  let products = 0;
  for (let start = 0; start < starts; start++) {
    const rng = rngForKey(`${seed}:flatness:lanczos:${start}`);
    const first = Float64Array.from({ length: oracle.dimension }, () => rng.normal());
    const multiply = async (v: Float64Array): Promise<Float64Array> => {
      const product = await oracle.hessianVector(w, v);
      products++;
      step(options, products, steps * starts);
      return product;
    };
    runs.push(await run(multiply, first, steps));
  }
  return {
    runs,
    smallest: Math.min(...runs.map((one) => one.values[0]!)),
    largest: Math.max(...runs.map((one) => one.values.at(-1)!)),
    products,
  };
}

async function run(
  multiply: (v: Float64Array) => Promise<Float64Array>,
  start: Float64Array,
  steps: number,
): Promise<LanczosRun> {
  const length = norm(start);
  let q = start.map((x) => x / length);
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const off: number[] = [];
  for (;;) {
    basis.push(q);
    const u = Float64Array.from(await multiply(q));
    const size = norm(u);
    if (!Number.isFinite(size)) return { values: Float64Array.of(Number.NaN), weights: Float64Array.of(1) };
    diagonal.push(dot(q, u));
    // Twice is enough (Giraud et al. 2005) to keep the basis orthogonal to rounding, so no eigenvalue shows up twice.
    for (let pass = 0; pass < 2; pass++) for (const b of basis) axpy(-dot(b, u), b, u);
    const beta = norm(u);
    if (basis.length === steps || beta <= 1e-10 * size) break;
    off.push(beta);
    q = u.map((x) => x / beta);
  }
  const { values, first } = tridiagonalEigen(diagonal, off);
  return { values, weights: first.map((x) => x * x) };
}

export interface Density {
  readonly positions: Float64Array;
  /** Integrates to 1 over the whole line. */
  readonly values: Float64Array;
  /** Standard deviation of the Gaussians. */
  readonly width: number;
}

/**
 * phi(t) = mean over runs of sum_k tau_k^2 N(t; theta_k, width^2), on an even grid reaching three widths beyond the ends.
 * @param width default 1% of the spread of the Ritz values (of the largest magnitude when there is no spread)
 */
export function spectralDensity(result: LanczosResult, points = 201, width?: number): Density {
  const { runs, smallest, largest } = result;
  const spread = largest - smallest;
  const sigma = width ?? (spread > 0 ? spread / 100 : Math.max(Math.abs(largest), 1e-12) / 100);
  const from = smallest - 3 * sigma;
  const gap = (spread + 6 * sigma) / Math.max(1, points - 1);
  const positions = Float64Array.from({ length: points }, (_, i) => from + i * gap);
  const height = 1 / (sigma * Math.sqrt(2 * Math.PI) * runs.length);
  const values = positions.map((t) => {
    let sum = 0;
    for (const one of runs)
      one.values.forEach((theta, k) => {
        sum += one.weights[k]! * Math.exp(-0.5 * ((t - theta) / sigma) ** 2);
      });
    return sum * height;
  });
  return { positions, values, width: sigma };
}
