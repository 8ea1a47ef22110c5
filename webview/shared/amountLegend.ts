/** The legend of an amount's colours: a bar from most at the top to least, with values beside it. */
import { amountCss } from "./amountScale.ts";
import { fontOf } from "./axes.ts";
import type { Ink } from "./ink.ts";
import type { Tick } from "./scales.ts";
import type { Theme } from "./theme.ts";

/** Width of the bar in pixels. */
export const legendBar = 12;

export interface AmountLegend {
  readonly left: number;
  readonly top: number;
  /** Length of the bar. */
  readonly side: number;
  /** Values to label, about so many. */
  readonly ticks: (count: number) => readonly Tick[];
  readonly yOf: (value: number) => number;
  /** Pixels that a label keeps from the one below it. */
  readonly gap: number;
}

export function drawAmountLegend(ink: Ink, colors: Theme, { left, top, side, ticks, yOf, gap }: AmountLegend): void {
  const bands = Math.max(2, Math.min(64, Math.floor(side)));
  for (let i = 0; i < bands; i++) {
    ink.fillStyle = amountCss(1 - (i + 0.5) / bands, colors.ground);
    const from = Math.round(top + (i * side) / bands);
    ink.fillRect(left, from, legendBar, Math.round(top + ((i + 1) * side) / bands) - from);
  }
  ink.strokeStyle = colors.border;
  ink.lineWidth = 1;
  ink.strokeRect(Math.round(left) - 0.5, Math.round(top) - 0.5, legendBar + 1, Math.round(side) + 1);
  ink.font = fontOf(colors, 0.85);
  ink.fillStyle = colors.muted;
  ink.textAlign = "left";
  ink.textBaseline = "middle";
  let above = Number.POSITIVE_INFINITY;
  for (const { value, label } of ticks(Math.floor(side / 40))) {
    const y = yOf(value);
    if (above - y < gap) continue;
    above = y;
    ink.fillText(label, left + legendBar + 5, Math.min(top + side - 4, Math.max(top + 4, y)));
  }
}
