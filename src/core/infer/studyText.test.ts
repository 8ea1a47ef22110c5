import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { catalog } from "../../catalog.ts";
import { parseStudy } from "../study/parse.ts";
import type { StudyDefinition } from "../study/definition.ts";
import { contains } from "../space/domain.ts";
import { findHyperparameters } from "./configFile.ts";
import { studyTextFor, type StudyTextOptions } from "./studyText.ts";

function parsed(text: string): StudyDefinition {
  const { study, issues } = parseStudy(text, "yaml", catalog);
  expect(
    issues.map(({ message }) => message),
    text,
  ).toEqual([]);
  if (study === undefined) throw new Error(text);
  return study;
}

const config = `lr: 0.001
momentum: 0.9
optimizer: SGD
hidden: 128
batch_size: 64
weight_decay: 0
epochs: 12
monitor: val_loss
`;

function studyFor(text: string, options: Partial<StudyTextOptions> = {}): { text: string; study: StudyDefinition } {
  const made = studyTextFor({ fileName: "config.yaml", text, format: "yaml" }, { files: ["train.py"], ...options });
  return { text: made, study: parsed(made) };
}

describe("studyTextFor", () => {
  it("writes ranges round the present values, the command and the metric", () => {
    const { study, text } = studyFor(config, { name: "digits" });
    expect(study.name).toBe("digits");
    expect(study.objectives).toEqual([{ metric: "val_loss", direction: "minimize" }]);
    expect(study.trainer).toMatchObject({
      kind: "command",
      run: ["python", "train.py"],
      shell: false,
      cwd: ".",
      epochs: 12,
    });
    expect(study.space).toEqual([
      { name: "optimizer", type: "categorical", choices: ["SGD", "Adam"] },
      { name: "lr", type: "float", low: 0.00003, high: 0.03, log: true },
      { name: "momentum", type: "float", low: 0.5, high: 0.99, log: false, when: { optimizer: ["SGD"] } },
      { name: "hidden", type: "int", low: 32, high: 512, log: true },
      { name: "batch_size", type: "int", low: 16, high: 256, log: true },
      { name: "weight_decay", type: "float", low: 0.000001, high: 0.1, log: true },
    ]);
    expect(study.budget).toEqual({ trials: 60, parallel: 1 });
    expect(text).toContain("basin.params(config)");
    expect(text).toContain("# now 0.001");
  });

  it("searches only words that the script knows, and takes the metric from its reports", () => {
    const sources = `
if config.optimizer == "adam": ...
elif config.optimizer == "rmsprop": ...
basin.report(epoch, loss=loss, val_loss=a, val_f1=b)`;
    const text = "lr: 0.1\noptimizer: adam\nactivation: relu\nscheduler: cosine\n";
    const { study, text: written } = studyFor(text, { sources });
    expect(study.objectives).toEqual([{ metric: "val_f1", direction: "maximize" }]);
    expect(study.space.map(({ name }) => name)).toEqual(["optimizer", "lr"]);
    expect(study.space[0]).toMatchObject({ choices: ["adam", "rmsprop"] });
    expect(written).toContain("  # activation: { type: categorical, choices: [relu, gelu, silu, tanh] } # now relu");
    const looked = studyFor(text, { sources: "optimizer = getattr(torch.optim, config.optimizer)" }).study;
    expect(looked.space[0]).toMatchObject({ choices: ["adam", "sgd"] });
    expect(studyFor("lr: 0.1\n", { sources: "report(1, val_loss=2)" }).study.objectives[0]).toEqual({
      metric: "val_loss",
      direction: "minimize",
    });
  });

  it("gives the values as arguments when asked", () => {
    const { study } = studyFor(config, { style: "arguments", python: "python3" });
    expect(study.trainer).toMatchObject({
      run: [
        "python3",
        "train.py",
        "--optimizer",
        "{optimizer}",
        "--lr",
        "{lr}",
        "--momentum",
        "{momentum}",
        "--hidden",
        "{hidden}",
        "--batch_size",
        "{batch_size}",
        "--weight_decay",
        "{weight_decay}",
      ],
    });
  });

  it.each<[readonly string[], readonly string[], string, boolean]>([
    [["utils.py", "main.py", "train.py"], ["python", "train.py"], ".", false],
    [["model.py", "run_training.py"], ["python", "run_training.py"], ".", false],
    [["README.md", "../train.py"], ["python", "train.py"], "..", false],
    [["../train.py", "train_mlp.py"], ["python", "train.py"], "..", false],
    [["train.mjs"], ["node", "train.mjs"], ".", false],
    [["train.sh"], ["bash", "train.sh"], ".", false],
    [["my train.py"], ["python", "my train.py"], ".", false],
    [["digits.py", "README.md"], ["python", "digits.py"], ".", false],
    [["test_train.py", "a.py", "b.py"], ["python", "train.py"], ".", true],
    [[], ["python", "train.py"], ".", true],
  ])("beside %j runs %j in %s", (files, run, cwd, guessed) => {
    const { study, text } = studyFor("lr: 0.1\n", { files });
    expect(study.trainer).toMatchObject({ run, cwd });
    expect(text.includes("No training script")).toBe(guessed);
  });

  it("holds an unusual present value too", () => {
    const { study } = studyFor("lr: 0.1\nclip_range: 0.6\n");
    expect(study.space.find(({ name }) => name === "clip_range")).toMatchObject({ high: 0.6 });
  });

  it("keeps the search small and the rest at hand", () => {
    const many = Object.fromEntries(
      ["a", "b", "c", "d", "e", "f"].map((part) => [part, { lr: 0.1, dropout: 0.2, alpha: 0.5 }]),
    );
    const { study, text } = studyFor(stringify(many));
    expect(study.space).toHaveLength(10);
    expect(text.match(/^ {2}# \S+: \{ type/gm)).toHaveLength(8);
  });

  it("gives a valid study with the present values inside, whatever the config holds", () => {
    const key = fc.constantFrom(
      "lr",
      "learning_rate",
      "batchSize",
      "batch-size",
      "momentum",
      "dropout",
      "weight_decay",
      "hidden",
      "depth",
      "optimizer",
      "activation",
      "scheduler",
      "beta1",
      "beta2",
      "eps",
      "gamma",
      "alpha",
      "warmup_steps",
      "kernel_size",
      "epochs",
      "n_estimators",
      "temperature",
      "label_smoothing",
      "grad_clip",
      "nesterov",
      "d_model",
      "num_heads",
      "lr_decay",
      "subsample",
      "C",
      "cliprange",
      "monitor",
    );
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 1e-300, max: 1e-3, noNaN: true }),
      fc.integer(),
      fc.nat(4096),
      fc.constantFrom(
        "adam",
        "SGD",
        "torch.optim.AdamW",
        "relu",
        "ReLU",
        "cosine",
        "val_loss",
        "f1",
        "x y: #z",
        true,
        false,
      ),
    );
    const part = fc.dictionary(key, value, { maxKeys: 8 });
    const whole = fc.oneof(
      part,
      fc.dictionary(fc.constantFrom("model", "train", "optimizer", "on", "null", "toString"), part),
    );
    const file = fc.constantFrom(
      "train.py",
      "../train.py",
      'a b\'s "train".py',
      "träin.py",
      "train {x}.py",
      "-train.py",
    );
    fc.assert(
      fc.property(
        whole,
        fc.array(file, { maxLength: 2 }),
        fc.string(),
        fc.constantFrom("module" as const, "arguments" as const),
        (content, files, name, style) => {
          const text = stringify(content);
          const study = parsed(studyTextFor({ fileName: "c.yaml", text, format: "yaml" }, { files, name, style }));
          const found = new Map(findHyperparameters(text, "yaml").map((one) => [one.name, one]));
          for (const parameter of study.space) {
            const present = found.get(parameter.name);
            if (present === undefined || present.value === 0) continue;
            expect(
              contains(parameter, present.value),
              `${parameter.name} ${String(present.value)} ${JSON.stringify(parameter)}`,
            ).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
