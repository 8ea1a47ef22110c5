/** Drawing that stands out from whatever is under it. Invariant: what is behind is always of the background's colour. */
import { fontOf } from "./axes.ts";
import type { Ink } from "./ink.ts";
import type { Theme } from "./theme.ts";

/** Draws the same stroke twice: a wider one in the background's colour, then the line itself. */
export function haloed(
  ink: Ink,
  { background }: Pick<Theme, "background">,
  color: string,
  [halo, line]: readonly [halo: number, line: number],
  stroke: () => void,
): void {
  for (const [width, style] of [
    [halo, background],
    [line, color],
  ] as const) {
    ink.lineWidth = width;
    ink.strokeStyle = style;
    stroke();
  }
}

/** A ring about a place, seen on any ground. */
export function haloedRing(
  ink: Ink,
  colors: Pick<Theme, "background">,
  color: string,
  x: number,
  y: number,
  radius: number,
): void {
  haloed(ink, colors, color, [4, 2], () => {
    ink.beginPath();
    ink.arc(x, y, radius, 0, Math.PI * 2);
    ink.stroke();
  });
}

/** A dot of the foreground's colour. */
export function drawDot(ink: Ink, color: string, x: number, y: number, radius: number): void {
  ink.fillStyle = color;
  ink.beginPath();
  ink.arc(x, y, radius, 0, Math.PI * 2);
  ink.fill();
}

/** What is said beside a point: above or below it, at its right where there is room up to `end`. */
export interface Tag {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly below: boolean;
  readonly end: number;
  /** How much of what is behind it is covered, in [0, 1]. */
  readonly cover: number;
}

export function drawTag(ink: Ink, colors: Theme, { text, x, y, below, end, cover }: Tag): void {
  ink.font = fontOf(colors, 0.92, "600");
  ink.textBaseline = "middle";
  ink.textAlign = "left";
  const room = ink.measureText(text).width;
  const start = x + 14 + room > end ? x - 12 - room : x + 12;
  const middle = below ? y + 14 : y - 14;
  ink.globalAlpha = cover;
  ink.fillStyle = colors.background;
  ink.fillRect(start - 2, middle - colors.fontSize * 0.6, room + 4, colors.fontSize * 1.2);
  ink.globalAlpha = 1;
  ink.fillStyle = colors.foreground;
  ink.fillText(text, start, middle);
}
