/**
 * Axes of the parallel plot from the panel's columns: order, scale, and where each trial crosses. Pure.
 * Invariant: the first objective is the last axis and is never hidden; `units` are 0 (bottom) to 1 (top), NaN = not set.
 */
import { formatValue } from "../../src/core/format.ts";
import type { Interval } from "../shared/brushes.ts";
import type { PanelColumn } from "../shared/columnModel.ts";
import { linearScale, logScale, robustExtent, wantsLog, type Scale } from "../shared/scales.ts";

export interface Axis {
  readonly column: PanelColumn;
  readonly key: string;
  readonly label: string;
  readonly isObjective: boolean;
  readonly inverted: boolean;
  /** Numeric axes. */
  readonly scale: Scale | undefined;
  /** Categorical axes: codes from bottom to top (before inversion). */
  readonly codes: readonly number[];
  readonly units: Float32Array;
  readonly anyMissing: boolean;
  /** Values lie beyond the domain and are drawn at its ends. */
  readonly clamped: boolean;
}

export interface AxisChoices {
  readonly hidden: readonly string[];
  readonly order: readonly string[];
  readonly inverted: readonly string[];
}

/** Columns that can be an axis, in the person's order, the first objective last. */
export function axisColumns(
  columns: readonly PanelColumn[],
  { hidden, order }: Pick<AxisChoices, "hidden" | "order">,
): readonly PanelColumn[] {
  const usable = columns.filter(
    (column) => column.role === "param" || column.role === "metric" || column.role === "objective",
  );
  const objective = usable.find((column) => column.role === "objective");
  const rest = usable.filter((column) => column !== objective && !hidden.includes(column.key));
  const place = (column: PanelColumn): number => {
    const at = order.indexOf(column.key);
    return at < 0 ? order.length + rest.indexOf(column) : at;
  };
  const placed = new Map(rest.map((column) => [column, place(column)]));
  const sorted = [...rest].sort((a, b) => placed.get(a)! - placed.get(b)!);
  return objective === undefined ? sorted : [...sorted, objective];
}

/** O(trials) per axis. `goodness` orders the categories: the better their mean, the higher. */
export function buildAxis(column: PanelColumn, inverted: boolean, goodness: Float32Array): Axis {
  const common = { column, key: column.key, label: column.label, isObjective: column.role === "objective", inverted };
  if (column.categories !== undefined) {
    const codes = codesByMean(column, goodness);
    const place = new Float32Array(codes.length);
    codes.forEach((code, i) => (place[code] = (i + 0.5) / codes.length));
    const { units, anyMissing } = unitsOf(column.values, (code) => place[code]!, inverted);
    return { ...common, scale: undefined, codes, units, anyMissing, clamped: false };
  }
  const { scale, clamped } = axisScale(column);
  const { units, anyMissing } = unitsOf(
    column.values,
    (value) => Math.min(1, Math.max(0, scale.toUnit(value))),
    inverted,
  );
  return { ...common, scale, codes: [], units, anyMissing, clamped };
}

function unitsOf(
  values: Float64Array,
  toUnit: (value: number) => number,
  inverted: boolean,
): { units: Float32Array; anyMissing: boolean } {
  const units = new Float32Array(values.length);
  let anyMissing = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      units[i] = Number.NaN;
      anyMissing = true;
    } else units[i] = inverted ? 1 - toUnit(value) : toUnit(value);
  }
  return { units, anyMissing };
}

function axisScale(column: PanelColumn): { readonly scale: Scale; readonly clamped: boolean } {
  const { domain } = column;
  if (domain !== undefined) {
    const make = domain.scale === "log" && domain.low > 0 ? logScale : linearScale;
    return { scale: make(domain.low, domain.high, domain.integer), clamped: false };
  }
  const extent = robustExtent(column.values, column.direction === "maximize" ? "high" : "low");
  if (extent === undefined) return { scale: linearScale(0, 1), clamped: false };
  const make = wantsLog(extent.low, extent.high) ? logScale : linearScale;
  return { scale: make(extent.low, extent.high), clamped: extent.beyond > 0 };
}

/** Category codes by mean goodness, worst first; those never seen with a value keep the file's order at the bottom. */
export function codesByMean(column: PanelColumn, goodness: Float32Array): readonly number[] {
  const count = column.categories?.length ?? 0;
  const sums = new Float64Array(count);
  const seen = new Float64Array(count);
  for (let i = 0; i < column.values.length; i++) {
    const code = column.values[i]!;
    if (Number.isNaN(code) || Number.isNaN(goodness[i]!)) continue;
    sums[code]! += goodness[i]!;
    seen[code]!++;
  }
  const mean = (code: number): number => (seen[code] === 0 ? -1 : sums[code]! / seen[code]!);
  return Array.from({ length: count }, (_, code) => code).sort((a, b) => mean(a) - mean(b) || a - b);
}

export interface AxisTick {
  readonly unit: number;
  readonly label: string;
}

export function axisTicks(axis: Axis, height: number): readonly AxisTick[] {
  const turn = (unit: number): number => (axis.inverted ? 1 - unit : unit);
  if (axis.scale !== undefined) {
    const { scale } = axis;
    return scale
      .ticks(Math.max(2, Math.floor(height / 40)))
      .map(({ value, label }) => ({ unit: turn(scale.toUnit(value)), label }));
  }
  const n = axis.codes.length;
  // Hundreds of categories: every k-th is named, the rest on hover.
  const every = Math.max(1, Math.ceil((n * 14) / Math.max(1, height)));
  return axis.codes.flatMap((code, i) =>
    i % every === 0 ? [{ unit: turn((i + 0.5) / n), label: formatValue(axis.column.categories?.[code] ?? null) }] : [],
  );
}

/** A stretch of the axis in units, low <= high. */
export type Stretch = readonly [number, number];

/** Where an axis's brushes are drawn: numbers as they are, neighbouring categories joined. */
export function stretchesOf(axis: Axis, intervals: readonly Interval[]): readonly Stretch[] {
  const turn = ([a, b]: Stretch): Stretch => (axis.inverted ? [1 - b, 1 - a] : [a, b]);
  if (axis.scale !== undefined) {
    const { scale } = axis;
    const unit = (value: number): number => Math.min(1, Math.max(0, scale.log && value <= 0 ? 0 : scale.toUnit(value)));
    return intervals.map(([a, b]) => turn([unit(a), unit(b)]));
  }
  const n = axis.codes.length;
  const stretches: [number, number][] = [];
  axis.codes.forEach((code, i) => {
    if (!intervals.some(([a, b]) => code >= a && code <= b)) return;
    const last = stretches.at(-1);
    if (last !== undefined && Math.abs(last[1] - i / n) < 1e-9) last[1] = (i + 1) / n;
    else stretches.push([i / n, (i + 1) / n]);
  });
  return stretches.map(turn);
}

/** The inverse of `stretchesOf`: what a brushed stretch means as values. */
export function intervalsOf(axis: Axis, stretches: readonly Stretch[]): readonly Interval[] {
  const turned = stretches.map(([a, b]): Stretch => (axis.inverted ? [1 - b, 1 - a] : [a, b]));
  if (axis.scale !== undefined) {
    const { scale } = axis;
    return turned.map(([a, b]): Interval => [
      // At the end of the axis the domain's own value: rounding must not lose the extreme trial.
      a <= 0 ? (axis.clamped ? -Number.MAX_VALUE : scale.low) : scale.fromUnit(a),
      b >= 1 ? (axis.clamped ? Number.MAX_VALUE : scale.high) : scale.fromUnit(b),
    ]);
  }
  const n = axis.codes.length;
  return axis.codes
    .filter((_, i) => turned.some(([a, b]) => (i + 0.5) / n >= a && (i + 0.5) / n <= b))
    .map((code): Interval => [code, code]);
}
