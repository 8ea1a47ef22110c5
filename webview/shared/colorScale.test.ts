import { describe, expect, it } from "vitest";
import { goodnessColor, goodnessTable, luminance, oklabToRgb, type Rgb } from "./colorScale.ts";
import { goodnessCss } from "./theme.ts";

const grounds = { dark: [31, 31, 31], light: [255, 255, 255] } as const satisfies Record<string, Rgb>;

/** Contrast ratio of WCAG 2. */
function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** How a person without red or green cones sees it, roughly: red and green carry the same. */
function withoutRedGreen([r, g]: Rgb): number {
  return 0.5 * r + 0.5 * g;
}

describe.each(["dark", "light"] as const)("colour scale on %s", (ground) => {
  const colors = Array.from({ length: 101 }, (_, i) => goodnessColor(i / 100, ground));
  it("changes luminance in one direction only", () => {
    const sign = ground === "dark" ? 1 : -1;
    for (let i = 2; i < colors.length; i++) {
      expect(sign * (luminance(colors[i]!) - luminance(colors[i - 2]!))).toBeGreaterThan(0);
    }
  });
  it("is readable at every value and most at the best", () => {
    const against = colors.map((color) => contrast(color, grounds[ground]));
    expect(Math.min(...against)).toBeGreaterThan(1.9);
    expect(against[100]).toBeGreaterThan(7);
    expect(against[100]).toBe(Math.max(...against));
  });
  it("keeps ten steps apart without red and green cones", () => {
    for (let i = 10; i <= 100; i += 10) {
      expect(Math.abs(withoutRedGreen(colors[i]!) - withoutRedGreen(colors[i - 10]!))).toBeGreaterThan(4);
    }
  });
});

describe("Oklab", () => {
  it("gives white, black and the reference red", () => {
    expect(oklabToRgb(1, 0, 0)).toEqual([255, 255, 255]);
    expect(oklabToRgb(0, 0, 0)).toEqual([0, 0, 0]);
    expect(oklabToRgb(0.62796, 0.22486, 0.12585)).toEqual([255, 0, 0]);
  });
});

describe("goodness as CSS", () => {
  it("is the theme's own colour at 256 steps, its ends beyond them, and muted ink without a value", () => {
    const goodness = goodnessTable("dark");
    const theme = { goodness, muted: "#777" };
    for (let i = 0; i < 256; i++) {
      const [r, g, b] = goodness.subarray(3 * i, 3 * i + 3);
      expect(goodnessCss(i / 255, theme)).toBe(`rgb(${r} ${g} ${b})`);
    }
    expect(goodnessCss(-1, theme)).toBe(goodnessCss(0, theme));
    expect(goodnessCss(2, theme)).toBe(goodnessCss(1, theme));
    expect(goodnessCss(Number.NaN, theme)).toBe("#777");
    expect(goodnessCss(0.5, { goodness: goodnessTable("light"), muted: "#777" })).not.toBe(goodnessCss(0.5, theme));
  });
});
