import { expect, it } from "vitest";
import type { Objective } from "../objective.ts";
import { checkParams } from "../space/configuration.ts";
import type { Params, Space } from "../space/parameter.ts";
import type { FinishedTrial } from "../trial.ts";
import { adoptTrials, sharesObjectives, type WarmStudy } from "./warmStart.ts";

const loss: Objective = { metric: "loss", direction: "minimize" };
const time: Objective = { metric: "time", direction: "minimize" };
const before: Space = [
  { name: "lr", type: "float", low: 1e-4, high: 1, log: true },
  { name: "width", type: "int", low: 1, high: 100, log: false },
  { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
  { name: "momentum", type: "float", low: 0, high: 1, log: false, when: { optimizer: ["sgd"] } },
  { name: "epochs", type: "constant", value: 10 },
];

function study(space: Space, changes: Partial<WarmStudy> = {}): WarmStudy {
  return { space, objectives: [loss], constraints: [], ...changes };
}

function trial(number: number, params: Params, value = number): FinishedTrial {
  return { number, state: "complete", params, values: [value], last: { step: 2, value } };
}

const sgd = { lr: 0.1, width: 10, optimizer: "sgd", momentum: 0.9, epochs: 10 };
const adam = { lr: 0.5, width: 90, optimizer: "adam", epochs: 10 };

it("takes a trial of the same space as it is, pruned ones with their last report", () => {
  const pruned: FinishedTrial = { number: 2, state: "pruned", params: adam, values: [], last: { step: 1, value: 7 } };
  const all = [trial(0, sgd), trial(1, adam), pruned];
  expect(adoptTrials(study(before), all, study(before))).toEqual({ trials: all, dropped: [] });
});

it("drops and counts what is outside, on another scale, failed, infinite, infeasible or incomplete", () => {
  const of = (to: Space, trials: FinishedTrial[], changes: Partial<WarmStudy> = {}) => {
    const { trials: kept, dropped } = adoptTrials(study(before), trials, study(to, changes));
    for (const { params } of kept) expect(checkParams(to, params)).toEqual([]);
    return { kept: kept.map(({ number }) => number), dropped };
  };
  const changed = (name: string, change: object): Space =>
    before.map((parameter) => (parameter.name === name ? { ...parameter, ...change } : parameter));
  const both = [trial(0, sgd), trial(1, adam), trial(2, { ...adam, width: 91 })];
  expect(of(changed("width", { high: 50 }), both)).toEqual({
    kept: [0],
    dropped: [["with width outside its range", 2]],
  });
  expect(of(changed("width", { step: 3 }), both)).toEqual({
    kept: [0, 2],
    dropped: [["with width outside its range", 1]],
  });
  expect(of(changed("lr", { log: false }), both).dropped).toEqual([["with lr on another scale", 3]]);
  expect(of(changed("width", { type: "float" }), both).dropped).toEqual([["with width on another scale", 3]]);
  expect(of(changed("epochs", { value: 20 }), both).dropped).toEqual([["with epochs outside its range", 3]]);
  expect(of(changed("optimizer", { choices: ["adam", "lion"] }), both).dropped).toEqual([
    ["with optimizer outside its range", 1],
  ]);
  expect(of(before, both, { constraints: ["width > 90"] }).dropped).toEqual([["that violate the constraints", 2]]);
  expect(
    of(before, [{ ...trial(0, sgd), state: "failed", values: [] }, trial(1, adam, Number.NaN), trial(2, adam)]),
  ).toEqual({
    kept: [2],
    dropped: [
      ["that failed", 1],
      ["without finite results", 1],
    ],
  });
});

it("fills in what has one value, leaves out what is gone, and keeps to conditions", () => {
  const to: Space = [
    { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
    { name: "lr", type: "float", low: 1e-4, high: 1, log: true },
    { name: "batch", type: "int", low: 32, high: 32, log: false },
    { name: "momentum", type: "float", low: 0, high: 1, log: false },
    { name: "seedling", type: "constant", value: "x" },
  ];
  const { trials, dropped } = adoptTrials(study(before), [trial(0, sgd), trial(1, adam)], study(to));
  // The order of the new space.
  expect(Object.entries(trials[0]!.params)).toEqual([
    ["optimizer", "sgd"],
    ["lr", 0.1],
    ["batch", 32],
    ["momentum", 0.9],
    ["seedling", "x"],
  ]);
  expect(dropped).toEqual([["without momentum", 1]]);
  const conditional: Space = [
    { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
    { name: "width", type: "int", low: 1, high: 200, log: false, when: { optimizer: ["adam"] } },
  ];
  const back = adoptTrials(study(before), [trial(0, sgd), trial(1, adam)], study(conditional));
  expect(back.trials.map(({ params }) => params)).toEqual([{ optimizer: "sgd" }, { optimizer: "adam", width: 90 }]);
});

it("matches objectives by metric and direction, and reports of the first one only", () => {
  const two = study(before, { objectives: [loss, time] });
  const flipped = study(before, { objectives: [time] });
  const given: FinishedTrial = { ...trial(0, sgd), values: [1, 30], curve: [{ step: 2, value: 1 }] };
  expect(sharesObjectives(two, flipped)).toBe(true);
  expect(sharesObjectives(flipped, two)).toBe(false);
  expect(sharesObjectives(two, study(before, { objectives: [{ ...loss, direction: "maximize" }] }))).toBe(false);
  expect(adoptTrials(two, [given], flipped).trials).toEqual([
    { number: 0, state: "complete", params: sgd, values: [30] },
  ]);
  expect(adoptTrials(two, [given], study(before)).trials).toEqual([{ ...given, values: [1] }]);
});
