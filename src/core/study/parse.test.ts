import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { catalog } from "../../catalog.ts";
import type { Catalog } from "./catalog.ts";
import type { StudyDefinition, StudyFormat } from "./definition.ts";
import { parseStudy } from "./parse.ts";
import { positionsOf } from "./positions.ts";
import { badDiagnostics } from "./testing/badDiagnostics.ts";
import { badRuns } from "./testing/badRuns.ts";
import { badSpaces } from "./testing/badSpaces.ts";
import { badText, goodSections } from "./testing/badStudy.ts";
import { badTrainers } from "./testing/badTrainers.ts";

function issuesOf(text: string, format: StudyFormat = "yaml"): string[] {
  const positions = positionsOf(text);
  const at = (offset: number): string => {
    const { line, character } = positions.at(offset);
    return `${line + 1}:${character + 1}`;
  };
  return parseStudy(text, format, catalog).issues.map(
    ({ severity, message, range }) => `${severity} ${at(range.start)}-${at(range.end)} ${message}`,
  );
}

function studyOf(text: string, format: StudyFormat = "yaml"): StudyDefinition {
  const { study, issues } = parseStudy(text, format, catalog);
  if (study === undefined) throw new Error(JSON.stringify(issues, null, 1));
  return study;
}

describe("bad studies say what is wrong, where, and what to write", () => {
  it.each([...badTrainers, ...badSpaces, ...badRuns, ...badDiagnostics])("%s", (_name, change, expected) => {
    expect(issuesOf(badText(change))).toEqual(expected);
  });

  it("has no study when there is an error, and one when there are only warnings", () => {
    for (const [name, change, expected] of [...badTrainers, ...badSpaces, ...badRuns, ...badDiagnostics]) {
      const { study } = parseStudy(badText(change), "yaml", catalog);
      expect(study === undefined, name).toBe(expected.some((issue) => issue.startsWith("error")));
    }
  });

  it.each<[string, string[]]>([
    ['{ "study": "a", }', ["error 1:15-1:16 Nothing follows this comma: remove it."]],
    ['{ "a": [1,] }', ["error 1:10-1:11 Nothing follows this comma: remove it."]],
    [
      '{ "study": "a" // no\n}',
      ["error 1:16-1:21 JSON has no comments. Remove this one, or keep the study as *.study.yaml."],
    ],
    [
      '{ "study": "a", "study": "b" }',
      ["error 1:17-1:24 Duplicate key `study`: it is already on line 1. Remove one of them."],
    ],
    ['{ "study": "a"', ["error 1:15-1:15 Expected `}`: an object is never closed."]],
    ["", ["error 1:1-1:1 The study is empty. It needs study, objective, space and budget; completion lists the keys."]],
    ["[1]", ["error 1:1-1:4 A study is a mapping: `study: name`, `objective: ...`, `space: ...` and so on."]],
  ])("JSON %j", (text, expected) => {
    expect(issuesOf(text, "json")).toEqual(expected);
  });

  it("finds places inside escaped JSON text", () => {
    const study = {
      study: "a",
      objective: { metric: "m", direction: "minimize" },
      space: { w: { type: "int", low: 1, high: 9 } },
      budget: { trials: 3 },
      constraints: ['w != "\u00e9" and q < 3'],
    };
    const text = JSON.stringify(study).replace("é", "\\u00e9");
    const [issue] = parseStudy(text, "json", catalog).issues;
    expect(text.slice(issue?.range.start, issue?.range.end)).toBe("q");
  });
});

describe("good studies", () => {
  it("takes beliefs, with how sure one is or without", () => {
    const { space } = studyOf(
      badText({
        space:
          "space:\n  lr: { type: float, low: 0.0001, high: 1, log: true, prior: 0.01 }\n  w: { type: int, low: 1, high: 9, prior: { value: 3 } }\n  o: { type: categorical, choices: [null, 1, sgd], prior: { value: null, confidence: high }, when: { w: 3 } }",
      }),
    );
    expect(space.map(({ name, prior }) => [name, prior])).toEqual([
      ["lr", { value: 0.01, confidence: "medium" }],
      ["w", { value: 3, confidence: "medium" }],
      ["o", { value: null, confidence: "high" }],
    ]);
  });

  it("names earlier studies in every form", () => {
    const named = (text: string): unknown =>
      studyOf(badText({ budget: `warmStart: ${text}\nbudget: { trials: 5 }` })).warmStart;
    expect(named("old")).toEqual([{ study: "old" }]);
    expect(named("old#3")).toEqual([{ study: "old", generation: 3 }]);
    expect(named("[ old, { study: 'a#2' }, { study: b, generation: 1 } ]")).toEqual([
      { study: "old" },
      { study: "a#2" },
      { study: "b", generation: 1 },
    ]);
    expect(studyOf(badText({}))).not.toHaveProperty("warmStart");
  });

  it("fills in defaults", () => {
    expect(studyOf(badText({}))).toEqual({
      name: "digits",
      objectives: [{ metric: "val_accuracy", direction: "maximize" }],
      trainer: { kind: "command", run: ["python", "train.py"], shell: false, cwd: ".", env: {}, metrics: [] },
      limits: { gpus: 1 },
      space: [
        { name: "width", type: "int", low: 16, high: 256, log: true },
        { name: "optimizer", type: "categorical", choices: ["sgd", "adam"] },
        { name: "momentum", type: "float", low: 0.5, high: 0.99, log: false, when: { optimizer: ["sgd"] } },
      ],
      constraints: [],
      sampler: { kind: "auto", options: {} },
      scheduler: { kind: "none", options: {} },
      budget: { trials: 50, parallel: 1 },
      seed: 0,
    });
  });

  it("reads every form", () => {
    const study = studyOf(`%YAML 1.2
---
# everything
study: "all of it"
objectives:
  - { metric: acc, direction: maximize, target: 0.99 }
  - { metric: size, direction: minimize }
trainer:
  kind: command
  run: 'python "my train.py" --lr={lr} {{x}} \\'
  cwd: ./src
  env: { A: 1, B: true, C: x }
  metrics: { acc: 'acc=(?<value>\\S+)', size: 'size (\\d+)' }
  epochs: 7
limits: { timeout: 1h30m, heartbeat: 90, gpus: 0 }
space:
  lr: { type: float, low: 1e-5, high: 1e-1, log: true }
  layers: { type: int, low: 1, high: 9, step: 2 }
  mode: { type: categorical, choices: [a, 1, true, null] }
  fixed: { type: constant, value: 3 }
  deep: { type: float, low: 0, high: 1, step: 0.25, when: { layers: [5, 7], mode: null } }
constraints: "lr * layers < 1"
sampler: random
scheduler: { kind: median, warmupSteps: 2 }
budget: { time: 1.5 h, parallel: 4 }
seed: 123
`);
    expect(study).toMatchObject({
      name: "all of it",
      objectives: [
        { metric: "acc", direction: "maximize", target: 0.99 },
        { metric: "size", direction: "minimize" },
      ],
      trainer: {
        run: ["python", "my train.py", "--lr={lr}", "{{x}}", "\\"],
        cwd: "./src",
        env: { A: "1", B: "true", C: "x" },
        metrics: [
          { metric: "acc", pattern: "acc=(?<value>\\S+)" },
          { metric: "size", pattern: "size (\\d+)" },
        ],
        epochs: 7,
      },
      limits: { timeout: 5400, heartbeat: 90, gpus: 0 },
      constraints: ["lr * layers < 1"],
      sampler: { kind: "random", options: {} },
      scheduler: { kind: "median", options: { startupTrials: 5, warmupSteps: 2, interval: 1 } },
      budget: { time: 5400, parallel: 4 },
      seed: 123,
    });
    expect(study.space[4]).toMatchObject({ when: { layers: [5, 7], mode: [null] }, step: 0.25 });
    expect(study.space[2]).toEqual({ name: "mode", type: "categorical", choices: ["a", 1, true, null] });
  });

  it("reads the built-in trainer, a shell line, and no trainer at all", () => {
    const tfjs = studyOf(
      badText({ trainer: "trainer: { kind: tfjs, model: ./m.js, data: { csv: a.csv, label: y, image: [8, 8, 1] } }" }),
    );
    expect(tfjs.trainer).toEqual({
      kind: "tfjs",
      model: "./m.js",
      data: {
        csv: "a.csv",
        label: "y",
        validation: 0.2,
        test: 0.2,
        standardize: true,
        image: [8, 8, 1],
        task: "classification",
      },
      epochs: 20,
      backend: "auto",
      threads: 0,
    });
    const shell = studyOf(
      badText({ trainer: "trainer: { kind: command, shell: true, run: 'python a.py | tee \"$X\"' }" }),
    );
    expect(shell.trainer).toMatchObject({ shell: true, run: ['python a.py | tee "$X"'] });
    expect(studyOf(badText({ trainer: "" })).trainer).toEqual({ kind: "none" });
  });

  it("takes anchors, merge keys, a byte order mark, CR LF and braces that are no placeholders", () => {
    const text = badText({
      space: "space:\n  a: &unit { type: float, low: 0, high: 1 }\n  b: *unit\n  c: { <<: *unit, high: 2 }",
      trainer: "trainer:\n  kind: command\n  run: awk '{print $1}' {} --a={a}",
    }).replaceAll("\n", "\r\n");
    expect(issuesOf(`\uFEFF${text}`)).toEqual([]);
    const { space, trainer } = studyOf(text);
    expect(space.map((parameter) => parameter.type === "float" && parameter.high)).toEqual([1, 1, 2]);
    expect(trainer).toMatchObject({ run: ["awk", "{print $1}", "{}", "--a={a}"] });
  });

  it("is the same in JSON", () => {
    const value = {
      $schema: "x",
      study: "digits",
      objective: [{ metric: "val_accuracy", direction: "maximize" }],
      trainer: { kind: "command", run: ["python", "train.py"] },
      space: {
        width: { type: "int", low: 16, high: 256, log: true },
        optimizer: { type: "categorical", choices: ["sgd", "adam"] },
        momentum: { type: "float", low: 0.5, high: 0.99, when: { optimizer: "sgd" } },
      },
      budget: { trials: 50 },
    };
    expect(studyOf(JSON.stringify(value, null, 2), "json")).toEqual(studyOf(badText({})));
  });

  it("keeps the order of the file", () => {
    const names = ["zeta", "b10", "alpha", "b9", "Z"];
    const space = `space:\n${names.map((name) => `  ${name}: { type: float, low: 0, high: 1 }`).join("\n")}`;
    expect(studyOf(badText({ space })).space.map(({ name }) => name)).toEqual(names);
  });
});

describe("methods of the catalog", () => {
  const own: Catalog = {
    samplers: [
      {
        kind: "grid",
        label: "Grid",
        summary: "All of it.",
        options: z
          .strictObject({ from: z.int().default(1).describe("First."), to: z.int().default(2).describe("Last.") })
          .refine(({ from, to }) => from < to, { message: "`from` must be below `to`." }),
      },
    ],
    schedulers: [{ kind: "none", label: "None", summary: "Nothing.", options: z.strictObject({}) }],
  };

  it("checks options, rules over several of them included, and fills defaults in", () => {
    const text = (sampler: string): string => `${badText({})}sampler: ${sampler}\n`;
    expect(parseStudy(text("{ kind: grid, to: 9 }"), "yaml", own).study?.sampler).toEqual({
      kind: "grid",
      options: { from: 1, to: 9 },
    });
    expect(parseStudy(text("grid"), "yaml", own).study?.sampler).toEqual({ kind: "grid", options: { from: 1, to: 2 } });
    expect(parseStudy(badText({}), "yaml", own).study?.sampler.kind).toBe("grid");
    expect(parseStudy(text("{ kind: grid, from: 5 }"), "yaml", own).issues.map(({ message }) => message)).toEqual([
      "`sampler`: `from` must be below `to`.",
    ]);
  });
});

describe("built-in models", () => {
  const text = (space: string): string =>
    badText({
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }",
      space: `space:\n  ${space}`,
    });
  const places = (space: string): string[] =>
    parseStudy(text(space), "yaml", catalog).issues.map(
      ({ range, message }) => `${text(space).slice(range.start, range.end)}: ${message.split(" It ")[0] ?? ""}`,
    );

  it.each<[string, string[]]>([
    ["learningRate: { type: float, low: 0.001, high: 1, log: true }", []],
    ["width2: { type: int, low: 1, high: 64 }", []],
    [
      "learning_rate: { type: float, low: 0.1, high: 1 }",
      ['learning_rate: The model "mlp" has no parameter "learning_rate". Did you mean "learningRate"?'],
    ],
    ["optimizer: { type: categorical, choices: [adam, adamax] }", ['adamax: optimizer cannot be "adamax".']],
    ["dropout: { type: float, low: 0, high: 1 }", ["1: dropout is 1, which is out of range."]],
    ["depth: { type: float, low: 1, high: 2.5 }", ["2.5: depth must be a whole number, not 2.5."]],
  ])("%s", (space, expected) => {
    expect(places(space)).toEqual(expected);
  });

  it("leaves the parameters of a module of one's own alone", () => {
    const own = text("anything: { type: float, low: 0, high: 1 }").replace("model: mlp", "model: ./m.js");
    expect(parseStudy(own, "yaml", catalog).issues).toEqual([]);
  });
});

describe("robustness", () => {
  it("never throws, whatever the text, and every range lies inside it", () => {
    const whole = badText({});
    const json = JSON.stringify({
      study: "x",
      space: { a: { type: "int", low: 1, high: 3 } },
      objective: [],
      constraints: ["a <"],
    });
    const pieces = fc.constantFrom(
      "study",
      "space",
      ":",
      " ",
      "\n",
      "  ",
      "{",
      "}",
      "[",
      "]",
      ",",
      '"',
      "'",
      "-",
      "#",
      "|",
      "&a",
      "*a",
      "<<",
      "low",
      "1",
      "null",
      "when",
      "!!set",
      "\t",
      "?",
      "%",
      "\u2028",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join("")),
      fc
        .tuple(fc.constantFrom(whole, json), fc.nat(), fc.nat({ max: 20 }), fc.string({ maxLength: 3 }))
        .map(([base, at, length, junk]) => {
          const from = at % base.length;
          return base.slice(0, from) + junk + base.slice(from + length);
        }),
    );
    fc.assert(
      fc.property(text, fc.constantFrom<StudyFormat>("yaml", "json"), (source, format) => {
        const { study, issues } = parseStudy(source, format, catalog);
        expect(study === undefined).toBe(issues.some(({ severity }) => severity === "error"));
        for (const { range, message } of issues) {
          expect(message).not.toBe("");
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.end).toBeGreaterThanOrEqual(range.start);
          expect(range.end).toBeLessThanOrEqual(source.length);
        }
      }),
      { numRuns: 800 },
    );
  });

  it("survives depth, alias bombs and values in any place", () => {
    expect(issuesOf("[".repeat(20_000))).toHaveLength(1);
    expect(issuesOf("[".repeat(20_000), "json").length).toBeGreaterThan(0);
    expect(issuesOf("- ".repeat(5000)).length).toBeGreaterThan(0);
    const bomb = Array.from(
      { length: 12 },
      (_, i) => `k${i}: &k${i} [${Array.from({ length: 10 }, () => (i === 0 ? "x" : `*k${i - 1}`)).join(", ")}]`,
    ).join("\n");
    expect(issuesOf(`${bomb}\n${badText({})}`).length).toBeGreaterThan(0);
    expect(issuesOf(badText({ space: "space: &s\n  a: *s" }))).toEqual(["error 5:6-5:8 This alias refers to itself."]);
  });

  it("puts any value in any place without a throw or an empty message", () => {
    const paths = [
      ["study"],
      ["objective"],
      ["objective", "metric"],
      ["trainer"],
      ["trainer", "run"],
      ["trainer", "metrics"],
      ["trainer", "env"],
      ["space"],
      ["space", "width"],
      ["space", "width", "low"],
      ["space", "width", "log"],
      ["space", "optimizer", "choices"],
      ["space", "momentum", "when"],
      ["space", "momentum", "when", "optimizer"],
      ["constraints"],
      ["sampler"],
      ["scheduler"],
      ["budget"],
      ["budget", "time"],
      ["limits"],
      ["seed"],
    ];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue({ maxDepth: 3 }), (path, value) => {
        const study: Record<string, unknown> = JSON.parse(JSON.stringify(goodValue)) as Record<string, unknown>;
        let target = study;
        for (const part of path.slice(0, -1)) target = target[part] as Record<string, unknown>;
        target[path.at(-1) ?? ""] = value;
        for (const { message } of parseStudy(JSON.stringify(study), "json", catalog).issues)
          expect(message.length).toBeGreaterThan(10);
      }),
      { numRuns: 300 },
    );
  });
});

const goodValue = {
  study: "x",
  objective: { metric: "m", direction: "maximize" },
  trainer: { kind: "command", run: "python a.py", metrics: [], env: {} },
  space: {
    width: { type: "int", low: 1, high: 9 },
    optimizer: { type: "categorical", choices: ["sgd", "adam"] },
    momentum: { type: "float", low: 0, high: 1, when: { optimizer: "sgd" } },
  },
  budget: { trials: 3 },
  limits: {},
};

describe("the table itself", () => {
  it("starts from a valid study", () => {
    expect(issuesOf(badText({}))).toEqual([]);
    expect(Object.keys(goodSections)).toEqual(["study", "objective", "trainer", "space", "budget"]);
  });
});
