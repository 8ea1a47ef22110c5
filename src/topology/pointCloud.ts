/**
 * An embedding as topology sees it: n points in so many dimensions, row after row.
 * Invariant: a `PointCloud` has passed `pointCloud`: at least 3 points, at least one column, all numbers finite. One of more
 * than `mostPoints` is compared by subsets only.
 */
import { BasinError } from "../core/errors.ts";

export interface PointCloud {
  /** Row-major, `count * width` numbers. */
  readonly points: Float32Array | Float64Array;
  readonly count: number;
  readonly width: number;
}

/** Fewer points have no triangle. */
export const fewestPoints = 3;
/** A pair of points is kept in 32 bits, and pairs are counted in 31. */
export const mostPoints = 32_767;

/**
 * `points` as `count` rows of `width` numbers.
 * @param name what the points are called in an error, for example a file's name
 * @param most points; more than `mostPoints` only where subsets are compared
 * @throws BasinError `invalid-argument` when there are too few or too many points, no columns, or numbers that are not finite
 */
export function pointCloud(
  points: Float32Array | Float64Array,
  count: number,
  width: number,
  name = "The embedding",
  most: number = mostPoints,
): PointCloud {
  requireCount(count, name, most);
  if (width < 1) throw refusal(`${name} has no columns.`, "Every row needs at least one number.");
  if (points.length !== count * width)
    throw refusal(
      `${name} holds ${points.length} numbers, not ${count} rows of ${width}.`,
      "Every row needs as many numbers as the others.",
    );
  const at = points.findIndex((value) => !Number.isFinite(value));
  if (at !== -1) {
    throw refusal(
      `${name}: the number in row ${Math.floor(at / width) + 1}, column ${(at % width) + 1} is ${points[at]}.`,
      "RTD needs finite numbers: leave such rows out of both embeddings, or look for what made them.",
    );
  }
  return { points, count, width };
}

/**
 * An array of any shape whose first axis is the samples, for example [n, height, width, channels].
 * @throws BasinError as `pointCloud`
 */
export function pointCloudOfShape(
  points: Float32Array | Float64Array,
  shape: readonly number[],
  name?: string,
  most?: number,
): PointCloud {
  const [count = 0, ...axes] = shape;
  return pointCloud(
    points,
    count,
    axes.reduce((product, size) => product * size, 1),
    name,
    most,
  );
}

/** @throws BasinError `invalid-argument` for fewer points than 3 or more than `most` */
export function requireCount(count: number, name = "The embedding", most: number = mostPoints): void {
  if (count < fewestPoints)
    throw refusal(`${name} has ${count} points.`, `RTD needs at least ${fewestPoints}: every sample is one row.`);
  if (count > most) {
    throw refusal(
      `${name} has ${count} points; at most ${most} can be compared at once.`,
      "Compare random subsets: `--batch 500 --trials 10`.",
    );
  }
}

function refusal(message: string, hint: string): BasinError {
  return new BasinError("invalid-argument", message, hint);
}
