import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BasinError } from "../core/errors.ts";
import type { StudySummary, TrialRow } from "../protocol/engine.ts";
import { parseMessage } from "./askTell.ts";
import { doctorLines } from "./doctor.ts";
import { CliFailure, failureOf } from "./exit.ts";
import { bundledNode, isAtLeast } from "./nodeVersion.ts";
import { slotBarText, studyBarText } from "./progress.ts";
import { readStudyFile, withBudget } from "./studyFile.ts";
import { pickStudy } from "./studyRef.ts";
import { countsText, endLines, resultObject, studyTable, table, toJson, trialLine } from "./text.ts";
import { workspaceOf } from "./workspace.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-words-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const study: StudySummary = {
  id: 3,
  name: "digits",
  path: "/somewhere/digits.study.yaml",
  generation: 2,
  state: "complete",
  reason: "The budget of 50 trials is used.",
  revision: 1,
  objectives: [{ metric: "accuracy", direction: "maximize" }],
  counts: { waiting: 0, running: 0, paused: 0, complete: 47, pruned: 2, failed: 1 },
  budgetTrials: 50,
  parallel: 2,
  createdAt: 0,
  elapsedMs: 83_000,
  etaMs: 30_000,
  best: { number: 17, values: [0.98123], params: { lr: 0.00123, optimizer: "adam" } },
  slots: [],
};

const row: TrialRow = {
  number: 6,
  state: "complete",
  params: { lr: 0.01, deep: true },
  values: [0.5],
  startedAt: 1000,
  finishedAt: 3400,
  reason: "",
};

describe("texts", () => {
  it("write a finished trial on one line", () => {
    expect(trialLine(study, row, 7)).toBe("[ 7/50]  trial 6  accuracy 0.5  2.4 s  lr=0.01 deep=true");
    const failed: TrialRow = { ...row, state: "failed", values: [], reason: "exit code 3\nand more" };
    expect(trialLine(study, failed, 12)).toBe(
      "[12/50]  trial 6  failed: exit code 3 and more  2.4 s  lr=0.01 deep=true",
    );
  });
  it("count trials", () => {
    expect(countsText(study)).toBe("50 of 50 trials (47 complete, 2 pruned, 1 failed)");
    const { budgetTrials: _, ...endless } = study;
    expect(countsText({ ...endless, counts: { ...study.counts, complete: 0, pruned: 0, failed: 0 } })).toBe("0 trials");
  });
  it("end with the best trial and where to look", () => {
    const lines = endLines(study, "/somewhere");
    expect(lines).toContain("digits #2 complete: The budget of 50 trials is used.");
    expect(lines).toContain("  Best: trial 17 with accuracy 0.9812");
    expect(lines).toContain("    optimizer  adam");
    expect(lines).toContain('  in VS Code   open /somewhere, then "Basin: Open Study Panel"');
    const { best: _, ...none } = study;
    expect(endLines(none, "/somewhere")).toContain("  No trial has been completed.");
  });
  it("make JSON that every reader takes", () => {
    expect(toJson({ a: [Number.NaN, -Infinity, 1] })).toBe('{"a":["NaN","-Infinity",1]}');
    expect(resultObject(study, "/w")).toMatchObject({
      study: "digits",
      best: { values: { accuracy: 0.98123 } },
      workspace: "/w",
    });
  });
  it("line columns up", () => {
    expect(
      table([
        ["a", "bb", "c"],
        ["ccc", "d", ""],
      ]),
    ).toEqual(["a    bb  c", "ccc  d"]);
    expect(studyTable([study])[1]).toMatch(/^3 +digits #2 +complete +50\/50 +accuracy 0\.9812 +\S+$/);
  });
  it("follow the bars", () => {
    expect(studyBarText(study)).toBe("50/50  best accuracy 0.9812  1:23, about 30 s left");
    const slot = { slot: 0, number: 6, startedAt: 0, steps: 20 };
    expect(slotBarText(slot, { ...row, state: "running", last: { step: 3, value: 0.9 } }, "accuracy")).toBe(
      "trial 6  epoch 3/20  accuracy 0.9",
    );
    expect(slotBarText({ slot: 0, number: 6, startedAt: 0 }, undefined, "accuracy")).toBe("trial 6");
  });
  it("say what the doctor found and what would help", () => {
    const lines = doctorLines([
      { what: "Node", ok: true, needed: true, detail: "v24", hint: "" },
      { what: "Python", ok: false, needed: false, detail: "not found", hint: "Install Python 3." },
      { what: "database", ok: false, needed: true, detail: "no binary", hint: "Reinstall." },
    ]);
    expect(lines).toEqual([
      "ok       Node      v24",
      "-        Python    not found",
      "MISSING  database  no binary",
      "",
      "What would help:",
      "  Python: Install Python 3.",
      "  database: Reinstall.",
    ]);
  });
});

describe("exit codes", () => {
  it("are 2 for what was asked wrongly, 130 for what was interrupted, 1 otherwise", () => {
    expect(failureOf(new BasinError("unknown-study", "No study.", "Known are: a."))).toMatchObject({
      code: 2,
      lines: ["basin: error: No study.", "  Known are: a."],
    });
    expect(failureOf(new BasinError("cancelled", "Cancelled.")).code).toBe(130);
    expect(failureOf(new BasinError("storage", "Full.")).code).toBe(1);
    expect(failureOf(new TypeError("oh")).code).toBe(1);
  });
});

describe("the workspace of a study", () => {
  it("is the nearest marked folder above it, else its own", () => {
    const deep = path.join(folder, "a", "b");
    mkdirSync(deep, { recursive: true });
    expect(workspaceOf(deep)).toBe(deep);
    mkdirSync(path.join(folder, ".git"));
    expect(workspaceOf(deep)).toBe(folder);
    mkdirSync(path.join(folder, "a", ".vscode"));
    expect(workspaceOf(deep)).toBe(path.join(folder, "a"));
    mkdirSync(path.join(deep, ".basin"));
    expect(workspaceOf(deep)).toBe(deep);
  });
  it("is not the home folder because of the editor's own .vscode", () => {
    const deep = path.join(folder, "project");
    mkdirSync(deep);
    mkdirSync(path.join(folder, ".vscode"));
    expect(workspaceOf(deep, folder)).toBe(deep);
    mkdirSync(path.join(folder, ".basin"));
    expect(workspaceOf(deep, folder)).toBe(folder);
  });
});

describe("study files", () => {
  const yaml =
    "# mine\nstudy: s\nobjective: { metric: m, direction: maximize }\ntrainer: { kind: none }\nspace:\n  x: { type: float, low: 0, high: 1 } # here\nbudget: { trials: 9 }\n";
  it("keep their comments when the budget is overridden", () => {
    const changed = withBudget(yaml, "yaml", { trials: 3, parallel: 2 });
    expect(changed).toContain("# mine");
    expect(changed).toContain("# here");
    expect(changed).toContain("trials: 3");
    expect(changed).toContain("parallel: 2");
    expect(withBudget(yaml, "yaml", {})).toBe(yaml);
    expect(JSON.parse(withBudget('{ "study": "s" }', "json", { trials: 3 }))).toEqual({
      study: "s",
      budget: { trials: 3 },
    });
    expect(withBudget('{ "budget": { "trials": 1 /* few */ } }', "json", { trials: 3 })).toContain("/* few */");
  });
  it("are refused with every error at its place, counted from 1", () => {
    const file = path.join(folder, "bad.study.yaml");
    writeFileSync(file, yaml.replace("maximize", "up").replace("high: 1", "high: -1"));
    expect(() => readStudyFile(file)).toThrow(CliFailure);
    try {
      readStudyFile(file);
    } catch (error) {
      expect((error as CliFailure).lines).toEqual([
        expect.stringMatching(/bad\.study\.yaml:3:36: error: .*up/),
        expect.stringMatching(/bad\.study\.yaml:6:\d+: error: .*high/),
      ]);
    }
    writeFileSync(file, yaml);
    expect(readStudyFile(file, { trials: 4 }).study.budget.trials).toBe(4);
  });
  it("are found by path, name, generation or id", () => {
    const studies = [
      { ...study, id: 1, generation: 1 },
      study,
      { ...study, id: 4, name: "other", path: "/x/other.study.yaml" },
    ];
    expect(pickStudy(studies, "digits").id).toBe(3);
    expect(pickStudy(studies, "digits#1").id).toBe(1);
    expect(pickStudy(studies, "/somewhere/digits.study.yaml").id).toBe(3);
    expect(pickStudy(studies, "4").name).toBe("other");
    expect(pickStudy(studies, "#1").id).toBe(1);
    expect(() => pickStudy(studies, "none")).toThrow(/No study "none"/);
  });
});

describe("ask-tell messages", () => {
  it("are taken when they say one thing", () => {
    expect(parseMessage('{"ask": 3}')).toEqual({ ask: 3 });
    expect(parseMessage('{"tell": {"number": 1, "values": [1, "NaN", "-Infinity"]}}')).toEqual({
      tell: { number: 1, values: [1, Number.NaN, -Infinity] },
    });
    expect(parseMessage('{"tell": {"number": 1, "state": "pruned"}}')).toEqual({
      tell: { number: 1, state: "pruned" },
    });
    expect(parseMessage('{"report": {"number": 1, "step": 2, "value": 0.5}}')).toEqual({
      report: { number: 1, step: 2, value: 0.5 },
    });
  });
  it.each([
    "",
    "x",
    "[]",
    "null",
    "3",
    '"ask"',
    "{}",
    '{"ask": 1, "tell": {}}',
    '{"ask": 1.5}',
    '{"ask": -1}',
    '{"tell": {}}',
    '{"tell": {"number": 0}}',
    '{"tell": {"number": 0, "values": 3}}',
    '{"tell": {"number": 0, "state": "done"}}',
    '{"report": {"number": 0, "step": 1}}',
    '{"toString": 1}',
    '{"ask": 1, "more": 2}',
  ])("are refused otherwise: %s", (line) => {
    expect(() => parseMessage(line)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});

describe("Node versions", () => {
  it("compare by number", () => {
    expect(isAtLeast("22.14.0", "22.14.0")).toBe(true);
    expect(isAtLeast("v24.1.0", "22.14.0")).toBe(true);
    expect(isAtLeast("22.9.9", "22.14.0")).toBe(false);
    expect(isAtLeast("20.20.2", "22.14.0")).toBe(false);
    expect(isAtLeast("23.0.0-nightly", "22.14.0")).toBe(true);
  });
  it("find the one a package brought along", () => {
    const dist = path.join(folder, "node_modules", "basin", "dist");
    const bin = path.join(folder, "node_modules", ".bin");
    mkdirSync(dist, { recursive: true });
    mkdirSync(bin, { recursive: true });
    expect(bundledNode(dist)).not.toBe(path.join(bin, "node"));
    const name = process.platform === "win32" ? "node.cmd" : "node";
    writeFileSync(path.join(bin, name), "");
    expect(bundledNode(dist)).toBe(path.join(bin, name));
  });
});
