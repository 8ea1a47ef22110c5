/**
 * Who descends from whom in a population, as lanes and as lines over steps. Pure.
 * Invariant: a trial is drawn from the step its checkpoint came from; ancestors are walked by `parent` and end at a founder.
 */
import type { BracketView } from "../../src/core/brackets.ts";
import type { DecisionRow, LineageRow } from "../../src/protocol/schedule.ts";

export interface Lineage {
  readonly count: number;
  /** Trial numbers, increasing. */
  readonly number: Int32Array;
  /** Index of the trial whose checkpoint it began with, -1 = a founder. */
  readonly parent: Int32Array;
  /** Steps its life begins after and got to. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Place of its member in the population: a child takes the place of the trial it replaced. */
  readonly lane: Int32Array;
  readonly lanes: number;
}

export interface LineageInput {
  /** Trial numbers, increasing, and the last step of each (NaN = none). */
  readonly number: Int32Array;
  readonly lastStep: Float64Array;
  readonly lineage: readonly LineageRow[];
  readonly decisions: readonly DecisionRow[];
}

/** O(n log n). */
export function lineageOf({ number, lastStep, lineage, decisions }: LineageInput): Lineage {
  const count = number.length;
  const index = new Map<number, number>();
  number.forEach((n, i) => index.set(n, i));
  const parent = new Int32Array(count).fill(-1);
  const from = new Float64Array(count);
  const to = new Float64Array(count);
  for (const row of lineage) {
    const child = index.get(row.number);
    if (child === undefined) continue;
    parent[child] = index.get(row.parent) ?? -1;
    from[child] = row.step;
  }
  for (let i = 0; i < count; i++) to[i] = Number.isNaN(lastStep[i]!) ? from[i]! : Math.max(from[i]!, lastStep[i]!);
  const { lane, lanes } = lanesOf({ number, from, to, parent, replaced: replacedBy(lineage, decisions), index });
  return { count, number, parent, from, to, lane, lanes };
}

/**
 * Child -> the trial whose place it took. Each "exploit" makes one child, in order; only the newest decisions are known, so
 * the two lists are matched from their ends.
 */
function replacedBy(lineage: readonly LineageRow[], decisions: readonly DecisionRow[]): ReadonlyMap<number, number> {
  const children = lineage.map((row) => row.number).sort((a, b) => a - b);
  const ended = decisions.filter((row) => row.decision === "exploit").map((row) => row.number);
  const map = new Map<number, number>();
  for (let i = 1; i <= Math.min(children.length, ended.length); i++) map.set(children.at(-i)!, ended.at(-i)!);
  return map;
}

function lanesOf(given: {
  readonly number: Int32Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly parent: Int32Array;
  readonly replaced: ReadonlyMap<number, number>;
  readonly index: ReadonlyMap<number, number>;
}): { readonly lane: Int32Array; readonly lanes: number } {
  const { number, from, to, parent, replaced, index } = given;
  const lane = new Int32Array(number.length).fill(-1);
  /** Step at which each lane's newest trial ended. */
  const ends: number[] = [];
  for (let i = 0; i < number.length; i++) {
    const before = index.get(replaced.get(number[i]!) ?? -1);
    let place = before === undefined ? -1 : lane[before]!;
    // What it replaced is not known any more: the first member that had ended by then.
    if (place < 0 && parent[i]! >= 0) place = ends.findIndex((end, l) => end <= from[i]! && l !== lane[parent[i]!]!);
    if (place < 0) place = ends.push(0) - 1;
    lane[i] = place;
    ends[place] = Math.max(ends[place]!, to[i]!);
  }
  return { lane, lanes: ends.length };
}

/** A trial and those it descends from, itself first. O(depth). */
export function ancestors(lineage: Lineage, at: number): readonly number[] {
  const chain: number[] = [];
  for (let i = at; i >= 0 && chain.length <= lineage.count; i = lineage.parent[i]!) chain.push(i);
  return chain;
}

/** Lines to draw: trial i owns points offsets[i] .. offsets[i + 1]. */
export interface LineageLines {
  readonly offsets: Int32Array;
  readonly steps: Float64Array;
  /** What is drawn over the steps: a lane, a value or a parameter. NaN = a gap. */
  readonly ys: Float64Array;
  /** Value of the objective at each point; NaN where none is known. */
  readonly values: Float64Array;
}

export type LineageAxis =
  | { readonly kind: "member" }
  | { readonly kind: "value" }
  /** One number per trial, in the lineage's order. */
  | { readonly kind: "parameter"; readonly values: Float64Array };

/** Points of every trial: where it began, every interval at which it was judged, where it is. O(n + entries). */
export function lineageLines(lineage: Lineage, brackets: readonly BracketView[], axis: LineageAxis): LineageLines {
  const judged: { step: number; value: number }[][] = Array.from({ length: lineage.count }, () => []);
  const index = new Map<number, number>();
  lineage.number.forEach((n, i) => index.set(n, i));
  for (const { rungs } of brackets) {
    for (const { step, entries } of rungs) {
      for (const { number, value } of entries) {
        const i = index.get(number);
        if (i !== undefined && Number.isFinite(value)) judged[i]!.push({ step, value });
      }
    }
  }
  for (const list of judged) list.sort((a, b) => a.step - b.step);
  const valueAt = (i: number, step: number): number =>
    i < 0 ? Number.NaN : (judged[i]!.findLast((point) => point.step <= step)?.value ?? Number.NaN);
  const offsets = new Int32Array(lineage.count + 1);
  const steps: number[] = [];
  const ys: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < lineage.count; i++) {
    const add = (step: number, value: number): void => {
      steps.push(step);
      values.push(value);
      ys.push(axis.kind === "member" ? lineage.lane[i]! : axis.kind === "value" ? value : axis.values[i]!);
    };
    const from = lineage.from[i]!;
    const to = lineage.to[i]!;
    const inherited = valueAt(lineage.parent[i]!, from);
    if (axis.kind !== "value" || !Number.isNaN(inherited)) add(from, inherited);
    for (const { step, value } of judged[i]!) if (step > from) add(step, value);
    if (axis.kind !== "value" && to > (steps.at(-1) ?? from)) add(to, values.at(-1) ?? Number.NaN);
    offsets[i + 1] = steps.length;
  }
  return {
    offsets,
    steps: Float64Array.from(steps),
    ys: Float64Array.from(ys),
    values: Float64Array.from(values),
  };
}

/** Trial whose line passes nearest to a place within `reach` pixels, by places of all points; -1 = none. O(points). */
export function nearestLine(
  offsets: Int32Array,
  xs: Float32Array,
  ys: Float32Array,
  x: number,
  y: number,
  reach: number,
): number {
  let best = -1;
  let closest = reach * reach;
  for (let i = 0; i + 1 < offsets.length; i++) {
    for (let p = offsets[i]!; p < offsets[i + 1]!; p++) {
      const q = Math.max(offsets[i]!, p - 1);
      const dx = xs[p]! - xs[q]!;
      const dy = ys[p]! - ys[q]!;
      const length = dx * dx + dy * dy;
      const t = length > 0 ? Math.min(1, Math.max(0, ((x - xs[q]!) * dx + (y - ys[q]!) * dy) / length)) : 0;
      const square = (xs[q]! + t * dx - x) ** 2 + (ys[q]! + t * dy - y) ** 2;
      if (square > closest) continue;
      closest = square;
      best = i;
    }
  }
  return best;
}
