import { assert, constantFrom, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { anyCharacters, rowOf, summaryOf } from "../testing.ts";
import { endText } from "../notifications/texts.ts";
import { statusText } from "../statusBar/texts.ts";
import {
  escapeMarkdown,
  progressText,
  runningText,
  stepsText,
  studyDescription,
  studyTooltip,
  trialDescription,
  trialSpoken,
  trialTooltip,
} from "./texts.ts";

describe("a study in words", () => {
  test("progress counts what the budget counts, failures included", () => {
    expect(progressText(summaryOf())).toBe("12/50");
    const { budgetTrials: _, ...unbounded } = summaryOf();
    expect(progressText(unbounded)).toBe("12");
  });

  test("description: progress, best, and the state when it is worth saying", () => {
    expect(studyDescription(summaryOf())).toBe("12/50 · best 0.981 (#7)");
    expect(studyDescription(summaryOf({ state: "paused", generation: 2 }), "models")).toBe(
      "12/50 · best 0.981 (#7) · paused · run 2 · models",
    );
    const { best: _, ...early } = summaryOf();
    expect(studyDescription(early)).toBe("12/50");
  });

  test("tooltip: what the sampler chose", () => {
    expect(studyTooltip(summaryOf())).not.toContain("auto");
    expect(studyTooltip(summaryOf({ samplerChoice: "auto: NSGA (2 objectives)" }))).toContain(
      escapeMarkdown("auto: NSGA (2 objectives)"),
    );
  });

  test("running line has the ETA, a paused one has not", () => {
    expect(runningText(summaryOf({ etaMs: 360_000 }))).toBe("Running 12/50 · best 0.981 (#7) · 6 min left");
    expect(runningText(summaryOf({ etaMs: 360_000, state: "paused" }))).toBe("Paused 12/50 · best 0.981 (#7)");
  });

  test("status bar: the one that runs, or how many; icons in names are broken up", () => {
    const study = (changes = {}) => ({ folder: "/w", summary: summaryOf(changes) });
    expect(statusText([])).toBeUndefined();
    expect(statusText([study({ state: "complete" })])).toBeUndefined();
    expect(statusText([study()])).toBe("$(loading~spin) digits-mlp 12/50 · 0.981 (#7)");
    expect(statusText([study(), study({ id: 2 })])).toBe("$(loading~spin) 2 studies · 24 trials");
    expect(statusText([study({ state: "paused", name: "$(bug)" })])).toBe(
      "$(debug-pause) $ (bug) 12/50 · 0.981 (#7) paused",
    );
  });

  test("the end", () => {
    const ended = {
      studyId: 1,
      name: "digits",
      state: "complete",
      reason: "target reached",
      best: { number: 7, values: [0.981], params: {} },
    } as const;
    expect(endText(ended)).toBe("digits is done: best 0.981 (#7). Target reached.");
    expect(endText({ studyId: 1, name: "digits", state: "failed", reason: "No trial could be started." })).toBe(
      "digits failed. No trial could be started.",
    );
  });
});

describe("a trial in words", () => {
  test("complete: value, then parameters; running: steps first", () => {
    expect(trialDescription(rowOf())).toBe("0.981 · learningRate 3.1e-3, optimizer adam");
    expect(trialDescription(rowOf({ state: "running", values: [], last: { step: 12, value: 0.9 }, steps: 30 }))).toBe(
      "12/30 · 0.9 · learningRate 3.1e-3, optimizer adam",
    );
    expect(stepsText(rowOf({ state: "running", steps: 30 }))).toBe("0/30");
  });

  test("failed: the first line of the reason", () => {
    expect(trialDescription(rowOf({ state: "failed", values: [], reason: "loss is NaN\nat step 3", params: {} }))).toBe(
      "loss is NaN",
    );
  });

  test("many parameters end in an ellipsis", () => {
    expect(trialDescription(rowOf({ params: { a: 1, b: 2, c: 3, d: 4, e: 5 } }))).toBe("0.981 · a 1, b 2, c 3, d 4, …");
  });

  test("spoken", () => {
    expect(trialSpoken(rowOf(), ["val_accuracy"], true)).toBe("Trial 7, complete, val_accuracy 0.981, best");
  });
});

describe("text of a study is never markup", () => {
  /** What Markdown shows for our escaped text: entities back to characters. */
  const shown = (markdown: string): string =>
    markdown.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

  test("any text comes out as the same characters, with no character left that Markdown reads", () => {
    assert(
      property(string({ unit: constantFrom(...anyCharacters) }), (text) => {
        const escaped = escapeMarkdown(text);
        expect(shown(escaped)).toBe(text.replace(/\s+/g, " "));
        expect(escaped.replace(/&#\d+;/g, "")).not.toMatch(/[\\`*_{}[\]()#+\-.!|<>~$&:@/]/);
      }),
    );
  });

  test("command links, images and HTML in names stay text", () => {
    const evil = "[x](command:workbench.action.quit) <img src=x> ![i](http://e)";
    for (const text of [
      studyTooltip(summaryOf({ name: evil, path: evil, reason: evil })),
      trialTooltip(rowOf({ reason: evil, params: { [evil]: evil } }), [evil]),
    ]) {
      expect(text).not.toContain("command:");
      expect(text).not.toContain("<img");
      expect(text).not.toContain("![");
    }
  });
});
