/**
 * What stands around the marks of the rungs: axes, headings, counts, rails and the colour scale.
 * Invariant: labels never overlap; the colours along the objective's axis are those of the marks at that height.
 */
import type { BracketView } from "../../src/core/brackets.ts";
import { clipped, crisp, drawGridLine, fontOf, textRuler, type Rect } from "../shared/axes.ts";
import type { Ink } from "../shared/ink.ts";
import type { Scale } from "../shared/scales.ts";
import { goodnessCss, type Theme } from "../shared/theme.ts";
import { shareWorse, type RungGeometry } from "./rungMarks.ts";

export const noValue = "no value";

export interface RungFrameContent {
  readonly brackets: readonly BracketView[];
  readonly places: RungGeometry;
  readonly scale: Scale;
  readonly title: string;
  /** Values of all marks, worst first, and which way is better. */
  readonly ranked: Float64Array;
  readonly sign: 1 | -1;
  readonly width: number;
  /** Room above each band. */
  readonly heading: number;
}

/** Whether every bracket's name fits before the count of its first rung, so that both share a line. */
export function labelsFit(theme: Theme, brackets: readonly BracketView[], area: Rect): boolean {
  const steps = [...new Set(brackets.flatMap(({ rungs }) => rungs.map(({ step }) => step)))].sort((a, b) => a - b);
  const width = (area.right - area.left) / Math.max(1, steps.length);
  const widthOf = textRuler(fontOf(theme, 0.92, "600"));
  return brackets.every(({ label, rungs }) => {
    const first = area.left + width * (steps.indexOf(rungs[0]?.step ?? 0) + 0.5);
    return widthOf(label) < first - 44;
  });
}

export function drawRungFrame(ink: Ink, theme: Theme, content: RungFrameContent): void {
  const { places, brackets, title, width } = content;
  ink.save();
  ink.font = fontOf(theme);
  ink.fillStyle = theme.foreground;
  ink.textAlign = "left";
  ink.textBaseline = "middle";
  ink.fillText(clipped(ink, title, width - 8), 4, theme.fontSize);
  for (const [b, band] of places.bands.entries()) {
    drawBand(ink, theme, content, b, band);
    drawCounts(ink, theme, places, brackets[b]!, band.top);
    if (brackets.length > 1) drawHeading(ink, theme, content, b, band.top);
  }
  drawSteps(ink, theme, content);
  ink.restore();
}

function drawBand(ink: Ink, theme: Theme, content: RungFrameContent, b: number, band: Rect): void {
  const { places, brackets, scale } = content;
  const height = band.bottom - band.top;
  ink.lineWidth = 1;
  ink.font = fontOf(theme);
  ink.textBaseline = "middle";
  ink.textAlign = "right";
  for (const { value, label } of scale.ticks(Math.max(2, Math.floor(height / 40)))) {
    const y = band.bottom - scale.toUnit(value) * height;
    drawGridLine(ink, theme, band, y);
    ink.fillStyle = theme.muted;
    ink.fillText(label, band.left - 12, y);
  }
  drawColors(ink, theme, content, band);
  const lane = places.lanes[b]!;
  if (!Number.isNaN(lane)) {
    ink.fillStyle = theme.muted;
    ink.font = fontOf(theme, 0.85);
    ink.fillText(noValue, band.left - 12, lane);
  }
  // Rungs as rails, from the lane at the foot to the top.
  ink.strokeStyle = theme.highContrast ? theme.grid : theme.border;
  ink.globalAlpha = theme.highContrast ? 0.4 : 1;
  for (const { step } of brackets[b]!.rungs) {
    const x = crisp(places.columns[places.steps.indexOf(step)]!);
    ink.beginPath();
    ink.moveTo(x, band.top);
    ink.lineTo(x, Number.isNaN(lane) ? band.bottom : lane + 6);
    ink.stroke();
  }
  ink.globalAlpha = 1;
}

/** "9 of 27" above each rung: trials there, and of how many where the method fixes that. */
function drawCounts(ink: Ink, theme: Theme, places: RungGeometry, { rungs }: BracketView, top: number): void {
  ink.font = fontOf(theme, 0.85);
  ink.textAlign = "center";
  ink.textBaseline = "middle";
  ink.fillStyle = theme.muted;
  let end = Number.NEGATIVE_INFINITY;
  for (const { step, capacity, entries } of rungs) {
    const x = places.columns[places.steps.indexOf(step)]!;
    const n = entries.length.toLocaleString("en");
    const wide = capacity === undefined ? n : `${n} of ${capacity.toLocaleString("en")}`;
    const text = ink.measureText(wide).width < places.columnWidth - 6 ? wide : n;
    const half = ink.measureText(text).width / 2;
    if (x - half < end + 6) continue;
    end = x + half;
    ink.fillText(text, x, top - theme.fontSize * 0.75);
  }
}

function drawHeading(ink: Ink, theme: Theme, content: RungFrameContent, b: number, bandTop: number): void {
  const { brackets, heading, width } = content;
  const top = bandTop - heading;
  ink.font = fontOf(theme, 0.92, "600");
  ink.textAlign = "left";
  ink.fillStyle = theme.foreground;
  ink.fillText(clipped(ink, brackets[b]!.label, width - 8), 4, top + theme.fontSize * 0.95);
  if (b === 0) return;
  ink.strokeStyle = theme.border;
  ink.beginPath();
  ink.moveTo(0, crisp(top));
  ink.lineTo(width, crisp(top));
  ink.stroke();
}

/** The colours along the axis of the objective: the legend. */
function drawColors(ink: Ink, theme: Theme, { ranked, sign, scale }: RungFrameContent, band: Rect): void {
  if (ranked.length < 2) return;
  const pieces = 32;
  const height = (band.bottom - band.top) / pieces;
  for (let i = 0; i < pieces; i++) {
    ink.fillStyle = goodnessCss(shareWorse(ranked, scale.fromUnit((i + 0.5) / pieces), sign), theme);
    ink.fillRect(band.left - 8, band.bottom - height * (i + 1), 4, height + 0.5);
  }
}

function drawSteps(ink: Ink, theme: Theme, { places, width }: RungFrameContent): void {
  const lane = Number.isNaN(places.lanes.at(-1) ?? Number.NaN) ? 0 : theme.fontSize * 1.3;
  const top = (places.bands.at(-1)?.bottom ?? 0) + lane + 6;
  ink.font = fontOf(theme);
  ink.textAlign = "center";
  ink.textBaseline = "top";
  ink.fillStyle = theme.muted;
  let end = Number.NEGATIVE_INFINITY;
  for (const [i, step] of places.steps.entries()) {
    const label = step.toLocaleString("en");
    const half = ink.measureText(label).width / 2;
    const x = places.columns[i]!;
    if (x - half < end + 8) continue;
    end = x + half;
    ink.fillText(label, x, top);
  }
  ink.textAlign = "right";
  ink.fillStyle = theme.foreground;
  ink.fillText("judged at epoch", width - 12, top + theme.fontSize + 2);
}
