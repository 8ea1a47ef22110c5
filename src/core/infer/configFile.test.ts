import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configFormatOf, findHyperparameters, isTunable, type ConfigFormat } from "./configFile.ts";

const yaml = `# defaults
model:
  hidden_size: 128   # units
  num_layers: 2
  dropout: 0.1
optimizer:
  name: adam
  lr: 1e-3
  weight_decay: 0.0
training:
  batch-size: 64
  epochs: 20
  device: cuda
name: digits
`;

const json = `{
  // comments are fine
  "learningRate": 0.01,
  "layers": [64, 32],
  "optimizer": "SGD", /* too */
  "momentum": 0.9,
  "out": "x",
}
`;

const toml = `title = "run"   # comment
lr = 3e-4 # rate
[model]
width = 256
"drop-out" = 0.2
act.activation = 'relu'
inline = { momentum = 0.9 }
[[list]]
lr = 1.0
[train]
batch_size=32
num_epochs = 1_0
`;

function summary(text: string, format: ConfigFormat): string[] {
  return findHyperparameters(text, format).map(
    ({ name, value, range, kind }) => `${kind.id} ${name}=${String(value)} "${text.slice(range.start, range.end)}"`,
  );
}

describe("findHyperparameters", () => {
  it("reads YAML with nested paths and places", () => {
    expect(summary(yaml, "yaml")).toEqual([
      'width model.hidden_size=128 "128"',
      'depth model.num_layers=2 "2"',
      'dropout model.dropout=0.1 "0.1"',
      'optimizer optimizer.name=adam "adam"',
      'learningRate optimizer.lr=0.001 "1e-3"',
      'weightDecay optimizer.weight_decay=0 "0.0"',
      'batchSize training.batch-size=64 "64"',
      'epochs training.epochs=20 "20"',
    ]);
  });

  it("reads JSON with comments and leaves lists alone", () => {
    expect(summary(json, "json")).toEqual([
      'learningRate learningRate=0.01 "0.01"',
      'optimizer optimizer=SGD ""SGD""',
      'momentum momentum=0.9 "0.9"',
    ]);
  });

  it("reads TOML with tables, dotted keys and places", () => {
    expect(summary(toml, "toml")).toEqual([
      'learningRate lr=0.0003 "3e-4"',
      'width model.width=256 "256"',
      'dropout model.drop-out=0.2 "0.2"',
      "activation model.act.activation=relu \"'relu'\"",
      'momentum model.inline.momentum=0.9 "{ momentum = 0.9 }"',
      'batchSize train.batch_size=32 "32"',
      'epochs train.num_epochs=10 "1_0"',
    ]);
  });

  it("takes a value only where it fits the name", () => {
    expect(
      summary("lr: fast\nbatch_size: 0.5\ndropout: 3\nmomentum: true\noptimizer: mine\nepochs: -1\nlr2: 0.1\n", "yaml"),
    ).toEqual([]);
  });

  it("finds nothing in what it cannot read, and never throws", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: "binary" })),
        fc.constantFrom<ConfigFormat>("yaml", "json", "toml"),
        (text, format) => {
          for (const { range } of findHyperparameters(text, format)) expect(range.end).toBeLessThanOrEqual(text.length);
        },
      ),
      { numRuns: 500 },
    );
    expect(findHyperparameters("lr = = 3", "toml")).toEqual([]);
    expect(findHyperparameters("x".repeat(300_000), "yaml")).toEqual([]);
    expect(findHyperparameters(`a: &a\n  b: *a\nlr: 0.1\n`, "yaml").map(({ name }) => name)).toEqual(["lr"]);
  });
});

describe("isTunable", () => {
  const tunable = (path: string, text: string): boolean => {
    const format = configFormatOf(path);
    return format !== undefined && isTunable(path, findHyperparameters(text, format));
  };

  it.each<[string, string, boolean]>([
    ["config.yaml", yaml, true],
    ["conf/model/hparams.json", json, true],
    ["params.toml", toml, true],
    ["a.yaml", "lr: 0.1\n", true],
    ["a.yaml", "width: 3\n", false],
    ["a.yaml", "width: 300\nheight: 200\n", false],
    ["a.yaml", "alpha: 0.3\ngamma: 0.9\n", true],
    ["a.yaml", "train: { epochs: 3 }\nwidth: 64\n", false],
    ["a.yaml", "name: x\nversion: 2\n", false],
    ["digits.study.yaml", yaml, false],
    ["package.json", '{"lr": 0.1}', false],
    ["tsconfig.build.json", '{"lr": 0.1}', false],
    ["package-lock.json", '{"lr": 0.1}', false],
    [".vscode/settings.json", '{"lr": 0.1}', false],
    ["a/node_modules/b/config.json", '{"lr": 0.1}', false],
    ["C:\\work\\.vscode\\x.json", '{"lr": 0.1}', false],
    ["pyproject.toml", "lr = 0.1\n", false],
    ["dvc.lock", "lr: 0.1\n", false],
    ["notes.txt", "lr: 0.1\n", false],
  ])("%s %j is %s", (path, text, expected) => {
    expect(tunable(path, text)).toBe(expected);
  });
});
