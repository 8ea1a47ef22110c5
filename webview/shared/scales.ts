/**
 * Axis scales and their ticks: value <-> position on [0, 1], with labels that are short and told apart.
 * Invariant: `toUnit` is increasing and `fromUnit` its inverse; ticks lie inside the domain, in increasing order.
 */
import { formatDuration, formatNumber } from "../../src/core/format.ts";

export interface Tick {
  readonly value: number;
  /** Empty: a mark without text. */
  readonly label: string;
}

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  toUnit(value: number): number;
  fromUnit(unit: number): number;
  /** At most about `count` labelled ticks. */
  ticks(count: number): readonly Tick[];
}

/** 1, 2 or 5 times a power of ten, the smallest that is >= span / count. */
export function niceStep(span: number, count: number): number {
  const raw = span / Math.max(1, count);
  if (!(raw > 0) || !Number.isFinite(raw)) return 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const fraction = raw / power;
  // 1e-9: 0.30000000000000004 / 0.1 must count as 3, not as a hair above.
  const nice = fraction <= 1 + 1e-9 ? 1 : fraction <= 2 + 1e-9 ? 2 : fraction <= 5 + 1e-9 ? 5 : 10;
  return nice * power;
}

/** Label of a tick when neighbours are `step` apart: enough decimals to tell them apart, no more. */
export function tickLabel(value: number, step: number): string {
  const magnitude = Math.abs(value);
  if (magnitude < step * 1e-6) return "0";
  const digits = Math.max(0, Math.floor(Math.log10(magnitude)) - Math.floor(Math.log10(step) + 1e-9));
  // Powers of ten only while they stay short: 100,000.2 beside 100,000.4 is plainer in full.
  if ((magnitude >= 1e5 || magnitude < 1e-3) && digits <= 4) {
    const [mantissa = "0", exponent = "+0"] = value.toExponential(digits).split("e");
    return `${mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa}e${Number(exponent)}`;
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return value.toFixed(Math.min(12, decimals));
}

/** Evenly spaced round values covering [low, high]. */
export function linearTicks(low: number, high: number, count: number, integer = false): readonly Tick[] {
  if (!(high > low)) return [{ value: low, label: formatNumber(low) }];
  let step = niceStep(high - low, count);
  if (integer) step = Math.max(1, Math.round(step));
  const ticks: Tick[] = [];
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  for (let i = first; i <= last; i++) ticks.push({ value: i * step, label: tickLabel(i * step, step) });
  return ticks;
}

/**
 * Powers of ten (every k-th when there are many), with 2 and 5 between them when there is room, and plain round values
 * when the domain is less than a decade.
 */
export function logTicks(low: number, high: number, count: number, integer = false): readonly Tick[] {
  if (!(high > low)) return [{ value: low, label: formatNumber(low) }];
  const decades = Math.log10(high / low);
  if (decades < 0.9) return linearTicks(low, high, count, integer);
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const values: number[] = [];
  const wanted = Math.max(2, count);
  if (decades * 3 <= wanted || last - first < 1) {
    for (let e = first - 1; e <= last; e++) for (const m of [1, 2, 5]) values.push(m * 10 ** e);
  } else {
    const every = Math.max(1, Math.ceil((last - first + 1) / wanted));
    for (let e = last; e >= first; e -= every) values.push(10 ** e);
    values.reverse();
  }
  return values
    .filter((v) => v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9) && (!integer || v >= 1))
    .map((value) => ({ value, label: powerLabel(value) }));
}

/** 0.001 -> "1e-3", 0.01 -> "0.01", 1000 -> "1000", 1e5 -> "1e5". */
function powerLabel(value: number): string {
  return value >= 0.0099 && value < 99_999
    ? formatNumber(Number(value.toPrecision(4)))
    : tickLabel(Number(value.toPrecision(2)), value);
}

/** Seconds, minutes, hours or days in steps that clocks have; values in ms. */
export function durationTicks(lowMs: number, highMs: number, count: number): readonly Tick[] {
  const second = 1000;
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
  const raw = (highMs - lowMs) / Math.max(1, count);
  const day = 86_400;
  const stepSeconds = steps.find((s) => s * second >= raw) ?? niceStep((highMs - lowMs) / (day * second), count) * day;
  const step = stepSeconds * second;
  const ticks: Tick[] = [];
  for (let i = Math.ceil(lowMs / step - 1e-9); i * step <= highMs * (1 + 1e-9); i++) {
    const ms = i * step;
    ticks.push({
      value: ms,
      label: stepSeconds >= day ? `${formatNumber(ms / (day * second))} d` : formatDuration(ms),
    });
  }
  return ticks;
}

/** A domain with some width: equal ends are moved apart so that a single value sits in the middle. */
function widened(low: number, high: number, log: boolean): readonly [number, number] {
  if (high > low) return [low, high];
  if (log) return [low / 2, low * 2];
  const pad = low === 0 ? 1 : Math.abs(low) * 0.1;
  return [low - pad, low + pad];
}

export function linearScale(low: number, high: number, integer = false): Scale {
  const [lo, hi] = widened(low, high, false);
  const span = hi - lo;
  return {
    low: lo,
    high: hi,
    log: false,
    toUnit: (value) => (value - lo) / span,
    fromUnit: (unit) => lo + unit * span,
    ticks: (count) => linearTicks(lo, hi, count, integer),
  };
}

/** @throws RangeError unless 0 < low <= high */
export function logScale(low: number, high: number, integer = false): Scale {
  if (!(low > 0)) throw new RangeError(`A log axis needs positive values, not ${low}.`);
  const [lo, hi] = widened(low, high, true);
  const base = Math.log(lo);
  const span = Math.log(hi) - base;
  return {
    low: lo,
    high: hi,
    log: true,
    toUnit: (value) => (Math.log(value) - base) / span,
    fromUnit: (unit) => Math.exp(base + unit * span),
    ticks: (count) => logTicks(lo, hi, count, integer),
  };
}

export function durationScale(lowMs: number, highMs: number): Scale {
  const scale = linearScale(lowMs, highMs > lowMs ? highMs : lowMs + 1000);
  return { ...scale, ticks: (count) => durationTicks(scale.low, scale.high, count) };
}

/** Smallest and largest finite value; undefined when there is none. O(n), no argument-list limits. */
export function extentOf(values: ArrayLike<number>): readonly [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low && value !== Number.NEGATIVE_INFINITY) low = value;
    if (value > high && value !== Number.POSITIVE_INFINITY) high = value;
  }
  return low <= high ? [low, high] : undefined;
}

/** Quantile of a sorted array, linear between neighbours. */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const a = sorted[below]!;
  const b = sorted[Math.min(sorted.length - 1, below + 1)]!;
  return a + (b - a) * (at - below);
}

export interface RobustExtent {
  readonly low: number;
  readonly high: number;
  /** Values outside, which a chart draws at its edge. */
  readonly beyond: number;
}

/**
 * Domain for measured values: everything, unless a few diverged values would squash the rest; then the bulk (5 % to 95 %
 * widened by its own width on each side), always with the end that holds the best values. O(n log n), at most 20,000 sampled.
 */
export function robustExtent(values: ArrayLike<number>, best: "low" | "high"): RobustExtent | undefined {
  const full = extentOf(values);
  if (full === undefined) return undefined;
  const every = Math.max(1, Math.floor(values.length / 20_000));
  const sample: number[] = [];
  for (let i = 0; i < values.length; i += every) if (Number.isFinite(values[i]!)) sample.push(values[i]!);
  const sorted = Float64Array.from(sample).sort();
  const a = quantileSorted(sorted, 0.05);
  const b = quantileSorted(sorted, 0.95);
  let [low, high] = full;
  const bulk = b - a;
  if (sorted.length >= 8 && bulk > 0 && high - low > 8 * bulk) {
    if (best === "low") high = Math.min(high, b + bulk);
    else low = Math.max(low, a - bulk);
  }
  let beyond = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! < low || values[i]! > high) beyond++;
  return { low, high, beyond };
}

/** Log is the readable choice for positive values over more than three decades. */
export function wantsLog(low: number, high: number): boolean {
  return low > 0 && high / low > 1000;
}
