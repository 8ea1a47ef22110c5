/**
 * Axes that fit a cloud of points.
 * Invariant: every finite value lies inside, with a little room at both ends.
 */
import { extentOf, linearScale, logScale, wantsLog, type Scale } from "./scales.ts";

const padding = 0.05;

/** A scale over all finite values, 5 % wider at both ends; log where that is readable and allowed. */
export function fittedScale(values: ArrayLike<number>, mayBeLog: boolean): Scale {
  const extent = extentOf(values);
  if (extent === undefined) return linearScale(0, 1);
  const [low, high] = extent;
  // Below that a padded end could round to zero.
  if (mayBeLog && low > 1e-290 && wantsLog(low, high)) {
    const pad = (high / low) ** padding;
    return logScale(low / pad, high * pad);
  }
  const pad = (high - low) * padding;
  return linearScale(low - pad, high + pad);
}

/** Two linear scales widened about their middles until one unit has the same length on both. */
export function samePixels(x: Scale, y: Scale, width: number, height: number): readonly [Scale, Scale] {
  const unit = Math.max((x.high - x.low) / Math.max(1, width), (y.high - y.low) / Math.max(1, height));
  const about = (scale: Scale, pixels: number): Scale => {
    const middle = (scale.low + scale.high) / 2;
    const half = (unit * Math.max(1, pixels)) / 2;
    return linearScale(middle - half, middle + half);
  };
  return [about(x, width), about(y, height)];
}
