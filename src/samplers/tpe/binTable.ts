/**
 * Log masses of normals truncated to [0, 1] on the bins of a grid, worked out when first asked for: most kernels are far
 * from a candidate in another dimension, and their masses are never needed.
 * Invariant: equal (mu, sigma) and equal bins share one entry; every mass is at most 1.
 */
import { fastLogNormalMass, fastNormalCdf, logSqrt2Pi } from "../../core/normal.ts";
import { binOf, type NumericParameter } from "../../core/space/domain.ts";

export class BinTable {
  readonly #mus: readonly number[];
  readonly #sigmas: readonly number[];
  readonly #columns: Int32Array;
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  /** Per kind, once asked for: a value per distinct bin, 0 where not yet known (a mass of 1 is worked out again). */
  readonly #rows: (Float64Array | undefined)[] = [];
  /** Log normaliser per kind; 1 where not yet known. */
  readonly #norms: Float64Array;

  /**
   * @param mus, sigmas the kernels' kinds
   * @param indices grid index of each candidate
   */
  constructor(
    parameter: NumericParameter,
    mus: readonly number[],
    sigmas: readonly number[],
    indices: readonly number[],
  ) {
    this.#mus = mus;
    this.#sigmas = sigmas;
    const columnOf = new Map<number, number>();
    this.#columns = Int32Array.from(indices, (index) => {
      const known = columnOf.get(index);
      if (known !== undefined) return known;
      const bin = binOf(parameter, index);
      this.#to.push(bin.to);
      columnOf.set(index, columnOf.size);
      return this.#from.push(bin.from) - 1;
    });
    this.#norms = new Float64Array(mus.length).fill(1);
  }

  /** Log mass of kind `kind` on the bin of candidate `candidate`. */
  at(kind: number, candidate: number): number {
    const column = this.#columns[candidate]!;
    const known = this.#rows[kind]?.[column] ?? 0;
    return known < 0 ? known : this.#fill(kind, column);
  }

  #fill(kind: number, column: number): number {
    const mu = this.#mus[kind]!;
    const sigma = this.#sigmas[kind]!;
    let norm = this.#norms[kind]!;
    if (norm > 0) {
      norm = Math.log(fastNormalCdf((1 - mu) / sigma) - fastNormalCdf(-mu / sigma));
      this.#norms[kind] = norm;
    }
    const value = Math.min(0, logBinMass(mu, sigma, this.#from[column]!, this.#to[column]!) - norm);
    const row = (this.#rows[kind] ??= new Float64Array(this.#from.length));
    row[column] = value;
    return value;
  }
}

/**
 * Log mass of a normal on [from, to]. A bin narrow against sigma is treated by its cumulants (normal convolved with the
 * bin: variance + w^2/12, fourth cumulant -w^4/120), with a relative error below 1e-6 near the centre.
 */
function logBinMass(mu: number, sigma: number, from: number, to: number): number {
  const width = to - from;
  if (width > 0.25 * sigma) return fastLogNormalMass((from - mu) / sigma, (to - mu) / sigma);
  const variance = sigma * sigma + (width * width) / 12;
  const offset = 0.5 * (from + to) - mu;
  const z2 = (offset * offset) / variance;
  const ratio = (width * width) / variance;
  const fourth = ((ratio * ratio) / 2880) * (z2 * z2 - 6 * z2 + 3);
  return -0.5 * z2 - fourth + Math.log(width / Math.sqrt(variance)) - logSqrt2Pi;
}
