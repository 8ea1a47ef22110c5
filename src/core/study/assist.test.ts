import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { catalog } from "../../catalog.ts";
import { completionsAt, hoverAt, type Completion } from "./assist.ts";
import type { StudyFormat } from "./definition.ts";
import { parseStudy } from "./parse.ts";

/** `|` marks the cursor. */
function complete(
  marked: string,
  format: StudyFormat = "yaml",
): { labels: string[]; items: Completion[]; text: string } {
  const offset = marked.indexOf("|");
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const items = completionsAt(text, format, offset, catalog);
  return { labels: items.map(({ label }) => label), items, text };
}

/** The text after choosing `label`, snippet places filled with what they propose. */
function choose(marked: string, label: string, format: StudyFormat = "yaml"): string {
  const { items, labels, text } = complete(marked, format);
  const item = items.find((one) => one.label === label);
  if (item === undefined) throw new Error(`${label} is not among ${labels.join(", ")}`);
  const insert = item.isSnippet
    ? item.insert
        .replace(/\$\{\d:((?:\\.|[^}])*)\}/g, "$1")
        .replace(/\$0/g, "")
        .replace(/\\([\\$}])/g, "$1")
    : item.insert;
  return text.slice(0, item.range.start) + insert + text.slice(item.range.end);
}

const base = `study: x
objective: { metric: val_accuracy, direction: maximize }
trainer: { kind: command, run: python train.py }
space:
  optimizer: { type: categorical, choices: [sgd, adam] }
  layers: { type: int, low: 1, high: 3 }
  learningRate: { type: float, low: 1e-4, high: 1e-1, log: true }
budget: { trials: 10 }
`;

/** Keys of `budget` after the two that bound it most often. */
const rest = ["parallel", "patience", "regret", "epochs", "gpuHours"];

describe("keys", () => {
  it("proposes the keys that are not there yet", () => {
    expect(complete("|").labels).toEqual([
      "study",
      "objective",
      "objectives",
      "trainer",
      "limits",
      "space",
      "tuneOnline",
      "constraints",
      "budget",
      "seed",
      "diagnostics",
      "sampler",
      "scheduler",
      "warmStart",
    ]);
    expect(complete(`${base}|`).labels).toEqual([
      "objectives",
      "limits",
      "tuneOnline",
      "constraints",
      "seed",
      "diagnostics",
      "sampler",
      "scheduler",
      "warmStart",
    ]);
    expect(complete(`${base}sa|`).labels).toContain("sampler");
    expect(complete("study: x\n|\nspace: {}\n").labels).not.toContain("space");
  });

  it.each<[string, string[]]>([
    ["budget:\n  |", ["trials", "time", ...rest]],
    ["budget: { | }", ["trials", "time", ...rest]],
    ["budget: {|", ["trials", "time", ...rest]],
    ["budget: { trials: 3, pa| }", ["time", ...rest]],
    ["budget: { trials: 3,\n  pa|\n", ["time", ...rest]],
    ["budget:\n  trials: 3\n  |\nseed: 3\n", ["time", ...rest]],
    ["objective:\n  - metric: a\n    |", ["direction", "target"]],
    ["objective: [{ metric: a, | }]", ["direction", "target"]],
    ["objective:\n- |", ["metric", "direction", "target"]],
    ["space:\n  lr: { type: int, |", ["low", "high", "log", "step", "prior", "when", "kind"]],
    ["space:\n  lr: { type: categorical, | }", ["choices", "prior", "when", "kind"]],
    ["space:\n  lr: { type: float, low: 0, high: 1, prior: { | } }", ["value", "confidence"]],
    ["space:\n  lr:\n    type: constant\n    |", ["value", "when"]],
    ["trainer:\n  kind: command\n  |", ["run", "shell", "cwd", "env", "metrics", "epochs"]],
    [
      "trainer:\n  kind: tfjs\n  data: { csv: a, | }",
      ["label", "validation", "test", "standardize", "image", "task", "augment", "subset"],
    ],
    [
      "trainer:\n  kind: tfjs\n  data:\n    cifar100: a\n    |",
      ["labels", "validation", "test", "standardize", "augment", "subset"],
    ],
    ["trainer:\n  kind: tfjs\n  data: { mnist: a, augment: { | } }", ["flip", "crop", "padding"]],
    ["trainer:\n  # a { comment\n  kind: none\n  |", ["epochs"]],
    ["scheduler: { kind: median, | }", ["startupTrials", "warmupSteps", "interval"]],
    ["limits: { | }", ["timeout", "heartbeat", "gpus"]],
  ])("%j", (marked, labels) => {
    expect(complete(marked).labels).toEqual(labels);
  });

  it("names earlier studies of the workspace", () => {
    const names = (marked: string): string[] => {
      const offset = marked.indexOf("|");
      return completionsAt(marked.replace("|", ""), "yaml", offset, catalog, ["digits", "wine", "digits"])
        .filter(({ kind }) => kind === "value")
        .map(({ label }) => label);
    };
    for (const at of ["warmStart: |", "warmStart: [ a, | ]", "warmStart:\n  - |", "warmStart: { study: | }"])
      expect(names(at), at).toEqual(["digits", "wine"]);
    expect(names("warmStart: { study: a, generation: | }")).toEqual([]);
    expect(complete("warmStart: { study: a, | }").labels).toEqual(["generation"]);
  });

  it("helps with beliefs", () => {
    const at = "space:\n  o: { type: categorical, choices: [sgd, adam], prior: | }";
    expect(complete(at).labels).toEqual(["sgd", "adam"]);
    const sure = "space:\n  w: { type: int, low: 1, high: 9, prior: { value: 3, confidence: | } }";
    expect(complete(sure).labels).toEqual(["low", "medium", "high"]);
    const text = sure.replace("|", "high");
    expect(hoverAt(text, "yaml", text.indexOf("prior") + 1, catalog)?.markdown).toContain("believe is good");
    expect(hoverAt(text, "yaml", text.lastIndexOf("high") + 1, catalog)?.markdown).toContain("an eighth");
    expect(hoverAt(text, "yaml", text.indexOf("w:"), catalog)?.markdown).toContain("prior 3 (high confidence)");
  });

  it("proposes the formats of data first, and for a format its own keys", () => {
    const { items, labels } = complete("trainer:\n  kind: tfjs\n  data:\n    |");
    expect(labels.slice(0, 8)).toEqual(["csv", "npy", "npz", "cifar10", "cifar100", "mnist", "svhn", "label"]);
    expect(items.find(({ label }) => label === "cifar10")?.documentation).toContain("data_batch_1.bin");
    expect(complete("trainer: { kind: tfjs, data: | }").labels).toContain("{ cifar10: ./cifar-10-batches-bin }");
    expect(complete("trainer: { kind: tfjs, data: { cifar100: a, labels: | } }").labels).toEqual(["fine", "coarse"]);
    const text = "trainer: { kind: tfjs, data: { npz: a.npz, labels: y } }";
    expect(hoverAt(text, "yaml", text.indexOf("labels") + 1, catalog)?.markdown).toContain("Name of the array");
  });

  it("proposes usual parameters in a space, with their ranges", () => {
    expect(complete("space:\n  |").labels).toContain("dropout");
    expect(complete(base.replace("budget", "  |\nbudget")).labels).not.toContain("optimizer");
    expect(choose("space:\n  |", "dropout")).toBe("space:\n  dropout: { type: float, low: 0, high: 0.6 }");
  });

  it("proposes the parameters of the built-in model, and explains them", () => {
    const text = "trainer: { kind: tfjs, model: vgg }\nspace:\n  blocks: { type: int, low: 1, high: 3 }\n  ";
    const { labels } = complete(`${text}|`);
    expect(labels).toContain("filters");
    expect(labels).not.toContain("width");
    expect(labels).not.toContain("blocks");
    expect(hoverAt(text, "yaml", text.indexOf("blocks") + 1, catalog)?.markdown).toContain("max pooling");
  });

  it("proposes earlier parameters in `when`, and their values", () => {
    const at = (inner: string): string => base.replace("log: true }", `log: true, when: ${inner}`);
    expect(complete(at("{ | } }")).labels).toEqual(["optimizer", "layers"]);
    expect(complete(at("{ optimizer: | } }")).labels).toEqual(["sgd", "adam"]);
    expect(complete(at("{ optimizer: [sgd, |] } }")).labels).toEqual(["sgd", "adam"]);
    expect(complete(at("{ layers: | } }")).labels).toEqual(["1", "2", "3"]);
  });
});

describe("values", () => {
  it.each<[string, readonly string[]]>([
    ["sampler: |", catalog.samplers.map(({ kind }) => kind)],
    ["sampler: { kind: | }", catalog.samplers.map(({ kind }) => kind)],
    ["scheduler:\n  kind: |\n", catalog.schedulers.map(({ kind }) => kind)],
    ["objective: { metric: a, direction: | }", ["maximize", "minimize"]],
    ["objective:\n  direction: m|", ["maximize", "minimize"]],
    ["trainer: { kind: | }", ["tfjs", "command", "none"]],
    ["trainer: { kind: tfjs, data: { standardize: | } }", ["true", "false"]],
    ["space:\n  a: { type: |", ["float", "int", "categorical", "constant"]],
    ["space:\n  a:\n    type: |", ["float", "int", "categorical", "constant"]],
    ["space:\n  a: { type: int, log: | }", ["true", "false"]],
    ["study: x # |", []],
    ["# |", []],
    ["study: |", ["my-study"]],
    ["objective: { metric: | }", ["val_accuracy"]],
    [
      "trainer: { kind: tfjs, data: { task: regression } }\nobjective: { metric: | }",
      catalog.metrics?.regression ?? [],
    ],
    ["study: a\nbudget: { trials:\n  |\n", []],
  ])("%j", (marked, labels) => {
    expect(complete(marked).labels).toEqual(labels);
  });

  it("says what samplers are for", () => {
    const [first] = complete("sampler: |").items;
    expect(first?.documentation).toContain(catalog.samplers[0]?.summary);
  });

  it("proposes ranges for a parameter, by its name first", () => {
    const { labels } = complete("space:\n  learningRate: |");
    expect(labels[0]).toBe("{ type: float, low: 0.0001, high: 0.09, log: true }");
    expect(labels).toContain("{ type: int, low: 1, high: 4 }");
    expect(choose("space:\n  momentum: |", "{ type: float, low: 0.5, high: 0.99 }")).toBe(
      "space:\n  momentum: { type: float, low: 0.5, high: 0.99 }",
    );
  });

  it("replaces what is written", () => {
    expect(choose("sampler: ra|n\nseed: 1\n", "random")).toBe("sampler: random\nseed: 1\n");
    expect(choose("budget: { tri|als }", "trials")).toBe("budget: { trials:  }");
    expect(choose("objective: { metric: a, direction: max| }", "maximize")).toBe(
      "objective: { metric: a, direction: maximize }",
    );
  });
});

describe("words of expressions and placeholders", () => {
  it("proposes parameters and functions in constraints", () => {
    for (const marked of [
      "constraints: [ l| ]",
      "constraints:\n  - l|",
      'constraints: ["1 < l|"]',
      "constraints: 2 * l|",
    ]) {
      const { labels } = complete(`${base}${marked}`);
      expect(labels.slice(0, 3), marked).toEqual(["optimizer", "layers", "learningRate"]);
      expect(labels).toContain("log2");
    }
    expect(choose(`${base}constraints:\n  - 2 * la| < 3\n`, "layers")).toBe(
      `${base}constraints:\n  - 2 * layers < 3\n`,
    );
  });

  it("proposes parameters in placeholders only", () => {
    const at = (run: string): string =>
      base.replace("{ kind: command, run: python train.py }", `\n  kind: command\n  run: ${run}`);
    const names = ["optimizer", "layers", "learningRate"];
    expect(complete(at("python train.py --lr {|")).labels).toEqual(names);
    expect(complete(at('"python train.py --lr {|}"')).labels).toEqual(names);
    expect(complete(at("[python, train.py, --lr, '{|}']")).labels).toEqual(names);
    expect(complete(at("python train.py --lr |")).labels).not.toContain("layers");
    expect(complete(at("python train.py --lr {{|")).labels).not.toContain("layers");
    expect(choose(at("python train.py --lr {lea|"), "learningRate")).toContain("--lr {learningRate}\n");
    expect(choose(at("python train.py --lr={|} x"), "layers")).toContain("--lr={layers} x\n");
  });
});

describe("JSON", () => {
  it.each<[string, string[]]>([
    ['{ "budget": { | } }', ["trials", "time", ...rest]],
    ['{ "budget": { "trials": 3, "p|" } }', ["time", ...rest]],
    ['{ "sampler": | }', catalog.samplers.map(({ kind }) => kind)],
    ['{ "sampler": "|" }', catalog.samplers.map(({ kind }) => kind)],
    ['{ "space": { "a": { "type": "int", | } } }', ["low", "high", "log", "step", "prior", "when", "kind"]],
  ])("%s", (marked, labels) => {
    expect(complete(marked, "json").labels).toEqual(labels);
  });

  it("writes quotes", () => {
    expect(choose('{ "sampler": "r|" }', "random", "json")).toBe('{ "sampler": "random" }');
    expect(choose('{ "budget": { "tr|" } }', "trials", "json")).toBe('{ "budget": { "trials":  } }');
    expect(choose('{ "space": { | } }', "dropout", "json")).toBe(
      '{ "space": { "dropout": {"type":"float","low":0,"high":0.6} } }',
    );
  });
});

describe("hover", () => {
  function hover(marked: string, format: StudyFormat = "yaml"): string | undefined {
    const offset = marked.indexOf("|");
    return hoverAt(marked.replace("|", ""), format, offset, catalog)?.markdown;
  }

  it("explains keys, methods, parameters and words of constraints", () => {
    expect(hover("bud|get: { trials: 3 }")).toBe(
      "**`budget`**: When the study ends and how much runs at once. Needs trials, time or epochs; the first limit reached ends it.",
    );
    expect(hover("budget: { tr|ials: 3 }")).toContain("Trials to finish");
    expect(hover("sampler: tp|e")).toContain("Tree-structured Parzen estimator");
    expect(hover("scheduler: { kind: med|ian }")).toContain("`warmupSteps`");
    expect(hover("scheduler: { kind: median, warm|upSteps: 3 }")).toContain("Steps");
    expect(hover(base.replace("learning", "le|arning"))).toBe("**`learningRate`**: float, 0.0001 to 0.1 (log)");
    expect(hover(`${base}constraints: [ "layers * lea|rningRate < 3" ]`)).toContain("float, 0.0001");
    expect(hover("space: { a: { type: i|nt } }")).toContain("whole number");
    expect(hover('{ "budget": { "tri|als": 3 } }', "json")).toContain("Trials to finish");
    expect(hover("lerning|Rate: 3")).toBeUndefined();
  });
});

describe("robustness", () => {
  it("answers anywhere in files cut off anywhere", () => {
    const json = JSON.stringify(
      { study: "x", space: { a: { type: "int", low: 1, high: 2, when: { b: [1] } } }, constraints: ["a < 1"] },
      null,
      1,
    );
    fc.assert(
      fc.property(
        fc.constantFrom<[string, StudyFormat]>([base, "yaml"], [json, "json"]),
        fc.nat(),
        fc.nat(),
        fc.string({ maxLength: 4 }),
        (file, a, b, junk) => {
          const [whole, format] = file;
          const text = whole.slice(0, a % (whole.length + 1)) + junk;
          const offset = b % (text.length + 1);
          for (const item of completionsAt(text, format, offset, catalog)) {
            expect(item.range.start).toBeLessThanOrEqual(offset);
            expect(item.range.end).toBeGreaterThanOrEqual(offset);
          }
          hoverAt(text, format, offset, catalog);
        },
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."{}[]:,-'\"#|>&* \n\tab1\\".split("")) }),
        fc.nat(),
        (text, at) => {
          const offset = at % (text.length + 1);
          completionsAt(text, "yaml", offset, catalog);
          completionsAt(text, "json", offset, catalog);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("proposes only what the parser takes: a study built by completion alone is valid", () => {
    let text = "study: digits\nobjective: { metric: val_accuracy, direction: | }\n";
    text = choose(text, "maximize");
    text = choose(`${text}space:\n  |`, "learningRate");
    text = choose(`${text}\n  |`, "width");
    text = choose(`${text}\nconstraints:\n  - |`, "width");
    text = choose(`${text} < 200\nsampler: |`, "random");
    text = choose(`${text}\nbudget: { | }`, "trials").replace("trials: ", "trials: 20");
    expect(parseStudy(text, "yaml", catalog).issues).toEqual([]);
  });
});
