/**
 * Where the bars of two directions are drawn: which of them fit, in which order, how high.
 * Invariant: both directions share one scale; the longest bars are always among those drawn.
 */
import type { BarcodeColumns } from "../../src/protocol/topology.ts";
import type { Rect } from "../shared/axes.ts";

/** Pixels of a bar with its gap. */
const leastPitch = 4;
const mostPitch = 12;

export interface BarRow {
  /** Index in the direction's columns. */
  readonly bar: number;
  readonly birth: number;
  readonly death: number;
  readonly top: number;
  readonly height: number;
}

/** The bars that fit into `area`: the longest ones, from the earliest birth down. */
export function barRows({ births, deaths }: BarcodeColumns, area: Rect): readonly BarRow[] {
  const space = Math.max(0, area.bottom - area.top);
  const fitting = Math.min(births.length, Math.floor(space / leastPitch));
  if (fitting === 0) return [];
  const bars = Array.from({ length: births.length }, (_, i) => i);
  const length = (i: number): number => deaths[i]! - births[i]!;
  const longest = bars.sort((a, b) => length(b) - length(a) || a - b).slice(0, fitting);
  longest.sort((a, b) => births[a]! - births[b]! || length(b) - length(a) || a - b);
  const pitch = Math.min(mostPitch, space / fitting);
  return longest.map((bar, row) => ({
    bar,
    birth: births[bar]!,
    death: deaths[bar]!,
    top: area.top + row * pitch,
    height: Math.max(2, pitch * 0.7),
  }));
}

/** The row at a height; bars are thin, so the gap below one belongs to it. */
export function rowAt(rows: readonly BarRow[], y: number): number {
  const first = rows[0];
  if (first === undefined) return -1;
  const pitch = rows.length > 1 ? rows[1]!.top - first.top : first.height / 0.7;
  const row = Math.floor((y - first.top) / pitch);
  return row >= 0 && row < rows.length ? row : -1;
}

/** First birth and last death of both directions; undefined when there is no bar. */
export function barcodeExtent(directions: readonly BarcodeColumns[]): readonly [number, number] | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { births, deaths } of directions) {
    for (let i = 0; i < births.length; i++) {
      low = Math.min(low, births[i]!);
      high = Math.max(high, deaths[i]!);
    }
  }
  return low <= high ? [low, high] : undefined;
}

/** Areas of the two directions: beside each other where it is wide, below each other where it is not. */
export function barcodeAreas(width: number, height: number, fontSize: number): readonly [Rect, Rect] {
  const head = fontSize * 2.6;
  const foot = fontSize * 2 + 14;
  if (width >= 560) {
    const half = (width - 36) / 2;
    const [top, bottom] = [head, height - foot];
    return [
      { left: 12, right: 12 + half, top, bottom },
      { left: 24 + half, right: 24 + 2 * half, top, bottom },
    ];
  }
  const each = (height - foot - 2 * head) / 2;
  return [
    { left: 12, right: width - 16, top: head, bottom: head + each },
    { left: 12, right: width - 16, top: 2 * head + each, bottom: 2 * (head + each) },
  ];
}
