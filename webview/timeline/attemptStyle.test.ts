import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptOutcomes } from "../../src/protocol/schedule.ts";
import { SvgInk } from "../shared/ink.ts";
import { addPattern, attemptPatterns, attemptStates } from "./attemptStyle.ts";

describe("attempt patterns", () => {
  it("tell any two outcomes apart without colour, or by no pattern at all", () => {
    expect(new Set(attemptOutcomes.map((outcome) => attemptPatterns[outcome])).size).toBe(attemptOutcomes.length);
    expect(new Set(attemptOutcomes.map((outcome) => attemptStates[outcome])).size).toBe(attemptOutcomes.length);
  });
  it("stay inside of the bar", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...attemptOutcomes),
        fc.double({ min: 8, max: 90, noNaN: true }),
        fc.double({ min: 8, max: 30, noNaN: true }),
        (outcome, width, height) => {
          const bar = { left: 3, top: 5, right: 3 + width, bottom: 5 + height };
          const ink = new SvgInk(null);
          const points: (readonly [number, number])[] = [];
          ink.moveTo = (x, y) => void points.push([x, y]);
          ink.lineTo = (x, y) => void points.push([x, y]);
          addPattern(ink, attemptPatterns[outcome], bar);
          for (const [x, y] of points) {
            expect(x).toBeGreaterThanOrEqual(bar.left - 1e-9);
            expect(x).toBeLessThanOrEqual(bar.right + 1e-9);
            expect(y).toBeGreaterThanOrEqual(bar.top - 1e-9);
            expect(y).toBeLessThanOrEqual(bar.bottom + 1e-9);
          }
        },
      ),
    );
  });
});
