/**
 * What "one to noise" compares an embedding with: standard normal points, drawn once for a study.
 * TopoHyperDrive leaves open what the noise is. Its width matters a great deal (against 2 columns separated clusters score
 * lower than a shapeless cloud, against 64 and more much higher), so it is fixed for a study.
 * Invariant: a function of the study's seed, the number of points and the width; the same for every trial.
 */
import { rngForKey } from "../core/rng.ts";
import type { PointCloud } from "./pointCloud.ts";

/** `count` rows N(0, I) of `width` columns. O(count width). */
export function noiseCloud(seed: number, count: number, width: number): PointCloud {
  const rng = rngForKey(`${seed}:rtd-noise:${count}:${width}`);
  const points = Float64Array.from({ length: count * width }, () => rng.normal());
  return { points, count, width };
}

/** The rows of an embedding in an order that is the same for every embedding of so many rows. O(count width). */
export function shuffledRows(seed: number, { points, count, width }: PointCloud): PointCloud {
  const rows = Array.from({ length: count }, (_, row) => row);
  const order = rngForKey(`${seed}:rtd-shuffle:${count}`).shuffle(rows);
  const out = new Float64Array(points.length);
  order.forEach((from, row) => out.set(points.subarray(from * width, (from + 1) * width), row * width));
  return { points: out, count, width };
}
