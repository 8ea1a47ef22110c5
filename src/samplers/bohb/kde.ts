/**
 * Kernel density estimate of configurations, as in BOHB (Falkner et al. 2018, after HpBandSter): a normal kernel per number,
 * Aitchison and Aitken's per category, bandwidths by the normal reference rule 1.06 sd n^(-1/(4+d)), never below a least one.
 * Rows are coordinates: numbers on the unit interval, categories by index. Invariant: bandwidths depend on the rows alone.
 */
import { logSqrt2Pi, normalCdf, normalQuantile } from "../../core/normal.ts";
import type { Rng } from "../../core/rng.ts";
import { fromUnit, gridIndex, isNumeric, toUnit, type SearchedParameter } from "../../core/space/domain.ts";
import type { Params } from "../../core/space/parameter.ts";

/** Coordinates of a configuration; NaN where a parameter is inactive. */
export function coordinatesOf(parameters: readonly SearchedParameter[], params: Params): Float64Array {
  return Float64Array.from(parameters, (parameter) => {
    const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    if (value === undefined) return Number.NaN;
    if (isNumeric(parameter)) return toUnit(parameter, value);
    const index = gridIndex(parameter, value);
    return index < 0 ? Number.NaN : index;
  });
}

/**
 * Fills what is inactive with the same parameters of a row, drawn by chance, in which they are active; where there is none,
 * with a uniform draw.
 */
export function impute(
  rows: readonly Float64Array[],
  parameters: readonly SearchedParameter[],
  rng: Rng,
): Float64Array[] {
  const donors = parameters.map((_, d) => rows.flatMap((row, i) => (Number.isNaN(row[d]) ? [] : [i])));
  return rows.map((row) => {
    const filled = Float64Array.from(row);
    for (let d = 0; d < filled.length; d++) {
      if (!Number.isNaN(filled[d])) continue;
      const parameter = parameters[d]!;
      if (donors[d]!.length === 0) {
        filled[d] = isNumeric(parameter) ? rng.next() : rng.int(parameter.choices.length);
        continue;
      }
      // All that the donor knows is taken at once: parameters that are active together stay together.
      const donor = rows[rng.choice(donors[d]!)]!;
      for (let k = d; k < filled.length; k++) if (Number.isNaN(filled[k])) filled[k] = donor[k]!;
    }
    return filled;
  });
}

export class Kde {
  readonly bandwidths: Float64Array;
  readonly #rows: readonly Float64Array[];
  /** Choices per dimension; 0 for a number. */
  readonly #choices: Int32Array;

  /** @param rows at least one, without NaN */
  constructor(rows: readonly Float64Array[], parameters: readonly SearchedParameter[], leastBandwidth: number) {
    this.#rows = rows;
    this.#choices = Int32Array.from(parameters, (parameter) => (isNumeric(parameter) ? 0 : parameter.choices.length));
    const scale = 1.06 * rows.length ** (-1 / (4 + parameters.length));
    this.bandwidths = Float64Array.from(parameters, (_, d) => {
      const mean = rows.reduce((sum, row) => sum + row[d]!, 0) / rows.length;
      const variance = rows.reduce((sum, row) => sum + (row[d]! - mean) ** 2, 0) / rows.length;
      const width = Math.max(leastBandwidth, scale * Math.sqrt(variance));
      const choices = this.#choices[d]!;
      // Beyond this the own category would be less likely than the others.
      return choices === 0 ? width : Math.min(width, (choices - 1) / choices);
    });
  }

  /** Log density at a point (mass for categories). O(rows x dimensions). */
  logDensity(point: Float64Array): number {
    const d = point.length;
    let base = -Math.log(this.#rows.length);
    const inverse = new Float64Array(d);
    const same = new Float64Array(d);
    const other = new Float64Array(d);
    for (let k = 0; k < d; k++) {
      const width = this.bandwidths[k]!;
      const choices = this.#choices[k]!;
      if (choices === 0) {
        inverse[k] = 1 / width;
        base -= Math.log(width) + logSqrt2Pi;
      } else {
        same[k] = Math.log1p(-width);
        other[k] = Math.log(width / (choices - 1));
      }
    }
    const logs = new Float64Array(this.#rows.length);
    let top = Number.NEGATIVE_INFINITY;
    this.#rows.forEach((row, i) => {
      let log = 0;
      for (let k = 0; k < d; k++) {
        if (this.#choices[k] === 0) {
          const z = (point[k]! - row[k]!) * inverse[k]!;
          log -= 0.5 * z * z;
        } else log += point[k] === row[k] ? same[k]! : other[k]!;
      }
      logs[i] = log;
      if (log > top) top = log;
    });
    let sum = 0;
    for (const log of logs) sum += Math.exp(log - top);
    return base + top + Math.log(sum);
  }

  /**
   * A point near a row drawn by chance: numbers by a normal of `factor` bandwidths truncated to [0, 1], on their grid;
   * categories kept with probability 1 - bandwidth, else drawn uniformly. O(dimensions).
   */
  sampleAround(parameters: readonly SearchedParameter[], factor: number, rng: Rng): Float64Array {
    const row = rng.choice(this.#rows);
    return Float64Array.from(parameters, (parameter, k) => {
      const width = this.bandwidths[k]!;
      const at = row[k]!;
      if (!isNumeric(parameter)) return rng.next() < 1 - width ? at : rng.int(parameter.choices.length);
      const sd = factor * width;
      const low = normalCdf(-at / sd);
      const high = normalCdf((1 - at) / sd);
      const u = at + sd * normalQuantile(low + rng.next() * (high - low));
      // Judged as it will be run.
      return toUnit(parameter, fromUnit(parameter, u));
    });
  }
}
