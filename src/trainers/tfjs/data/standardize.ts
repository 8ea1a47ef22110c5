/**
 * Standardisation fitted on the training part only, applied to every part.
 * Invariant: a column that is constant in the training part keeps scale 1, so that nothing is divided by zero.
 */

export interface Scaling {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

/**
 * Mean and standard deviation of each of `groups` interleaved columns over the given rows: with groups = columns every column
 * is its own, with groups = channels all pixels of a channel share one scale. Two passes, float64. O(rows * columns).
 */
export function fitScaling(values: Float32Array, columns: number, groups: number, rows: Int32Array): Scaling {
  const mean = new Float64Array(groups);
  const square = new Float64Array(groups);
  const count = (rows.length * columns) / groups;
  for (const row of rows) for (let j = 0, at = row * columns; j < columns; j++, at++) mean[j % groups]! += values[at]!;
  for (let g = 0; g < groups; g++) mean[g]! /= count;
  for (const row of rows) {
    for (let j = 0, at = row * columns; j < columns; j++, at++)
      square[j % groups]! += (values[at]! - mean[j % groups]!) ** 2;
  }
  const scale = square.map((sum) => {
    const deviation = Math.sqrt(sum / count);
    return deviation > 1e-12 ? deviation : 1;
  });
  return { mean, scale };
}

/** (value - mean) / scale, in place. O(n). */
export function applyScaling(values: Float32Array, columns: number, scaling: Scaling): void {
  const groups = scaling.mean.length;
  for (let at = 0; at < values.length; at += columns) {
    for (let j = 0; j < columns; j++)
      values[at + j] = (values[at + j]! - scaling.mean[j % groups]!) / scaling.scale[j % groups]!;
  }
}
