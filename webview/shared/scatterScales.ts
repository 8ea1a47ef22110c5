/**
 * Axes that fit a cloud of points.
 * Invariant: every finite value lies inside, with a little room at both ends; those that do not are counted.
 */
import type { Direction } from "../../src/core/objective.ts";
import { extentOf, linearScale, logScale, robustExtent, wantsLog, type Scale } from "./scales.ts";

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

export interface ObjectiveScale {
  readonly scale: Scale;
  /** Values beyond its ends. */
  readonly beyond: number;
}

/**
 * A scale over an objective's values that a few very bad ones do not stretch; log where that is readable.
 * @param room share of its length that is added at both ends of a linear one
 */
export function objectiveScale(
  values: ArrayLike<number>,
  direction: Direction | undefined,
  room: number,
): ObjectiveScale {
  const extent = robustExtent(values, direction === "maximize" ? "high" : "low");
  if (extent === undefined) return { scale: linearScale(0, 1), beyond: 0 };
  const { low, high, beyond } = extent;
  if (wantsLog(low, high)) return { scale: logScale(low, high), beyond };
  const pad = (high - low) * room;
  return { scale: linearScale(low - pad, high + pad), beyond };
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
