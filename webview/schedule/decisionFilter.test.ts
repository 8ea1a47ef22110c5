import { describe, expect, it } from "vitest";
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import { readDecisions } from "./decisionFilter.ts";

const rows: readonly DecisionRow[] = [
  { at: 1, number: 0, step: 1, decision: "pause", reason: "a" },
  { at: 2, number: 1, step: 1, decision: "stop", reason: "b" },
  { at: 3, number: 0, step: 1, decision: "promote", reason: "c" },
];

describe("readDecisions", () => {
  it("gives all, newest first, when nothing is chosen", () => {
    const { rows: read, total } = readDecisions(rows, { kinds: new Set(), numbers: undefined }, 10);
    expect(read.map((row) => row.reason)).toEqual(["c", "b", "a"]);
    expect(total).toBe(3);
  });
  it("keeps kinds and trials, and counts what the limit leaves out", () => {
    expect(readDecisions(rows, { kinds: new Set(["pause", "promote"]), numbers: new Set([0]) }, 1)).toEqual({
      rows: [rows[2]],
      total: 2,
    });
    expect(readDecisions(rows, { kinds: new Set(["drop"]), numbers: undefined }, 5).total).toBe(0);
    expect(readDecisions(rows, { kinds: new Set(), numbers: new Set([1]) }, 5).rows).toEqual([rows[1]]);
  });
});
