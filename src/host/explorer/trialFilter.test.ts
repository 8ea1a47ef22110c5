import { describe, expect, test } from "vitest";
import { columnsOf } from "../testing.ts";
import { matchingTrials, parseFilter, rowOf, sortTrials } from "./trialFilter.ts";
import type { TrialColumns } from "../../core/columns.ts";
import { fetchPage, type EngineRequest } from "./trialPage.ts";

function matches(columns: TrialColumns, text: string): number[] {
  const parsed = parseFilter(text);
  if (!parsed.ok || parsed.filter?.expression === undefined) throw new Error(`no expression: ${text}`);
  const work = matchingTrials(columns, parsed.filter.expression, 7);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

describe("parseFilter", () => {
  test("nothing is no filter", () => expect(parseFilter("  ")).toEqual({ ok: true, filter: undefined }));
  test("states, however separated", () => {
    expect(parseFilter("running, Failed")).toEqual({
      ok: true,
      filter: { text: "running, Failed", states: ["running", "failed"] },
    });
  });
  test("a condition", () =>
    expect(parseFilter("val_accuracy > 0.95 and optimizer = adam")).toMatchObject({
      ok: true,
      filter: { expression: { isCondition: true } },
    }));
  test.each(["val_accuracy >", "3 + 4", "adam", "(a > 1"])("%s is refused with a message", (text) => {
    const parsed = parseFilter(text);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.message).not.toBe("");
  });
});

describe("filtering columns", () => {
  const columns = columnsOf(40);
  test("by objective, parameter, category, state and number", () => {
    expect(matches(columns, "val_accuracy > 0.36")).toEqual([37, 38, 39]);
    expect(matches(columns, "learningRate >= 0.5")).toEqual([0, 1]);
    expect(matches(columns, "optimizer = adam and number < 6")).toEqual([1, 3, 5]);
    expect(matches(columns, "state = failed")).toEqual([9, 19, 29, 39]);
    expect(matches(columns, "loss < -37 and state = complete")).toEqual([38]);
  });

  test("best first, unfinished and failed last; or newest first", () => {
    expect(sortTrials(columns, [3, 9, 5, 4], "best")).toEqual([5, 4, 3, 9]);
    expect(sortTrials(columns, [3, 9, 5, 4], "number")).toEqual([9, 5, 4, 3]);
  });

  test("a row of columns", () => {
    expect(rowOf(columns, 3)).toEqual({
      number: 3,
      state: "complete",
      params: { learningRate: 0.25, optimizer: "adam" },
      values: [0.03],
      last: { step: 3, value: 0.03 },
      startedAt: 5,
      reason: "",
    });
    expect(rowOf(columns, 4).params).toEqual({ learningRate: 0.2 });
    expect(rowOf(columns, 9).values).toEqual([]);
  });
});

describe("fetchPage", () => {
  const asked: unknown[] = [];
  const row = (number: number) => ({ number, state: "complete" as const, params: {}, values: [], reason: "" });
  const request = (async (method: string, params: { states?: string[] }) => {
    asked.push([method, params]);
    if (method === "trial.columns") return columnsOf(1000);
    if (params.states?.length === 1) return { revision: 1, total: 2, rows: [row(8), row(9)] };
    return { revision: 1, total: 100, rows: Array.from({ length: 10 }, (_, i) => row(i)) };
  }) as unknown as EngineRequest;

  test("running trials on top, none twice, cut to the limit", async () => {
    const page = await fetchPage(request, { studyId: 1, sort: "best", filter: undefined, limit: 10 });
    expect(page.total).toBe(102);
    expect(page.rows.map((each) => each.number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("a filter by state asks the engine for these states", async () => {
    asked.length = 0;
    const filter = parseFilter("failed pruned");
    await fetchPage(request, { studyId: 1, sort: "best", filter: filter.ok ? filter.filter : undefined, limit: 10 });
    expect(asked).toEqual([
      ["trial.rows", { studyId: 1, sort: "best", offset: 0, limit: 10, states: ["failed", "pruned"] }],
    ]);
  });

  test("an expression works on columns and shows one page", async () => {
    const filter = parseFilter("val_accuracy >= 1 and state = complete");
    const page = await fetchPage(request, {
      studyId: 1,
      sort: "best",
      filter: filter.ok ? filter.filter : undefined,
      limit: 5,
    });
    expect(page.total).toBe(810);
    expect(page.rows.map((each) => each.number)).toEqual([998, 997, 996, 995, 994]);
  });
});
