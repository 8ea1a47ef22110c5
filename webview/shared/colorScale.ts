/**
 * The one colour scale of the panel: how good a trial is. Built in Oklab (B. Ottosson, "A perceptual color space for image
 * processing", 2020) with lightness linear in the value, so it is perceptually even and readable with any colour vision.
 * Invariant: lightness changes strictly in one direction, and the best end has the most contrast with the background.
 */

export type Rgb = readonly [number, number, number];

export type Ground = "dark" | "light";

/** Lightness at the worst and the best value, per background. */
const lightness: Readonly<Record<Ground, readonly [number, number]>> = { dark: [0.47, 0.93], light: [0.76, 0.3] };

/** Oklab -> sRGB bytes, clipped to the gamut. Matrices of the paper. */
export function oklabToRgb(l: number, a: number, b: number): Rgb {
  const l3 = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m3 = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s3 = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3),
    toByte(-1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3),
    toByte(-0.0041960863 * l3 - 0.7034186147 * m3 + 1.707614701 * s3),
  ];
}

function toByte(linear: number): number {
  const x = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055));
}

/** Relative luminance (WCAG 2) of sRGB bytes, in [0, 1]. */
export function luminance([r, g, b]: Rgb): number {
  const channel = (byte: number): number => {
    const x = byte / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
}

/** Colour of goodness t in [0, 1]; 0 = worst, 1 = best. */
export function goodnessColor(t: number, ground: Ground): Rgb {
  const u = Math.min(1, Math.max(0, t));
  const [from, to] = lightness[ground];
  const bow = Math.sin(Math.PI * u);
  // Blue to yellow is the axis every kind of colour vision keeps; the bow through red only adds variety.
  return ground === "dark"
    ? oklabToRgb(from + (to - from) * u, -0.02 + 0.11 * bow - 0.03 * u, -0.13 + 0.29 * u)
    : oklabToRgb(from + (to - from) * u, 0.02 + 0.11 * bow - 0.03 * u, 0.13 - 0.29 * u);
}

/** 256 colours as packed bytes r, g, b. */
export function goodnessTable(ground: Ground): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) table.set(goodnessColor(i / 255, ground), i * 3);
  return table;
}

export function cssColor([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}
