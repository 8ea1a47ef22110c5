/**
 * A scheduler's brackets as marks: one for each trial at each rung, and where each stands on the page. Pure.
 * Invariant: marks of a rung follow each other from top to bottom, those without a value last; a mark's `before` is the
 * same trial one rung down in the same bracket.
 */
import type { BracketView } from "../../src/core/brackets.ts";
import type { Direction } from "../../src/core/objective.ts";
import type { Rect } from "../shared/axes.ts";
import type { Scale } from "../shared/scales.ts";
import { indexOfSorted, sortIndex } from "../shared/sortIndex.ts";
import { rungOutcomes, type RungOutcome } from "./outcomes.ts";

export interface RungMarks {
  readonly count: number;
  readonly bracket: Int32Array;
  readonly rung: Int32Array;
  readonly number: Int32Array;
  readonly value: Float64Array;
  /** Index into `rungOutcomes`. */
  readonly outcome: Uint8Array;
  /** -1 = none. */
  readonly before: Int32Array;
  /** Place by trial number within its rung, 0 = the first. */
  readonly order: Int32Array;
  /** Share of all values that are worse, 0..1; NaN without a value. */
  readonly goodness: Float32Array;
  /** First mark of each rung: starts[bracketStart[b] + r]; one more at the end. */
  readonly starts: Int32Array;
  readonly bracketStart: Int32Array;
  /** All finite values, worst first. */
  readonly ranked: Float64Array;
}

/** Trials of a rung by number, and their marks. */
interface Standing {
  readonly numbers: Int32Array;
  readonly marks: Int32Array;
}

const outcomeCodes = Object.fromEntries(rungOutcomes.map((outcome, code) => [outcome, code])) as Readonly<
  Record<RungOutcome, number>
>;

/** O(m log m) for m entries. */
export function rungMarks(brackets: readonly BracketView[], direction: Direction): RungMarks {
  const sign = direction === "maximize" ? 1 : -1;
  let count = 0;
  let rungs = 0;
  for (const bracket of brackets) {
    rungs += bracket.rungs.length;
    for (const rung of bracket.rungs) count += rung.entries.length;
  }
  const ints = (): Int32Array => new Int32Array(count);
  const marks = { bracket: ints(), rung: ints(), number: ints(), before: ints().fill(-1), order: ints() };
  const value = new Float64Array(count);
  const outcome = new Uint8Array(count);
  const starts = new Int32Array(rungs + 1);
  const bracketStart = new Int32Array(brackets.length);
  let at = 0;
  let group = 0;
  for (const [b, bracket] of brackets.entries()) {
    bracketStart[b] = group;
    let below: Standing = { numbers: new Int32Array(0), marks: new Int32Array(0) };
    for (const [r, { entries }] of bracket.rungs.entries()) {
      starts[group++] = at;
      const here: Standing = {
        numbers: Int32Array.from(entries, (entry) => entry.number).sort(),
        marks: new Int32Array(entries.length),
      };
      // Up the page is up the axis whatever is better; without a value last.
      for (const e of sortIndex(
        Float64Array.from(entries, (entry) => entry.value),
        true,
      )) {
        const entry = entries[e]!;
        const order = indexOfSorted(here.numbers, entry.number);
        const earlier = indexOfSorted(below.numbers, entry.number);
        marks.bracket[at] = b;
        marks.rung[at] = r;
        marks.number[at] = entry.number;
        marks.order[at] = order;
        if (earlier >= 0) marks.before[at] = below.marks[earlier]!;
        value[at] = entry.value;
        outcome[at] = outcomeCodes[entry.outcome];
        here.marks[order] = at++;
      }
      below = here;
    }
  }
  starts[group] = at;
  const finite = value.filter((v) => Number.isFinite(v)).sort();
  const ranked = sign > 0 ? finite : finite.toReversed();
  const goodness = Float32Array.from(value, (v) => shareWorse(ranked, v, sign));
  return { count, ...marks, value, outcome, goodness, starts, bracketStart, ranked };
}

/** Share of the ranked values (worst first) that are worse than `value`. O(log n). */
export function shareWorse(ranked: Float64Array, value: number, sign: 1 | -1): number {
  if (Number.isNaN(value)) return Number.NaN;
  if (ranked.length < 2) return 1;
  let low = 0;
  let high = ranked.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sign * ranked[middle]! < sign * value) low = middle + 1;
    else high = middle;
  }
  return Math.min(1, low / (ranked.length - 1));
}

export interface RungGeometry {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Plot of each bracket, below its heading. */
  readonly bands: readonly Rect[];
  /** Steps of the horizontal axis, increasing, and their places. */
  readonly steps: readonly number[];
  readonly columns: readonly number[];
  readonly columnWidth: number;
  /** Where trials without a value or an earlier rung stand in each band; NaN if there are none. */
  readonly lanes: readonly number[];
}

export interface RungFrame {
  /** The whole drawing area between labels of the axes. */
  readonly area: Rect;
  /** Room above each band for its heading. */
  readonly heading: number;
  /** Room for the lane of trials without a value. */
  readonly lane: number;
}

const widest = 18;

/**
 * Brackets above each other on one axis of steps, evenly spaced since rungs grow geometrically. A trial on its way to a rung
 * stands before it, at the height of the value it was promoted for. O(m).
 */
export function layoutRungs(
  marks: RungMarks,
  brackets: readonly BracketView[],
  scale: Scale,
  { area, heading, lane }: RungFrame,
): RungGeometry {
  const steps = [...new Set(brackets.flatMap((bracket) => bracket.rungs.map((rung) => rung.step)))].sort(
    (a, b) => a - b,
  );
  const columnWidth = (area.right - area.left) / Math.max(1, steps.length);
  const columns = steps.map((_, i) => area.left + columnWidth * (i + 0.5));
  const place = new Map(steps.map((step, i) => [step, columns[i]!]));
  const height = (area.bottom - area.top) / Math.max(1, brackets.length);
  const without = brackets.map(() => false);
  for (let i = 0; i < marks.count; i++) {
    if (Number.isNaN(marks.value[i]!) && marks.before[i]! < 0) without[marks.bracket[i]!] = true;
  }
  const bands = brackets.map((_, b): Rect => {
    const top = area.top + height * b + heading;
    const bottom = area.top + height * (b + 1) - (without[b] === true ? lane : 0) - 4;
    return { left: area.left, right: area.right, top, bottom: Math.max(top + 1, bottom) };
  });
  const lanes = bands.map((band, b) => (without[b] === true ? band.bottom + lane / 2 + 2 : Number.NaN));
  const xs = new Float32Array(marks.count);
  const ys = new Float32Array(marks.count);
  for (let i = 0; i < marks.count; i++) {
    const b = marks.bracket[i]!;
    const rung = brackets[b]!.rungs[marks.rung[i]!]!;
    const n = rung.entries.length;
    const spread = n < 2 ? 0 : Math.min(widest, (columnWidth * 0.64) / (n - 1));
    xs[i] = place.get(rung.step)! + (marks.order[i]! - (n - 1) / 2) * spread;
    const band = bands[b]!;
    const value = marks.value[i]!;
    const before = marks.before[i]!;
    if (!Number.isNaN(value)) {
      ys[i] = band.bottom - Math.min(1, Math.max(0, scale.toUnit(value))) * (band.bottom - band.top);
    } else if (before < 0) ys[i] = lanes[b]!;
    else {
      xs[i] = place.get(rung.step)! - columnWidth * 0.4;
      ys[i] = ys[before]!;
    }
  }
  return { xs, ys, bands, steps, columns, columnWidth, lanes };
}

/**
 * Where an arrow key leads: up and down within a rung and on to the next bracket, left and right along the trial's way or,
 * where it has none, to the nearest value of the neighbouring rung.
 */
export function rungNeighbour(marks: RungMarks, at: number, key: string): number | undefined {
  const { count, value, before, starts, bracketStart, bracket, rung } = marks;
  if (count === 0) return undefined;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  const step = key === "ArrowDown" || key === "ArrowRight" ? 1 : key === "ArrowUp" || key === "ArrowLeft" ? -1 : 0;
  if (step === 0) return undefined;
  if (at < 0) return 0;
  if (key === "ArrowDown" || key === "ArrowUp") return Math.min(count - 1, Math.max(0, at + step));
  if (step < 0 && before[at]! >= 0) return before[at];
  if (step > 0) {
    const next = before.indexOf(at);
    if (next >= 0) return next;
  }
  const b = bracket[at]!;
  const end = bracketStart[b + 1] ?? starts.length - 1;
  for (let group = bracketStart[b]! + rung[at]! + step; group >= bracketStart[b]! && group < end; group += step) {
    const from = starts[group]!;
    const to = starts[group + 1]!;
    if (from === to) continue;
    let nearest = from;
    for (let i = from; i < to; i++) {
      if (Math.abs(value[i]! - value[at]!) < Math.abs(value[nearest]! - value[at]!)) nearest = i;
    }
    return nearest;
  }
  return at;
}
