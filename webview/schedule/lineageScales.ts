/** Vertical scales of the lineage: members, categories, values with room at both ends. Pure. */
import { linearScale, type Scale, type Tick } from "../shared/scales.ts";

/** A domain with a little room at both ends. */
export function paddedScale(low: number, high: number): Scale {
  const pad = (high - low) * 0.06;
  return linearScale(low - pad, high + pad);
}

/** Members from top to bottom, numbered from 1, at most a label every so many. */
export function laneScale(lanes: number): Scale {
  const high = Math.max(1, lanes);
  const toUnit = (lane: number): number => 1 - (lane + 0.5) / high;
  return {
    low: 0,
    high,
    log: false,
    toUnit,
    fromUnit: (unit) => (1 - unit) * high - 0.5,
    ticks: (count) => {
      const every = Math.max(1, Math.ceil(high / Math.max(2, count)));
      const ticks: Tick[] = [];
      for (let lane = 0; lane < lanes; lane += every) ticks.unshift({ value: lane, label: String(lane + 1) });
      return ticks;
    },
  };
}

/** Categories evenly spaced, in the order of the study file. */
export function categoryScale(names: readonly string[]): Scale {
  const scale = linearScale(-0.5, names.length - 0.5);
  return { ...scale, ticks: () => names.map((name, value) => ({ value, label: name.slice(0, 12) })) };
}
