/**
 * The pairs of clouds that topology is measured on: six kinds, of any number of points.
 * Invariant: a function of kind and number alone.
 */
import { rngForKey, type Rng } from "../../src/core/rng.ts";
import { pointCloud, type PointCloud } from "../../src/topology/pointCloud.ts";

export interface CloudPair {
  readonly name: string;
  readonly what: string;
  readonly make: (count: number) => readonly [PointCloud, PointCloud];
}

const clusters = 10;

function cloud(count: number, width: number, value: (row: number, column: number) => number): PointCloud {
  const points = Float64Array.from({ length: count * width }, (_, k) => value(Math.floor(k / width), k % width));
  return pointCloud(points, count, width);
}

const gaussian = (count: number, width: number, rng: Rng): PointCloud => cloud(count, width, () => rng.normal());

/** Ten clusters in 64 dimensions, half as wide as their centres are spread. */
function clustered(count: number, rng: Rng): PointCloud {
  const centres = gaussian(clusters, 64, rng).points;
  const own = Array.from({ length: count }, () => rng.int(clusters));
  return cloud(count, 64, (row, column) => centres[own[row]! * 64 + column]! + 0.5 * rng.normal());
}

/** A random linear map to 16 dimensions. */
function projected({ points, count, width }: PointCloud, rng: Rng): PointCloud {
  const map = Float64Array.from({ length: width * 16 }, () => rng.normal() / Math.sqrt(width));
  return cloud(count, 16, (row, column) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += points[row * width + k]! * map[k * 16 + column]!;
    return sum;
  });
}

export const cloudPairs: readonly CloudPair[] = [
  {
    name: "gauss",
    what: "Gaussian in 64 dimensions, and in 128",
    make: (count) => {
      const rng = rngForKey("rtd/gauss");
      return [gaussian(count, 64, rng), gaussian(count, 128, rng)];
    },
  },
  {
    name: "gauss64",
    what: "two Gaussian clouds in 64 dimensions",
    make: (count) => {
      const rng = rngForKey("rtd/gauss64");
      return [gaussian(count, 64, rng), gaussian(count, 64, rng)];
    },
  },
  {
    name: "clusters",
    what: "ten clusters in 64 dimensions, and their projection to 16",
    make: (count) => {
      const rng = rngForKey("rtd/clusters");
      const own = clustered(count, rng);
      return [own, projected(own, rng)];
    },
  },
  {
    name: "drift",
    what: "ten clusters, and the same points a little later",
    make: (count) => {
      const rng = rngForKey("rtd/drift");
      const own = clustered(count, rng);
      return [own, cloud(count, 64, (row, column) => own.points[row * 64 + column]! + 0.25 * rng.normal())];
    },
  },
  {
    name: "noise",
    what: "ten clusters, and Gaussian noise",
    make: (count) => {
      const rng = rngForKey("rtd/noise");
      return [clustered(count, rng), gaussian(count, 64, rng)];
    },
  },
  {
    name: "plane",
    what: "uniform in a square, twice",
    make: (count) => {
      const rng = rngForKey("rtd/plane");
      return [cloud(count, 2, () => rng.next()), cloud(count, 2, () => rng.next())];
    },
  },
];
