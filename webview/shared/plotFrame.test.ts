import { describe, expect, it } from "vitest";
import { objectiveTitle } from "./axisTitles.ts";
import { PlotFrame } from "./plotFrame.ts";
import { objectiveScale } from "./scatterScales.ts";
import { linearScale } from "./scales.ts";

describe("the frame of a plot", () => {
  const area = { left: 50, top: 20, right: 250, bottom: 120 };
  const frame = new PlotFrame(area, linearScale(0, 10), linearScale(-1, 1));

  it("places values from left to right and from bottom to top", () => {
    expect(frame.xOf(0)).toBe(50);
    expect(frame.xOf(10)).toBe(250);
    expect(frame.yOf(-1)).toBe(120);
    expect(frame.yOf(1)).toBe(20);
    expect(frame.yOf(0)).toBe(70);
  });

  it("keeps what is beyond the axis at its end, or a little outside", () => {
    expect(frame.yOf(3)).toBe(-80);
    expect(frame.yWithin(3)).toBe(20);
    expect(frame.yWithin(-3)).toBe(120);
    expect(frame.yWithin(0)).toBe(70);
    expect(frame.yWithin(3, 0.02)).toBeCloseTo(18);
    expect(frame.yWithin(-3, 0.02)).toBeCloseTo(122);
    expect(frame.yWithin(Number.NaN)).toBeNaN();
  });
});

describe("the axis of an objective", () => {
  it("is not stretched by a few values at the bad end, and counts them", () => {
    const losses = Float64Array.from({ length: 100 }, (_, i) => (i === 0 ? 1000 : 1 + i / 100));
    const { scale, beyond } = objectiveScale(losses, "minimize", 0.04);
    expect(scale.high).toBeLessThan(10);
    expect(beyond).toBe(1);
    expect(objectiveScale(losses, "maximize", 0.04)).toMatchObject({ beyond: 0 });
  });

  it("is logarithmic over more than three decades, and has a length without values", () => {
    const wide = Float64Array.from({ length: 7 }, (_, i) => 10 ** (i - 5));
    expect(objectiveScale(wide, "minimize", 0.04).scale.log).toBe(true);
    const none = objectiveScale(new Float64Array([Number.NaN]), undefined, 0.04);
    expect([none.scale.low, none.scale.high, none.beyond]).toEqual([0, 1, 0]);
  });

  it("says which way is better and what is not seen", () => {
    expect(objectiveTitle("loss", "minimize", true, 3)).toBe(
      "loss, log · lower is better (3 beyond the axis, at its edge)",
    );
    expect(objectiveTitle("accuracy", "maximize", false, 0)).toBe("accuracy · higher is better");
  });
});
