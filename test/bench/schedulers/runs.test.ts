/** What is made of a played study: the best score by epochs trained, and when a level was first reached. */
import { expect, it } from "vitest";
import { catalog } from "../../../src/catalog.ts";
import { parseStudy } from "../../../src/core/study/parse.ts";
import { arms, methods, studyOf, tasks } from "./contenders.ts";
import { bestAfter, epochsTo, improvementsOf, runsOf } from "./runs.ts";

it("reads off a run how good it was when, and when it was good enough", () => {
  const improvements = improvementsOf([Number.NaN, 0.25, 0.125, 0.5, 0.5, 0.75]);
  expect(improvements).toEqual([
    [2, 0.25],
    [4, 0.5],
    [6, 0.75],
  ]);
  expect([1, 2, 3, 4, 6, 9].map((epochs) => bestAfter({ improvements }, epochs))).toEqual([
    0, 0.25, 0.25, 0.5, 0.75, 0.75,
  ]);
  expect([0.2, 0.5, 0.6, 0.8].map((value) => epochsTo({ improvements }, value))).toEqual([2, 4, 6, undefined]);
});

it("leaves out a line that a kill has cut off", () => {
  const run = { task: "digits", method: "asha", arm: "online", seed: 1, epochs: 9, improvements: [[1, 0.5]] };
  const line = JSON.stringify({ ...run, trials: 2, complete: 1, cpuSeconds: 0.5 });
  expect(runsOf(`${line}\n${line.slice(0, 40)}`)).toHaveLength(1);
});

it("writes studies that are right, and in which the arms differ in the rates alone", () => {
  for (const task of tasks) {
    for (const method of methods) {
      for (const arm of arms) {
        const { study, issues } = parseStudy(studyOf(task, method, arm, 1), "yaml", catalog);
        expect(issues.filter(({ severity }) => severity === "error")).toEqual([]);
        const searched = study!.space.filter(({ type }) => type !== "constant").map(({ name }) => name);
        const rates = searched.filter((name) => ["learningRate", "momentum"].includes(name));
        expect([rates.length, study!.tuneOnline !== undefined]).toEqual([arm === "searched" ? 2 : 0, arm === "online"]);
        expect(searched.length - rates.length).toBe(task.space.filter((line) => !line.includes("constant")).length);
      }
    }
  }
});
