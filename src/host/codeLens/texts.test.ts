import { describe, expect, test } from "vitest";
import { summaryOf } from "../testing.ts";
import { keyOffset, spaceLensText, studyLensTexts, tuneLensText } from "./texts.ts";

const error = { severity: "error", message: "x", range: { start: 0, end: 1 }, path: [] } as const;
const warning = { ...error, severity: "warning" } as const;
const actions = (...args: Parameters<typeof studyLensTexts>) => studyLensTexts(...args).map((lens) => lens.action);

describe("lenses of a study file", () => {
  test("a valid study that was never started: start, and nothing else", () => {
    expect(studyLensTexts([warning], undefined)).toEqual([{ title: "$(play) Start HPO Study", action: "start" }]);
  });

  test("an invalid study says how many problems and offers no start", () => {
    expect(studyLensTexts([error, error, warning], undefined)).toEqual([
      { title: "$(error) 2 problems: fix before starting", action: "showProblems" },
    ]);
    expect(actions([error], summaryOf({ state: "complete" }))).toEqual(["showProblems", "openPanel"]);
  });

  test("a running study: progress, pause, stop, panel, even when its file is being edited", () => {
    expect(studyLensTexts([], summaryOf()).map((lens) => lens.title)).toEqual([
      "$(loading~spin) Running 12/50 · best 0.981 (#7)",
      "$(debug-pause) Pause",
      "$(debug-stop) Stop",
      "$(graph) Open Panel",
    ]);
    expect(actions([error], summaryOf())).toEqual(["openPanel", "pause", "stop", "openPanel"]);
  });

  test("a paused study resumes, a finished one starts again or fresh", () => {
    expect(actions([], summaryOf({ state: "paused" }))).toEqual(["openPanel", "resume", "stop", "openPanel"]);
    expect(actions([], summaryOf({ state: "stopped" }))).toEqual(["start", "openPanel", "startFresh", "openPanel"]);
  });
});

describe("lens above space", () => {
  const space = [
    { type: "categorical", name: "optimizer", choices: ["sgd", "adam"] },
    { type: "float", name: "momentum", low: 0, high: 1, log: false, when: { optimizer: ["sgd"] } },
    { type: "constant", name: "seed", value: 1 },
  ] as const;
  test("parameters, conditions, size, budget, ETA", () => {
    expect(spaceLensText({ space, budget: { trials: 50, parallel: 2 } }, Number.POSITIVE_INFINITY, undefined)).toBe(
      "2 parameters (1 conditional) · continuous · 50 trials, 2 at a time",
    );
    const small = { space: space.slice(0, 1), budget: { trials: 9, time: 7200, parallel: 1 } };
    expect(spaceLensText(small, 12_288, summaryOf({ etaMs: 360_000 }))).toBe(
      "1 parameter · 12,288 configurations · 9 trials or at most 2 h · about 6 min left",
    );
    expect(spaceLensText(small, 3.14e12, undefined)).toContain("about 3.1e12 configurations");
  });
  test("stands at the key, not at the word in a comment or another key", () => {
    expect(keyOffset("# space: big\nstudy: space\nspace:\n  a: 1", "yaml", "space")).toBe(26);
    expect(keyOffset('{ "study": "s", "space": {} }', "json", "space")).toBe(16);
    expect(keyOffset("study: x", "yaml", "space")).toBeUndefined();
  });
  test("tune", () => expect(tuneLensText(1)).toBe("$(beaker) Tune This Model · 1 hyperparameter"));
});
