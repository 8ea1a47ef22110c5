import { assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";
import tables from "../../test/fixtures/oracles/brackets.json" with { type: "json" };
import { bracketCost, hyperbandBrackets, mostHalvings, type BracketOptions } from "./brackets.ts";

/** One line a case: "R=81 eta=3 table: s=4: 81x1 27x3 ... | s=3: ... total(restart)=1701 total(resume)=1404 configs=128". */
const cases = [
  ...tables
    .join("\n")
    .matchAll(
      /^R=(\d+) eta=(\d+) (algorithm|table): (.*?)\s+total\(restart\)=([\d.]+) total\(resume\)=([\d.]+) configs=(\d+)$/gm,
    ),
];

describe("Hyperband's brackets", () => {
  it("has the tables' cases", () => expect(cases.length).toBe(10));

  for (const [, maximum, eta, rounding, brackets, restart, resume, configurations] of cases) {
    it(`are those of the tables: R=${maximum} eta=${eta} ${rounding}`, () => {
      const options = { maximum: Number(maximum), minimum: 1, eta: Number(eta), rounding } as BracketOptions;
      const found = hyperbandBrackets(options);
      const shown = found.map(
        ({ s, rungs }) =>
          `s=${s}: ${rungs.map((rung) => `${rung.configurations}x${Number(rung.resource.toFixed(3))}`).join(" ")}`,
      );
      expect(shown.join(" | ")).toBe(brackets);
      const total = (from: "checkpoint" | "beginning"): number =>
        found.reduce((sum, bracket) => sum + bracketCost(bracket, from), 0);
      expect(total("beginning")).toBeCloseTo(Number(restart), 9);
      expect(total("checkpoint")).toBeCloseTo(Number(resume), 9);
      expect(found.reduce((sum, { rungs }) => sum + rungs[0]!.configurations, 0)).toBe(Number(configurations));
    });
  }

  it("are counted without logarithms", () => {
    expect(mostHalvings({ maximum: 1000, minimum: 1, eta: 10 })).toBe(3);
    assert(
      property(
        integer({ min: 2, max: 6 }),
        integer({ min: 0, max: 7 }),
        integer({ min: 1, max: 5 }),
        (eta, s, minimum) => {
          expect(mostHalvings({ maximum: minimum * eta ** s, minimum, eta })).toBe(s);
          expect(mostHalvings({ maximum: minimum * eta ** s - 0.5, minimum, eta })).toBe(Math.max(0, s - 1));
        },
      ),
    );
  });

  it("never let more go on than one in eta, and end at the full resource", () => {
    assert(
      property(integer({ min: 1, max: 500 }), integer({ min: 2, max: 6 }), (maximum, eta) => {
        for (const rounding of ["algorithm", "table"] as const) {
          for (const { rungs } of hyperbandBrackets({ maximum, minimum: 1, eta, rounding })) {
            expect(rungs.at(-1)!.resource).toBeCloseTo(maximum, 9);
            rungs.slice(1).forEach((rung, k) => {
              expect(rung.configurations * eta).toBeLessThanOrEqual(rungs[k]!.configurations + 1e-6);
            });
          }
        }
      }),
    );
  });
});
