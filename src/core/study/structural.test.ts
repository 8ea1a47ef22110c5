import { describe, expect, it } from "vitest";
import { catalog } from "../../catalog.ts";
import type { Space } from "../space/parameter.ts";
import type { StudyDefinition, TrainerSpec } from "./definition.ts";
import { parseStudy } from "./parse.ts";
import { isStructural } from "./structural.ts";

const tfjs = (model: string): TrainerSpec => ({
  kind: "tfjs",
  model,
  data: { csv: "a.csv", label: "y", validation: 0.2, standardize: true, task: "classification" },
  epochs: 3,
  backend: "auto",
  threads: 0,
});
const program: TrainerSpec = {
  kind: "command",
  run: ["python", "train.py"],
  shell: false,
  cwd: ".",
  env: {},
  metrics: [],
};

const floats = (...names: string[]): Space =>
  names.map((name) => ({ name, type: "float", low: 0, high: 1, log: false }));
const study = (trainer: TrainerSpec, ...names: string[]): Pick<StudyDefinition, "space" | "trainer"> => ({
  trainer,
  space: floats(...names),
});
const structuralOf = (trainer: TrainerSpec, names: readonly string[]): string[] =>
  names.filter((name) => isStructural(study(trainer, ...names), name));

// That every hyperparameter of the built-in trainer is classified: src/trainers/tfjs/hyperparameters.test.ts.
describe("structural parameters", () => {
  it("include single layers and blocks, whose dropout is none", () => {
    const names = ["width1", "layers2", "filters3", "kernel4", "denseUnits10", "convDropout2"];
    expect(structuralOf(tfjs("vgg"), names)).toEqual(names.slice(0, -1));
  });

  it("are, of a model module, all but what every training has and what is known by its name", () => {
    const names = ["learningRate", "lrSchedule", "optimizer", "dropRate", "units", "depth"];
    expect(structuralOf(tfjs("./model.js"), names)).toEqual(["units", "depth"]);
  });

  it("are, of programs, all whose names are not known to leave weights alone", () => {
    const harmless = ["lr", "optim.weight_decay", "momentum", "batch-size", "label_smoothing", "dropout", "grad_clip"];
    const fixed = ["hidden", "n_layers", "activation", "optimizer", "scheduler", "flurb", "kernel_size"];
    expect(structuralOf(program, [...harmless, ...fixed])).toEqual(fixed);
  });

  it("are what the study says they are", () => {
    const text = `
study: a
objective: { metric: m, direction: maximize }
trainer: { kind: command, run: python t.py }
space:
  flurb: { type: float, low: 0, high: 1, kind: nonStructural }
  lr: { type: float, low: 0, high: 1, kind: structural }
  act: { type: categorical, choices: [1, 2], kind: nonStructural }
  momentum: { type: float, low: 0, high: 1 }
budget: { trials: 3 }
`;
    const { study: parsed, issues } = parseStudy(text, "yaml", catalog);
    expect(issues).toEqual([]);
    expect(["flurb", "lr", "act", "momentum"].map((name) => isStructural(parsed!, name))).toEqual([
      false,
      true,
      false,
      false,
    ]);
    const bad = parseStudy(text.replace("kind: structural", "kind: architecture"), "yaml", catalog);
    expect(bad.issues[0]!.message).toContain("Write one of: structural, nonStructural.");
  });

  it("are those, too, that decide whether a structural one exists", () => {
    const space: Space = [
      { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
      { name: "momentum", type: "float", low: 0, high: 1, log: false, when: { optimizer: ["sgd"] } },
      { name: "dropout", type: "categorical", choices: [0, 0.5] },
      { name: "width", type: "float", low: 0, high: 1, log: false, when: { dropout: [0] } },
    ];
    const of = (name: string): boolean => isStructural({ space, trainer: tfjs("mlp") }, name);
    expect(["optimizer", "momentum", "dropout", "width"].map(of)).toEqual([false, false, true, true]);
  });

  it("include a name that is no parameter of the study", () => {
    expect(isStructural(study(program), "elsewhere")).toBe(true);
  });
});
