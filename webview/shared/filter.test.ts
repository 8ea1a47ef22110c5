import { describe, expect, it } from "vitest";
import { generateStudy } from "../gallery/generate.ts";
import { panelColumns } from "./columnModel.ts";
import { compileFilter, nearest } from "./filter.ts";

const { columns: data } = generateStudy(120, { state: "complete", loss: false });
const columns = panelColumns(data);

function matching(source: string): number {
  const result = compileFilter(source, columns, data.count);
  if (!result.ok) throw new Error(result.message);
  return result.mask === null ? data.count : result.mask.reduce((sum, bit) => sum + bit, 0);
}

describe("compileFilter", () => {
  it("compares numbers, words, states and booleans", () => {
    expect(matching("")).toBe(120);
    expect(matching("optimizer = adam") + matching("optimizer != adam")).toBe(120);
    expect(matching("state = complete")).toBe(data.objectives[0]!.values.filter((v) => !Number.isNaN(v)).length);
    expect(matching("augment = true") + matching("augment = false")).toBe(120);
    expect(matching("number < 10")).toBe(10);
    expect(matching("time > 0 and epochs >= 1")).toBeGreaterThan(0);
  });
  it("holds for no trial that lacks the value", () => {
    expect(matching("momentum > 0")).toBe(matching("optimizer = sgd"));
  });
  it("says where a name is wrong and what may be meant", () => {
    const result = compileFilter("depth > 1 and optimzer = adam", columns, data.count);
    expect(result).toMatchObject({ ok: false, start: 14, end: 22 });
    expect(result.ok ? "" : result.message).toContain("Did you mean optimizer?");
  });
  it("refuses what is no condition, and what cannot be read", () => {
    expect(compileFilter("1 + 2", columns, data.count).ok).toBe(false);
    expect(compileFilter("depth >", columns, data.count).ok).toBe(false);
  });
});

describe("nearest", () => {
  it("finds close names only", () => {
    expect(nearest("lerningRate", ["learningRate", "width"])).toBe("learningRate");
    expect(nearest("banana", ["learningRate", "width"])).toBeUndefined();
  });
});
