/**
 * A surface over a square seen from a turning viewpoint: parallel projection, so that lengths can be compared.
 * Invariant: turning never changes the size; nearer faces come later in the order of painting.
 */

export interface Viewpoint {
  /** Degrees about the vertical axis. */
  readonly azimuth: number;
  /** Degrees above the horizon, in [minElevation, maxElevation]. */
  readonly elevation: number;
}

export const defaultViewpoint: Viewpoint = { azimuth: 35, elevation: 32 };
export const minElevation = 5;
export const maxElevation = 85;

/** Height of the largest value, in sides of the square. */
export const surfaceHeight = 0.62;

export interface ProjectedPoint {
  readonly x: number;
  readonly y: number;
  /** Larger is nearer. */
  readonly depth: number;
}

export function turned({ azimuth, elevation }: Viewpoint, byAzimuth: number, byElevation: number): Viewpoint {
  return {
    azimuth: (((azimuth + byAzimuth) % 360) + 360) % 360,
    elevation: Math.min(maxElevation, Math.max(minElevation, elevation + byElevation)),
  };
}

/** Pixels to which points of the unit box are projected. */
export interface Camera {
  project(x: number, y: number, z: number): ProjectedPoint;
}

/** @param width, height pixels to fill; x and y of points in [-0.5, 0.5], z in [0, 1] */
export function cameraFor({ azimuth, elevation }: Viewpoint, width: number, height: number): Camera {
  const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
  const [ca, sa, ce, se] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
  // The square's corners turn on a circle of this radius, whatever the azimuth.
  const radius = Math.SQRT1_2;
  const scale = Math.min(width / (2 * radius), height / (2 * radius * se + surfaceHeight * ce));
  const middle = height / 2 + (scale * surfaceHeight * ce) / 2;
  return {
    project: (x, y, z) => {
      const across = x * ca - y * sa;
      const towards = x * sa + y * ca;
      const up = z * surfaceHeight;
      return {
        x: width / 2 + scale * across,
        y: middle + scale * (towards * se - up * ce),
        depth: towards * ce + up * se,
      };
    },
  };
}

/** Cells of an n x n grid from the farthest to the nearest: cell i * (n - 1) + j has the corner (i, j). O(n^2 log n). */
export function paintOrder(points: readonly ProjectedPoint[], n: number): Int32Array {
  const cells = (n - 1) ** 2;
  const depth = new Float64Array(cells);
  for (let i = 0; i + 1 < n; i++)
    for (let j = 0; j + 1 < n; j++)
      depth[i * (n - 1) + j] =
        points[i * n + j]!.depth +
        points[(i + 1) * n + j]!.depth +
        points[i * n + j + 1]!.depth +
        points[(i + 1) * n + j + 1]!.depth;
  return Int32Array.from({ length: cells }, (_, cell) => cell).sort((p, q) => depth[p]! - depth[q]! || p - q);
}

/** The projected point nearest to a place within `reach` pixels; of those close to each other the one in front. -1 = none. */
export function pickPoint(points: readonly ProjectedPoint[], x: number, y: number, reach: number): number {
  let best = -1;
  let rank = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < points.length; i++) {
    const point = points[i]!;
    const distance = Math.hypot(point.x - x, point.y - y);
    // Half a reach of distance weighs as much as half the square of depth.
    const score = point.depth - distance / reach;
    if (!(distance <= reach) || score <= rank) continue;
    rank = score;
    best = i;
  }
  return best;
}
