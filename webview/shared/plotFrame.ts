/**
 * The drawing area of a chart between a vertical axis at its left and a horizontal one below: where values lie, and the axes.
 * Invariant: the area leaves room for the longest label of the vertical axis; a place follows from the scales alone.
 */
import { drawXAxis, drawYAxis, fontOf, textRuler, yLabelRoom, type Rect } from "./axes.ts";
import type { Ink } from "./ink.ts";
import { linearScale, type Scale } from "./scales.ts";
import { theme, type Theme } from "./theme.ts";

export const noRect: Rect = { left: 0, top: 0, right: 0, bottom: 0 };

export interface FrameRoom {
  /** CSS pixels of the whole chart. */
  readonly width: number;
  readonly height: number;
  /** Ticks the vertical axis has about. */
  readonly ticks?: number;
  /** Room above the area, in lines of text. */
  readonly top?: number;
  /** Room at its right and below the labels of the horizontal axis, in pixels. */
  readonly right?: number;
  readonly foot?: number;
  /** Other text that stands in the labels' column. */
  readonly beside?: string;
}

export class PlotFrame {
  readonly area: Rect;
  readonly x: Scale;
  readonly y: Scale;

  constructor(area: Rect, x: Scale, y: Scale) {
    this.area = area;
    this.x = x;
    this.y = y;
  }

  xOf(value: number): number {
    const { left, right } = this.area;
    return left + this.x.toUnit(value) * (right - left);
  }

  yOf(value: number): number {
    const { top, bottom } = this.area;
    return bottom - this.y.toUnit(value) * (bottom - top);
  }

  /** Height of a value; of one beyond the axis that of the axis's end, or `slack` of its length farther out. */
  yWithin(value: number, slack = 0): number {
    const { top, bottom } = this.area;
    return bottom - Math.min(1 + slack, Math.max(-slack, this.y.toUnit(value))) * (bottom - top);
  }

  drawAxes(ink: Ink, colors: Theme, xTitle: string, yTitle: string): void {
    drawYAxis(ink, colors, this.area, this.y, yTitle);
    drawXAxis(ink, colors, this.area, this.x, xTitle);
  }
}

export const noFrame = new PlotFrame(noRect, linearScale(0, 1), linearScale(0, 1));

/** The area that is left for the picture beside its axes. */
export function frameFor(x: Scale, y: Scale, room: FrameRoom): PlotFrame {
  const { width, height, ticks = 6, top = 2, right = 16, foot = 14, beside } = room;
  const colors = theme();
  const line = colors.fontSize;
  const widthOf = textRuler(fontOf(colors));
  const labels = Math.max(yLabelRoom(y.ticks(ticks), widthOf), beside === undefined ? 0 : widthOf(beside) + 8);
  const area = { left: labels + 4, top: line * top, right: width - right, bottom: height - line * 2 - foot };
  return new PlotFrame(area, x, y);
}
