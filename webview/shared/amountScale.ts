/**
 * The colour scale of amounts (a divergence, a loss): one hue, lightness linear in the value (Oklab), from near the background
 * to full contrast with it. It is not the scale of how good a trial is, and does not look like it.
 * Invariant: lightness changes strictly in one direction, so the order can be read with any colour vision and in grey.
 */
import { luminance, oklabToRgb, type Ground, type Rgb } from "./colorScale.ts";

/** Lightness at 0 and at 1, per background. */
const lightness: Readonly<Record<Ground, readonly [number, number]>> = { dark: [0.27, 0.94], light: [0.965, 0.3] };

/** Colour of an amount t in [0, 1]; 0 = nearly the background. */
export function amountColor(t: number, ground: Ground): Rgb {
  const u = Math.min(1, Math.max(0, t));
  const [from, to] = lightness[ground];
  const bow = Math.sin(Math.PI * u);
  // Teal, bent towards green in the middle: far from the blue to yellow of how good a trial is.
  return oklabToRgb(from + (to - from) * u, -0.015 - 0.085 * bow, -0.02 - 0.015 * bow + 0.03 * u);
}

export function amountCss(t: number, ground: Ground): string {
  const [r, g, b] = amountColor(t, ground);
  return `rgb(${r} ${g} ${b})`;
}

/** Ink that can be read on that colour: whichever has the higher contrast (WCAG 2); they are equal at luminance 0.18. */
export function inkOnAmount(t: number, ground: Ground): string {
  return luminance(amountColor(t, ground)) > 0.18 ? "#111111" : "#f4f4f4";
}
