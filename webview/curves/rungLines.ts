/**
 * Lines at the steps where the scheduler looked. Invariant: labels clear each other; too many lines are not drawn, since a
 * scheduler that looks at every step has no rungs.
 */
import type { BracketView } from "../../src/core/brackets.ts";
import { crisp, fontOf, type Rect } from "../shared/axes.ts";
import type { Ink } from "../shared/ink.ts";
import type { Scale } from "../shared/scales.ts";
import type { Theme } from "../shared/theme.ts";

const most = 40;

/** Steps of all rungs, increasing; none when there are too many to tell apart. */
export function rungSteps(brackets: readonly BracketView[]): readonly number[] {
  const steps = new Set<number>();
  for (const { rungs } of brackets) for (const { step, entries } of rungs) if (entries.length > 0) steps.add(step);
  return steps.size > most ? [] : [...steps].sort((a, b) => a - b);
}

/** @param labelsFrom where labels above the plot may begin, beside its title; infinite = lines alone */
export function drawRungLines(
  ink: Ink,
  theme: Theme,
  plot: Rect,
  scale: Scale,
  steps: readonly number[],
  labelsFrom: number,
): void {
  if (steps.length === 0) return;
  ink.save();
  ink.font = fontOf(theme, 0.85);
  ink.textAlign = "center";
  ink.textBaseline = "alphabetic";
  ink.strokeStyle = theme.muted;
  ink.fillStyle = theme.muted;
  ink.setLineDash([4, 4]);
  ink.lineWidth = 1;
  let end = labelsFrom;
  for (const step of steps) {
    const x = plot.left + scale.toUnit(step) * (plot.right - plot.left);
    if (x < plot.left || x > plot.right + 0.5) continue;
    ink.globalAlpha = 0.55;
    ink.beginPath();
    ink.moveTo(crisp(x), plot.top);
    ink.lineTo(crisp(x), plot.bottom);
    ink.stroke();
    const label = `rung ${step.toLocaleString("en")}`;
    const half = ink.measureText(label).width / 2;
    const middle = Math.min(x, plot.right + 12 - half);
    if (middle - half < end + 8) continue;
    end = middle + half;
    ink.globalAlpha = 1;
    ink.fillText(label, middle, plot.top - theme.fontSize * 0.6);
  }
  ink.setLineDash([]);
  ink.restore();
}
