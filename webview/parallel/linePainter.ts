/**
 * Painting of the lines: single strokes while they can be told apart, density beyond that with the best ones as lines on it.
 * Invariant: every painter yields at least every few hundred segments, so no frame is held up.
 */
import type { Rect } from "../shared/axes.ts";
import type { Ink } from "../shared/ink.ts";
import type { Painter } from "../shared/progressive.ts";
import { goodnessCss, rgbOf, type Theme } from "../shared/theme.ts";
import { densityGap, densityPixels } from "./density.ts";

/** Up to this many lines are stroked one by one. */
export const strokeLimit = 3000;
/** Best lines drawn over a density. */
export const highlightLimit = 200;
/** Rows between two yields while stroking. */
const rowsPerPiece = 24;

export interface LineGeometry {
  readonly plot: Rect;
  /** Height of the "not set" rung. */
  readonly rung: number;
  readonly xs: readonly number[];
  /** Per axis: pixel row below `plot.top` of each trial; the rung's for missing values. */
  readonly rows: readonly Int16Array[];
  /** Per axis: 1 where the value is missing. */
  readonly missing: readonly Uint8Array[];
}

/** One trial's line; a segment between two missing values is left out, so that a branch not taken is a gap. */
export function strokeLine(ink: Ink, { xs, rows, missing, plot }: LineGeometry, row: number): void {
  ink.beginPath();
  let connected = false;
  for (let a = 0; a < xs.length; a++) {
    const y = plot.top + rows[a]![row]! + 0.5;
    const gap = a > 0 && missing[a]![row] === 1 && missing[a - 1]![row] === 1;
    if (!connected || gap) ink.moveTo(xs[a]!, y);
    else ink.lineTo(xs[a]!, y);
    connected = true;
  }
  ink.stroke();
}

/** Strokes `rows` in the order given. `goodness` null: plain ink. */
export function* paintStrokes(
  ink: Ink,
  geometry: LineGeometry,
  order: ArrayLike<number>,
  goodness: Float32Array | null,
  theme: Theme,
  alpha: number,
): Painter {
  ink.lineWidth = 1;
  ink.lineJoin = "round";
  ink.globalAlpha = alpha;
  for (let i = 0; i < order.length; i++) {
    const row = order[i]!;
    const good = goodness?.[row] ?? Number.NaN;
    ink.strokeStyle = goodnessCss(good, theme);
    // Trials without a value must not outshine those with one.
    ink.globalAlpha = goodness !== null && Number.isNaN(good) ? alpha * 0.35 : alpha;
    strokeLine(ink, geometry, row);
    if (i % rowsPerPiece === rowsPerPiece - 1) yield;
  }
  ink.globalAlpha = 1;
}

/** Density of all rows with `mask` = 1, gap by gap. */
export function* paintDensity(
  ink: Ink,
  { xs, rows, missing, plot, rung }: LineGeometry,
  mask: Uint8Array,
  goodness: Float32Array,
  theme: Theme,
  coloured: boolean,
): Painter {
  const height = Math.max(1, Math.ceil(rung - plot.top) + 2);
  const plain = rgbOf(theme.muted);
  const nowhere = mask.map((bit) => bit);
  for (let a = 0; a + 1 < xs.length; a++) {
    const width = Math.max(1, Math.round(xs[a + 1]!) - Math.round(xs[a]!));
    // Both ends missing: no line there.
    const bothMissing = missing[a]!.includes(1) && missing[a + 1]!.includes(1);
    if (bothMissing)
      for (let i = 0; i < mask.length; i++)
        nowhere[i] = missing[a]![i] === 1 && missing[a + 1]![i] === 1 ? 0 : mask[i]!;
    const gap = yield* densityGap(rows[a]!, rows[a + 1]!, bothMissing ? nowhere : mask, goodness, width, height);
    const pixels = densityPixels(gap, coloured ? theme.goodness : null, plain, coloured ? 1 : 0.3);
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d")?.putImageData(new ImageData(pixels, width, height), 0, 0);
    ink.drawImage(canvas, Math.round(xs[a]!), plot.top, width, height);
    yield;
  }
}
