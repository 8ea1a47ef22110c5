/**
 * The one scale of losses that landscapes share, so that two of them can be compared, and the levels of their lines.
 * Invariant: every finite loss lies inside; log as soon as linear colours would show nothing but the rim.
 */
import type { PlaneValues } from "../../src/core/flatness.ts";
import { extentOf, linearScale, logScale, niceStep, type Scale } from "../shared/scales.ts";

/** From this ratio of the largest to the smallest loss on, the scale is logarithmic. */
const logFrom = 20;

export function landscapeScale(planes: readonly Pick<PlaneValues, "losses">[]): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { losses } of planes) {
    const extent = extentOf(losses.filter(Number.isFinite));
    if (extent === undefined) continue;
    low = Math.min(low, extent[0]);
    high = Math.max(high, extent[1]);
  }
  if (!(low <= high)) return linearScale(0, 1);
  return low > 1e-290 && high / low >= logFrom ? logScale(low, high) : linearScale(low, high);
}

/** About `count` round levels strictly inside the scale; on a log scale they are spread evenly over it when it is short. */
export function contourLevels(scale: Scale, count: number): readonly number[] {
  const inside = (level: number): boolean => level > scale.low && level < scale.high;
  if (scale.log) {
    const [first, last] = [Math.floor(Math.log10(scale.low)), Math.ceil(Math.log10(scale.high))];
    const round: number[] = [];
    for (let e = first; e <= last; e++)
      for (const m of [1, 2, 5]) if (inside(m * 10 ** e)) round.push(Number(`${m}e${e}`));
    if (round.length >= count / 2 && round.length <= 2 * count) return round;
    return Array.from({ length: count }, (_, i) => Number(scale.fromUnit((i + 1) / (count + 1)).toPrecision(2))).filter(
      (level, i, all) => inside(level) && level !== all[i - 1],
    );
  }
  const step = niceStep(scale.high - scale.low, count);
  const first = Math.ceil(scale.low / step);
  const levels: number[] = [];
  for (let k = first; k * step < scale.high; k++) levels.push(Number((k * step).toPrecision(12)));
  return levels.filter(inside);
}

/** Value between grid points, bilinear; NaN where a neighbour is none. `x`, `y` in grid units. */
export function bilinear(values: ArrayLike<number>, n: number, x: number, y: number): number {
  const [i, j] = [Math.min(n - 2, Math.max(0, Math.floor(x))), Math.min(n - 2, Math.max(0, Math.floor(y)))];
  const [s, t] = [x - i, y - j];
  const at = (di: number, dj: number): number => values[(i + di) * n + j + dj]!;
  // A weight of zero must not bring in a neighbour that is no number.
  const mix = (a: number, b: number, share: number): number =>
    share === 0 ? a : share === 1 ? b : a + (b - a) * share;
  return mix(mix(at(0, 0), at(1, 0), s), mix(at(0, 1), at(1, 1), s), t);
}
