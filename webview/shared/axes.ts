/**
 * Drawing of horizontal and vertical axes: light grid, ticks that never overlap, title with an ellipsis.
 * Invariant: a label is drawn only if it clears the one before it by a gap.
 */
import type { Ink } from "./ink.ts";
import type { Scale, Tick } from "./scales.ts";
import type { Theme } from "./theme.ts";

export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function fontOf({ fontSize, fontFamily }: Theme, scale = 0.92, weight = ""): string {
  return `${weight === "" ? "" : `${weight} `}${Math.round(fontSize * scale * 10) / 10}px ${fontFamily}`;
}

/** Text cut to `width` pixels with an ellipsis; the font must be set. */
export function clipped(ink: Ink, text: string, width: number): string {
  if (ink.measureText(text).width <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (ink.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${text.slice(0, low)}…`;
}

/** Half pixels: a hairline fills one device row and not two at half strength. */
export function crisp(position: number): number {
  return Math.round(position) + 0.5;
}

/** A light line across `area` at a height. */
export function drawGridLine(ink: Ink, theme: Theme, { left, right }: Rect, y: number): void {
  ink.strokeStyle = theme.grid;
  ink.globalAlpha = theme.highContrast ? 0.3 : 0.8;
  ink.beginPath();
  ink.moveTo(left, crisp(y));
  ink.lineTo(right, crisp(y));
  ink.stroke();
  ink.globalAlpha = 1;
}

/** Vertical axis at the left of `plot`, its title above it. */
export function drawYAxis(ink: Ink, theme: Theme, plot: Rect, scale: Scale, title: string): void {
  const height = plot.bottom - plot.top;
  const ticks = scale.ticks(Math.max(2, Math.floor(height / 36)));
  ink.save();
  ink.font = fontOf(theme);
  ink.textAlign = "right";
  ink.textBaseline = "middle";
  ink.lineWidth = 1;
  let last = Number.POSITIVE_INFINITY;
  for (const { value, label } of ticks) {
    const y = plot.bottom - scale.toUnit(value) * height;
    drawGridLine(ink, theme, plot, y);
    if (last - y < theme.fontSize * 1.15) continue;
    last = y;
    ink.fillStyle = theme.muted;
    ink.fillText(label, plot.left - 6, y);
  }
  ink.textAlign = "left";
  ink.textBaseline = "alphabetic";
  ink.fillStyle = theme.foreground;
  ink.fillText(clipped(ink, title, plot.right - 4), 4, plot.top - theme.fontSize * 0.95);
  ink.restore();
}

/** Horizontal axis under `plot`, its title at the right end below the labels. */
export function drawXAxis(ink: Ink, theme: Theme, plot: Rect, scale: Scale, title: string): void {
  const width = plot.right - plot.left;
  const wanted = Math.max(2, Math.floor(width / 72));
  let ticks = scale.ticks(wanted);
  // Round steps may leave one tick: twice as many still clear each other, or are left out one by one.
  if (ticks.length < 3) ticks = scale.ticks(2 * wanted);
  ink.save();
  ink.font = fontOf(theme);
  ink.textAlign = "center";
  ink.textBaseline = "top";
  ink.strokeStyle = theme.border;
  ink.beginPath();
  ink.moveTo(plot.left, crisp(plot.bottom));
  ink.lineTo(plot.right, crisp(plot.bottom));
  ink.stroke();
  ink.fillStyle = theme.muted;
  let end = Number.NEGATIVE_INFINITY;
  for (const { value, label } of ticks) {
    const x = plot.left + scale.toUnit(value) * width;
    ink.beginPath();
    ink.moveTo(crisp(x), plot.bottom);
    ink.lineTo(crisp(x), plot.bottom + 4);
    ink.stroke();
    const half = ink.measureText(label).width / 2;
    if (x - half < end + 8 || x + half > plot.right + 24) continue;
    end = x + half;
    ink.fillText(label, x, plot.bottom + 6);
  }
  ink.textAlign = "right";
  ink.fillStyle = theme.foreground;
  ink.fillText(clipped(ink, title, width), plot.right, plot.bottom + 8 + theme.fontSize);
  ink.restore();
}

/** Widths of text in that font, before there is a canvas to paint on. */
export function textRuler(font: string): (text: string) => number {
  const ink = document.createElement("canvas").getContext("2d");
  if (ink === null) return (text) => text.length * 7;
  ink.font = font;
  return (text) => ink.measureText(text).width;
}

/** Room the labels of a vertical axis need, in pixels. */
export function yLabelRoom(ticks: readonly Tick[], widthOf: (text: string) => number): number {
  let widest = 0;
  for (const { label } of ticks) widest = Math.max(widest, widthOf(label));
  return Math.ceil(widest) + 12;
}
