/**
 * Painting of the axes: line, ticks with a halo so that they stay readable over lines, the rung for values that are not
 * set, brushes, and the colour scale along the objective. Titles are elements of the page, so that they can be focused.
 */
import { clipped, crisp, fontOf } from "../shared/axes.ts";
import type { Ink } from "../shared/ink.ts";
import { goodnessCss, type Theme } from "../shared/theme.ts";
import { axisTicks, type Axis, type Stretch } from "./axisModel.ts";
import type { LineGeometry } from "./linePainter.ts";

/** Width of the bar a brush is drawn as. */
export const brushWidth = 14;
const scaleBar = 6;

export function paintAxis(
  ink: Ink,
  theme: Theme,
  axis: Axis,
  x: number,
  gap: number,
  { plot, rung }: Pick<LineGeometry, "plot" | "rung">,
  colorAt: (unit: number) => number,
): void {
  const height = plot.bottom - plot.top;
  ink.save();
  ink.lineWidth = 1;
  ink.strokeStyle = theme.highContrast ? theme.foreground : theme.muted;
  ink.beginPath();
  ink.moveTo(crisp(x), plot.top);
  ink.lineTo(crisp(x), plot.bottom);
  ink.stroke();
  if (axis.isObjective) paintScale(ink, theme, x, plot.top, height, colorAt);
  ink.font = fontOf(theme, 0.88);
  ink.textBaseline = "middle";
  const right = axis.isObjective;
  ink.textAlign = right ? "left" : "right";
  const offset = right ? scaleBar + 8 : -6;
  let last = Number.NaN;
  const ticks = [...axisTicks(axis, height)].sort((a, b) => a.unit - b.unit);
  for (const { unit, label } of ticks) {
    const y = plot.bottom - unit * height;
    ink.beginPath();
    ink.moveTo(right ? x + scaleBar : x - 3, crisp(y));
    ink.lineTo(right ? x + scaleBar + 4 : x, crisp(y));
    ink.stroke();
    if (Math.abs(last - y) < theme.fontSize) continue;
    last = y;
    axisLabel(ink, theme, label, x + offset, y, Math.max(24, gap - 20));
  }
  if (axis.anyMissing) {
    ink.strokeStyle = theme.muted;
    ink.beginPath();
    ink.moveTo(x - 5, crisp(rung));
    ink.lineTo(x + 5, crisp(rung));
    ink.stroke();
    ink.textAlign = right ? "right" : "center";
    ink.textBaseline = "top";
    ink.font = fontOf(theme, 0.82);
    const text = axis.isObjective ? "no value" : "not set";
    if (ink.measureText(text).width < gap) {
      ink.fillStyle = theme.muted;
      ink.fillText(text, right ? x + 24 : x, rung + 5);
    }
  }
  ink.restore();
}

function axisLabel(ink: Ink, theme: Theme, text: string, x: number, y: number, room: number): void {
  const shown = clipped(ink, text, room);
  const { width } = ink.measureText(shown);
  const half = theme.fontSize * 0.55;
  ink.fillStyle = theme.background;
  ink.globalAlpha = 0.72;
  ink.fillRect(ink.textAlign === "right" ? x - width - 2 : x - 2, y - half, width + 4, half * 2);
  ink.globalAlpha = 1;
  ink.fillStyle = theme.foreground;
  ink.fillText(shown, x, y);
}

/** The legend: at each height the colour of a trial with that value. */
function paintScale(
  ink: Ink,
  theme: Theme,
  x: number,
  top: number,
  height: number,
  colorAt: (unit: number) => number,
): void {
  const slices = Math.max(8, Math.min(96, Math.floor(height / 3)));
  for (let i = 0; i < slices; i++) {
    const good = colorAt((i + 0.5) / slices);
    if (Number.isNaN(good)) continue;
    ink.fillStyle = goodnessCss(good, theme);
    ink.fillRect(x, top + height * (1 - (i + 1) / slices), scaleBar, height / slices + 0.6);
  }
}

export function paintBrushes(
  ink: Ink,
  theme: Theme,
  x: number,
  { plot }: Pick<LineGeometry, "plot">,
  stretches: readonly Stretch[],
): void {
  const height = plot.bottom - plot.top;
  ink.save();
  ink.lineWidth = 1;
  for (const [low, high] of stretches) {
    const top = plot.bottom - high * height;
    const tall = Math.max(2, (high - low) * height);
    ink.globalAlpha = theme.highContrast ? 0 : 0.28;
    ink.fillStyle = theme.focus;
    ink.fillRect(x - brushWidth / 2, top, brushWidth, tall);
    ink.globalAlpha = 1;
    ink.strokeStyle = theme.focus;
    ink.strokeRect(crisp(x - brushWidth / 2), crisp(top), brushWidth, Math.round(tall));
  }
  ink.restore();
}
