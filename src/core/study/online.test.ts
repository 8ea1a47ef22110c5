import { describe, expect, it } from "vitest";
import { catalog } from "../../catalog.ts";
import type { StudyDefinition } from "./definition.ts";
import { parseStudy } from "./parse.ts";
import { positionsOf } from "./positions.ts";

const builtIn = "{ kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }";
const program = '{ kind: command, run: "python t.py --lr {lr}" }';

interface Parts {
  readonly trainer?: string;
  readonly space: readonly string[];
  readonly more?: string;
}

function textOf({ trainer = builtIn, space, more = "" }: Parts): string {
  return `study: a
objective: { metric: val_loss, direction: minimize }
trainer: ${trainer}
${more}
space:
${["width: { type: int, low: 1, high: 9 }", ...space].map((line) => `  ${line}`).join("\n")}
budget: { trials: 3 }
`;
}

/** Messages without their places, and the texts that they stand at. */
function issuesOf(parts: Parts): string[] {
  const text = textOf(parts);
  return parseStudy(text, "yaml", catalog).issues.map(
    ({ severity, message, range }) => `${severity} at ${text.slice(range.start, range.end)}: ${message}`,
  );
}

function studyOf(parts: Parts): StudyDefinition {
  const { study, issues } = parseStudy(textOf(parts), "yaml", catalog);
  if (study === undefined) throw new Error(JSON.stringify(issues, null, 1));
  return study;
}

const sgd = "optimizer: { type: constant, value: sgd }";
const rate = "learningRate: { type: float, low: 1e-4, high: 0.1, log: true }";
const momentum = "momentum: { type: float, low: 0.5, high: 0.99 }";
const lr = "lr: { type: float, low: 0.1, high: 1 }";
const both = "tuneOnline: [learningRate, momentum]";

describe("rates tuned online", () => {
  it("are constants of the space at their start, within the parameter's own bounds", () => {
    const parts = { space: [sgd, rate, momentum], more: both };
    expect(issuesOf(parts)).toEqual([]);
    const { tuneOnline, space } = studyOf(parts);
    expect(tuneOnline).toEqual({
      rule: "cosine",
      learningRate: { name: "learningRate", start: 0.01, low: 1e-4, high: 0.1 },
      momentum: { name: "momentum", start: 0.9, low: 0.5, high: 0.99 },
    });
    expect(space.slice(1)).toEqual([
      { name: "optimizer", type: "constant", value: "sgd" },
      { name: "learningRate", type: "constant", value: 0.01 },
      { name: "momentum", type: "constant", value: 0.9 },
    ]);
  });

  it("may be marked at the parameter, and mean the same", () => {
    const online = (line: string): string => line.replace(" }", ", online: true }");
    const marked = studyOf({ space: [sgd, online(rate), online(momentum)] });
    expect(marked).toEqual(studyOf({ space: [sgd, rate, momentum], more: both }));
    const off = studyOf({ space: [sgd, rate.replace(" }", ", online: false }")] });
    expect(off).toEqual(studyOf({ space: [sgd, rate] }));
  });

  it("need no entry in the space with the built-in trainer, and take the named range", () => {
    const more = "tuneOnline: { parameters: [learningRate, momentum], range: paper, rule: raw }";
    const { tuneOnline, space } = studyOf({ space: [sgd], more });
    expect(tuneOnline).toEqual({
      rule: "raw",
      learningRate: { name: "learningRate", start: 0.01, low: 1e-5, high: 0.2 },
      momentum: { name: "momentum", start: 0.9, low: 0.7, high: 0.99 },
    });
    expect(space.at(-1)).toEqual({ name: "momentum", type: "constant", value: 0.9 });
    expect(studyOf({ space: [sgd, rate, momentum], more }).tuneOnline).toEqual(tuneOnline);
  });

  it.each<[string, Parts, number]>([
    ["the prior", { space: [sgd, rate.replace(" }", ", prior: 0.05 }"), momentum], more: both }, 0.05],
    ["a constant", { space: [sgd, "learningRate: { type: constant, value: 0.3 }"], more: both }, 0.3],
    [
      "`start`, before the prior",
      {
        space: [sgd, rate.replace(" }", ", prior: 0.05 }"), momentum],
        more: "tuneOnline: { parameters: [learningRate, momentum], start: { learningRate: 0.002 } }",
      },
      0.002,
    ],
    ["the nearest bound", { space: [sgd, rate.replace("0.1", "0.001"), momentum], more: both }, 0.001],
    ["Adam's default", { space: [rate], more: "tuneOnline: [learningRate]" }, 0.001],
  ])("start at %s", (_name, parts, expected) => {
    expect(studyOf(parts).tuneOnline?.learningRate?.start).toBe(expected);
  });

  it("keep their condition, so that constraints and children work as before", () => {
    const { space, constraints } = studyOf({
      space: [
        "optimizer: { type: categorical, choices: [adam, sgd] }",
        rate,
        momentum.replace(" }", ", when: { optimizer: sgd } }"),
      ],
      more: `${both}\nconstraints: ["learningRate * width < 5"]`,
    });
    expect(space.at(-1)).toEqual({ name: "momentum", type: "constant", value: 0.9, when: { optimizer: ["sgd"] } });
    expect(constraints).toHaveLength(1);
  });

  it("take schedules with them, and say so", () => {
    const parts = {
      space: [
        sgd,
        rate,
        momentum,
        "lrSchedule: { type: categorical, choices: [cosine, constant] }",
        "lrFinal: { type: float, low: 0, high: 0.1, when: { lrSchedule: cosine } }",
        "warmupEpochs: { type: constant, value: 0 }",
      ],
      more: both,
    };
    const left = "is left out: the learning rate is tuned online and follows no schedule.";
    expect(issuesOf(parts)).toEqual([
      `warning at lrSchedule: \`lrSchedule\` ${left}`,
      `warning at lrFinal: \`lrFinal\` ${left}`,
    ]);
    expect(studyOf(parts).space.map(({ name }) => name)).toEqual(["width", "optimizer", "learningRate", "momentum"]);
    const momentumAlone = { ...parts, more: "tuneOnline: [momentum]" };
    expect(studyOf(momentumAlone).space.map(({ name }) => name)).toContain("lrSchedule");
  });

  it("are known to a program by its own names", () => {
    const { tuneOnline } = studyOf({
      trainer: program,
      space: ["lr: { type: float, low: 1e-4, high: 0.1 }", "sgd_momentum: { type: float, low: 0, high: 0.9 }"],
      more: "tuneOnline: [lr, sgd_momentum]",
    });
    expect(tuneOnline?.learningRate?.name).toBe("lr");
    expect(tuneOnline?.momentum).toEqual({ name: "sgd_momentum", start: 0.9, low: 0, high: 0.9 });
  });
});

describe("what cannot be tuned online", () => {
  it.each<[string, Parts, string[]]>([
    [
      "a stranger",
      { trainer: program, space: [lr], more: "tuneOnline: [lrr]" },
      ["error at lrr: `lrr` is no parameter of this space. Did you mean `lr`?"],
    ],
    [
      "a stranger to the built-in trainer",
      { space: [], more: "tuneOnline: [lr]" },
      [
        "error at lr: `lr` is no parameter of this space. The built-in trainer can tune `learningRate` and `momentum` online.",
      ],
    ],
    [
      "a structural parameter",
      { space: [], more: "tuneOnline: { parameters: [width] }" },
      [
        "error at width: `width` is part of the model's structure, which cannot change while the model trains. A learning rate and a momentum can be tuned online.",
      ],
    ],
    [
      "a parameter without a rule",
      { space: ["dropout: { type: float, low: 0, high: 0.5, online: true }"] },
      [
        "error at true: `dropout` has no rule by which it could be adapted while the model trains. A learning rate and a momentum can be tuned online.",
      ],
    ],
    [
      "two of the same",
      {
        trainer: program,
        space: [lr, "base_lr: { type: float, low: 0.1, high: 1 }"],
        more: "tuneOnline: [lr, base_lr]",
      },
      ["error at base_lr: `base_lr` and `lr` would both be the learning rate."],
    ],
    [
      "the same twice",
      { space: [sgd, rate, momentum.replace(" }", ", online: true }")], more: both },
      ["error at true: `momentum` is named twice."],
    ],
    [
      "nothing",
      { space: [sgd, rate, momentum], more: "tuneOnline: { rule: raw }" },
      [
        "error at tuneOnline: `tuneOnline` names no parameter. Write `tuneOnline: [learningRate, momentum]`, or `online: true` at a parameter.",
      ],
    ],
    [
      "trials of others",
      { trainer: "{ kind: none }", space: [lr], more: "tuneOnline: [lr]" },
      [
        "error at lr: Trials of this study are driven from outside, so nobody here can adapt a parameter while it trains.",
      ],
    ],
    [
      "Adam's momentum",
      { space: [rate, momentum], more: both },
      [
        "error at momentum: adam, the default optimizer, has no momentum to adapt. Add `optimizer: { type: constant, value: sgd }` to the space, or tune the learning rate alone.",
      ],
    ],
    [
      "rmsprop",
      { space: ["optimizer: { type: categorical, choices: [sgd, rmsprop] }", rate, momentum], more: both },
      ["error at rmsprop: `rmsprop` has no rule for tuning online. Leave it out."],
    ],
    [
      "what the space sets",
      { space: [sgd, rate, momentum, "hypergradient: { type: categorical, choices: [none, raw] }"], more: both },
      ["error at hypergradient: `hypergradient` is set by `tuneOnline`. Keep one of them."],
    ],
    [
      "a start out of bounds, and of nothing",
      {
        space: [sgd, rate, momentum],
        more: "tuneOnline: { parameters: [learningRate, momentum], start: { learningRate: 2, dropout: 0 } }",
      },
      [
        "error at 2: The start value 2 lies outside 0.0001 to 0.1.",
        "error at dropout: `dropout` is not tuned online, so it has no start value here.",
      ],
    ],
    [
      "bounds that are none",
      {
        trainer: program,
        space: [lr, "momentum: { type: float, low: 0, high: 1 }"],
        more: "tuneOnline: [lr, momentum]",
      },
      ["error at momentum: `momentum` can be tuned between 0 and 0.9999, and its bounds are 0 and 1."],
    ],
    [
      "what depends on a schedule",
      {
        space: [
          sgd,
          rate,
          momentum,
          "lrSchedule: { type: categorical, choices: [step] }",
          "dropout: { type: float, low: 0, high: 0.5, when: { lrSchedule: step } }",
        ],
        more: both,
      },
      [
        "warning at lrSchedule: `lrSchedule` is left out: the learning rate is tuned online and follows no schedule.",
        "error at lrSchedule: `lrSchedule` is left out, because the learning rate is tuned online. `dropout` cannot depend on it.",
      ],
    ],
    [
      "one of two rates",
      { space: [sgd, rate, momentum], more: "tuneOnline: [learningRate]" },
      [
        "warning at learningRate: The momentum stays as it is (up to 0.99) while the learning rate adapts itself, which tends to diverge. Tune both online, or neither.",
      ],
    ],
    [
      "one of two rates, the other by default",
      { space: ["optimizer: { type: constant, value: momentum }", rate], more: "tuneOnline: [learningRate]" },
      [
        "warning at learningRate: The momentum stays as it is (up to 0.9) while the learning rate adapts itself, which tends to diverge. Tune both online, or neither.",
      ],
    ],
    [
      "words that are none",
      { space: [sgd, rate, momentum], more: "tuneOnline: { parameters: [learningRate, momentum], rule: cosin }" },
      ['error at cosin: `rule` cannot be "cosin". Did you mean `cosine`? Write one of: cosine, raw.'],
    ],
    [
      "no list",
      { space: [sgd, rate, momentum], more: "tuneOnline: learningRate" },
      [
        'error at learningRate: `tuneOnline` must be a list or a mapping, not "learningRate". Write for example `tuneOnline: [learningRate, momentum]`.',
      ],
    ],
  ])("%s", (_name, parts, expected) => {
    expect(issuesOf(parts)).toEqual(expected);
  });

  it("does not warn where the momentum is low or none is used", () => {
    const low = "momentum: { type: float, low: 0, high: 0.5 }";
    expect(issuesOf({ space: [sgd, rate, low], more: "tuneOnline: [learningRate]" })).toEqual([]);
    expect(issuesOf({ space: [sgd, rate], more: "tuneOnline: [learningRate]" })).toEqual([]);
    expect(issuesOf({ space: [rate], more: "tuneOnline: [learningRate]" })).toEqual([]);
  });

  it("has its places in JSON, too", () => {
    const text =
      '{ "study": "a", "objective": { "metric": "m", "direction": "maximize" }, "tuneOnline": ["x"],\n "trainer": { "kind": "command", "run": "p" }, "space": { "width": { "type": "int", "low": 1, "high": 3 } }, "budget": { "trials": 2 } }';
    const [issue] = parseStudy(text, "json", catalog).issues;
    expect(positionsOf(text).at(issue!.range.start)).toEqual({ line: 0, character: text.indexOf('"x"') });
  });
});
