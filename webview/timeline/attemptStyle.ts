/**
 * How each outcome of an attempt looks: a colour of the theme, and a pattern or a shape, so that colour is never the only
 * sign. Invariant: bars and legend are drawn by the same rules.
 */
import { html, svg, type TemplateResult } from "lit";
import type { TrialState } from "../../src/core/trial.ts";
import type { AttemptOutcome } from "../../src/protocol/schedule.ts";
import { fontOf, type Rect } from "../shared/axes.ts";
import type { Ink } from "../shared/ink.ts";
import type { Theme } from "../shared/theme.ts";

/** The state whose colour an outcome has. */
export const attemptStates: Readonly<Record<AttemptOutcome, TrialState>> = {
  running: "running",
  complete: "complete",
  pruned: "pruned",
  paused: "paused",
  failed: "failed",
  interrupted: "waiting",
};

/** Lines over a bar; "open" = an outline that is not closed at its end, "held" = a pause sign at its end. */
export type Pattern = "none" | "rising" | "crossed" | "held" | "level" | "open";

export const attemptPatterns: Readonly<Record<AttemptOutcome, Pattern>> = {
  running: "open",
  complete: "none",
  pruned: "rising",
  paused: "held",
  failed: "crossed",
  interrupted: "level",
};

const gap = 6;

/** Adds a pattern's lines inside of a bar to the current path. O(width / 6). */
export function addPattern(ink: Ink, pattern: Pattern, { left, top, right, bottom }: Rect): void {
  const height = bottom - top;
  const rising = (sign: 1 | -1): void => {
    for (let x = left - height + gap; x < right; x += gap) {
      // The line from (x, bottom) to (x + height, top), or its mirror, cut at the bar's ends.
      const a = Math.max(0, left - x);
      const b = Math.min(height, right - x);
      if (b <= a) continue;
      ink.moveTo(x + a, sign > 0 ? bottom - a : top + a);
      ink.lineTo(x + b, sign > 0 ? bottom - b : top + b);
    }
  };
  switch (pattern) {
    case "rising":
      rising(1);
      break;
    case "crossed":
      rising(1);
      rising(-1);
      break;
    case "held":
      if (right - left < 3 * gap) break;
      for (const x of [right - gap * 1.4, right - gap * 0.7]) {
        ink.moveTo(x, top + height * 0.28);
        ink.lineTo(x, bottom - height * 0.28);
      }
      break;
    case "level":
      for (let y = top + 3; y < bottom - 1; y += 4) {
        ink.moveTo(left, y);
        ink.lineTo(right, y);
      }
      break;
    case "none":
    case "open":
      break;
  }
}

export interface AttemptBar {
  readonly bar: Rect;
  readonly outcome: AttemptOutcome;
  readonly label: string;
  readonly alpha: number;
}

/** One attempt: filled, patterned, and named where there is room. */
export function drawBar(ink: Ink, theme: Theme, { bar, outcome, label, alpha }: AttemptBar): void {
  const color = theme.states[attemptStates[outcome]];
  const pattern = attemptPatterns[outcome];
  const width = bar.right - bar.left;
  // A hair between neighbours, where there is room for one.
  const shown = { ...bar, right: bar.right - (width > 4 ? 1 : 0) };
  ink.fillStyle = color;
  ink.globalAlpha = pattern === "open" ? alpha * 0.25 : alpha * 0.8;
  ink.fillRect(shown.left, shown.top, shown.right - shown.left, shown.bottom - shown.top);
  if (pattern === "open") {
    ink.globalAlpha = alpha;
    ink.strokeStyle = color;
    ink.lineWidth = 1.5;
    ink.beginPath();
    ink.moveTo(shown.right, shown.top + 0.75);
    ink.lineTo(shown.left + 0.75, shown.top + 0.75);
    ink.lineTo(shown.left + 0.75, shown.bottom - 0.75);
    ink.lineTo(shown.right, shown.bottom - 0.75);
    ink.stroke();
  }
  if (width < 8) return;
  ink.font = fontOf(theme, 0.85);
  const room =
    bar.bottom - bar.top >= theme.fontSize * 0.85 ? ink.measureText(label).width + 8 : Number.POSITIVE_INFINITY;
  const labelled = room <= width;
  ink.strokeStyle = theme.background;
  ink.globalAlpha = alpha * 0.55;
  ink.lineWidth = 1.2;
  ink.beginPath();
  addPattern(ink, pattern, labelled ? { ...shown, left: shown.left + room } : shown);
  ink.stroke();
  if (!labelled) return;
  ink.globalAlpha = alpha;
  ink.fillStyle = pattern === "open" ? theme.foreground : theme.background;
  ink.textAlign = "left";
  ink.textBaseline = "middle";
  ink.fillText(label, shown.left + 4, (shown.top + shown.bottom) / 2 + 0.5);
}

const swatches: Readonly<Record<Pattern, TemplateResult>> = {
  none: svg``,
  rising: svg`<path class="cut" d="M1 13 9 3M5 13l8-10M9 13l6-7.5" />`,
  crossed: svg`<path class="cut" d="M1 13 9 3M7 13l8-10M7 3l8 10M1 3l8 10" />`,
  held: svg`<path class="cut" d="M9 5.5v5M12 5.5v5" />`,
  level: svg`<path class="cut" d="M1 6h14M1 10h14" />`,
  open: svg``,
};

/** A sample of the bar, for the legend. */
export function attemptSwatch(outcome: AttemptOutcome): TemplateResult {
  const pattern = attemptPatterns[outcome];
  return html`<svg class="icon swatch state-${attemptStates[outcome]}" viewBox="0 0 16 16" aria-hidden="true">
    ${pattern === "open" ? svg`<path d="M14 3.7H1.7v8.6H14" />` : svg`<path class="fill" d="M1 3h14v10H1z" />`}
    ${swatches[pattern]}
  </svg>`;
}
