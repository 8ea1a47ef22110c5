/**
 * Bad constraints, methods, budgets and syntax: one mistake a file, and what is said about it where. Read by parse.test.ts.
 * Invariant: messages are what a person reads in the editor; change them here and in the code together.
 */
import type { BadStudy } from "./badStudy.ts";

export const badRuns: readonly BadStudy[] = [
  [
    "constraint syntax",
    { budget: 'constraints: [ "width * <= 3" ]\nbudget: { trials: 5 }' },
    ["error 8:25-8:27 Unexpected `<=`."],
  ],
  [
    "constraint unknown",
    { budget: "constraints:\n  - width * dept <= 300\nbudget: { trials: 5 }" },
    [
      "error 9:13-9:17 `dept` is no parameter of this space. Text stands in quotes. Parameters: width, optimizer, momentum.",
    ],
  ],
  [
    "constraint unknown near",
    { budget: "constraints:\n  - 'widht <= 300'\nbudget: { trials: 5 }" },
    ["error 9:6-9:11 `widht` is no parameter of this space. Did you mean `width`?"],
  ],
  [
    "constraint value",
    { budget: "constraints: width * 2\nbudget: { trials: 5 }" },
    ["error 8:14-8:23 This is a value, not a condition. Compare it: for example `width * depth <= 1024`."],
  ],
  [
    "constraint name",
    { budget: "constraints: [width]\nbudget: { trials: 5 }" },
    ["error 8:15-8:20 This is a value, not a condition. Compare it: for example `width * depth <= 1024`."],
  ],
  [
    "constraint number",
    { budget: "constraints: [3]\nbudget: { trials: 5 }" },
    ['error 8:15-8:16 Item 1 of `constraints` must be text, not 3. Put it in quotes: "3".'],
  ],
  [
    "constraint impossible",
    { budget: "constraints: [ width > 1000 ]\nbudget: { trials: 5 }" },
    ["error 8:16-8:28 No configuration satisfies this constraint. Loosen it, or widen the ranges."],
  ],
  [
    "constraints together",
    { budget: "constraints:\n  - width > 100\n  - width < 50\nbudget: { trials: 5 }" },
    ["error 8:1-8:12 No configuration satisfies all constraints together. Loosen one of them."],
  ],
  [
    "constraint none",
    { budget: "constraints: [ 1 < 2 ]\nbudget: { trials: 5 }" },
    ["warning 8:16-8:21 This constraint names no parameter, so it restricts nothing or everything."],
  ],
  [
    "constraint block",
    { budget: "constraints:\n  - >-\n    width *\n    depth < 3\nbudget: { trials: 5 }" },
    [
      "error 9:5-12:1 `depth` is no parameter of this space. Text stands in quotes. Parameters: width, optimizer, momentum.",
    ],
  ],
  [
    "sampler unknown",
    { budget: "sampler: { kind: tpa }\nbudget: { trials: 5 }" },
    [
      'error 8:18-8:21 Unknown sampler "tpa". Did you mean `tpe`? This release has: auto, tpe, gp, hebo, turbo, smac, mes, dngo, random, cmaes, genetic, de, pso, tabu, nsga2, nsga3, priorband, bohb, dehb, freeze-thaw, hyprl, model-rl, hoag, sobol, grid.',
    ],
  ],
  [
    "sampler unknown short",
    { budget: "sampler: bogo\nbudget: { trials: 5 }" },
    [
      'error 8:10-8:14 Unknown sampler "bogo". This release has: auto, tpe, gp, hebo, turbo, smac, mes, dngo, random, cmaes, genetic, de, pso, tabu, nsga2, nsga3, priorband, bohb, dehb, freeze-thaw, hyprl, model-rl, hoag, sobol, grid.',
    ],
  ],
  [
    "sampler kind missing",
    { budget: "sampler: { startupTrials: 3 }\nbudget: { trials: 5 }" },
    [
      "error 8:1-8:8 `kind` is missing in `sampler`. Write `kind: auto`, `kind: tpe`, `kind: gp`, `kind: hebo`, `kind: turbo`, `kind: smac`, `kind: mes`, `kind: dngo`, `kind: random`, `kind: cmaes`, `kind: genetic`, `kind: de`, `kind: pso`, `kind: tabu`, `kind: nsga2`, `kind: nsga3`, `kind: priorband`, `kind: bohb`, `kind: dehb`, `kind: freeze-thaw`, `kind: hyprl`, `kind: model-rl`, `kind: hoag`, `kind: sobol` or `kind: grid`.",
    ],
  ],
  [
    "sampler option",
    { budget: "sampler: { kind: tpe, startupTrails: 3 }\nbudget: { trials: 5 }" },
    ["error 8:23-8:36 Unknown key `startupTrails`. Did you mean `startupTrials`?"],
  ],
  [
    "sampler option value",
    { budget: "sampler: { kind: tpe, startupTrials: many }\nbudget: { trials: 5 }" },
    ['error 8:38-8:42 `startupTrials` must be a number, but "many" is text.'],
  ],
  [
    "sampler number",
    { budget: "sampler: 3\nbudget: { trials: 5 }" },
    [
      "error 8:10-8:11 Unknown sampler 3. This release has: auto, tpe, gp, hebo, turbo, smac, mes, dngo, random, cmaes, genetic, de, pso, tabu, nsga2, nsga3, priorband, bohb, dehb, freeze-thaw, hyprl, model-rl, hoag, sobol, grid.",
    ],
  ],
  [
    "scheduler option of other tools",
    { budget: "scheduler: { kind: asha, reductionFactor: 3 }\nbudget: { trials: 5 }" },
    ["error 8:26-8:41 Unknown key `reductionFactor`. Did you mean `eta`?"],
  ],
  [
    "budget unbounded",
    { budget: "budget: { parallel: 2 }" },
    ["error 8:1-8:7 The budget bounds nothing. Write `trials: 50`, `time: 2h`, or both."],
  ],
  [
    "patience alone bounds nothing",
    { budget: "budget: { patience: 5 }" },
    ["error 8:1-8:7 The budget bounds nothing. Write `trials: 50`, `time: 2h`, or both."],
  ],
  [
    "regret of several objectives",
    {
      objective: "objectives: [{ metric: val_loss, direction: minimize }, { metric: loss, direction: minimize }]",
      budget: "budget: { trials: 5, regret: 1 }",
    },
    ["error 8:30-8:31 `regret` is a distance in one objective, and this study has several. Use `patience`."],
  ],
  [
    "regret of nothing",
    { budget: "budget: { trials: 5, regret: 0 }" },
    ["error 8:30-8:31 `regret` must be above 0, not 0."],
  ],
  [
    "GPU time without GPUs",
    { budget: "budget: { trials: 5, gpuHours: 2 }\nlimits: { gpus: 0 }" },
    ["error 8:32-8:33 Trials hold no GPU (`limits: { gpus: 0 }`), so no GPU time is ever used."],
  ],
  [
    "no patience",
    { budget: "budget: { trials: 5, patience: 0 }" },
    ["error 8:32-8:33 `patience` must be at least 1, not 0."],
  ],
  [
    "patience at the top",
    { budget: "budget: { trials: 5 }\npatience: 3" },
    ["error 9:1-9:9 Unknown key `patience`. Write it as `budget: { trials: 50, patience: 15 }`."],
  ],
  [
    "budget number",
    { budget: "budget: 50" },
    ["error 8:9-8:11 `budget` must be a mapping, not 50. Write for example `budget: { trials: 50 }`."],
  ],
  ["trials zero", { budget: "budget: { trials: 0 }" }, ["error 8:19-8:20 `trials` must be at least 1, not 0."]],
  [
    "time word",
    { budget: "budget: { time: 2 hours }" },
    ['error 8:17-8:24 `time`: "2 hours" is no duration. Write "2h", "90m", "1h30m", "30s" or a number of seconds.'],
  ],
  ["time zero", { budget: "budget: { time: 0h }" }, ["error 8:17-8:19 `time` must be longer than 0."]],
  ["time negative", { budget: "budget: { time: -3 }" }, ["error 8:17-8:19 `time` must be above 0, not -3."]],
  ["time list", { budget: "budget: { time: [1] }" }, ["error 8:17-8:20 `time` must be a number or text, not a list."]],
  [
    "parallel zero",
    { budget: "budget: { trials: 5, parallel: 0 }" },
    ["error 8:32-8:33 `parallel` must be at least 1, not 0."],
  ],
  [
    "parallel above",
    { budget: "budget: { trials: 5, parallel: 8 }" },
    ["warning 8:32-8:33 Only 5 trials are budgeted, so 8 can never run at once."],
  ],
  [
    "limits unknown",
    { budget: "budget: { trials: 5 }\nlimits: { timeuot: 3m }" },
    ["error 9:11-9:18 Unknown key `timeuot`. Did you mean `timeout`?"],
  ],
  [
    "limits gpus",
    { budget: "budget: { trials: 5 }\nlimits: { gpus: -1 }" },
    ["error 9:17-9:19 `gpus` must be at least 0, not -1."],
  ],
  ["seed", { budget: "budget: { trials: 5 }\nseed: 1.5" }, ["error 9:7-9:10 `seed` must be a whole number, not 1.5."]],
  [
    "seed text",
    { budget: "budget: { trials: 5 }\nseed: random" },
    ['error 9:7-9:13 `seed` must be a number, but "random" is text.'],
  ],
  ["tab", { budget: "budget:\n\ttrials: 5" }, ["error 9:1-9:2 YAML is indented with spaces, not tabs."]],
  ["unclosed brace", { budget: "budget: { trials: 5" }, ["error 8:9-8:10 `{` is never closed."]],
  [
    "colon missing",
    { study: "study digits" },
    ["error 1:1-1:13 A `:` is missing after this key, or its quotes are never closed."],
  ],
  [
    "duplicate key",
    { budget: "budget: { trials: 5 }\nstudy: other" },
    ["error 9:1-9:6 Duplicate key `study`: it is already on line 1. Remove one of them."],
  ],
  [
    "duplicate nested",
    { space: "space:\n  a: { type: int, low: 1, high: 3, low: 2 }" },
    ["error 5:36-5:39 Duplicate key `low`: it is already on line 5. Remove one of them."],
  ],
  [
    "bad indent",
    { budget: "budget:\n    trials: 5\n   parallel: 2" },
    ["error 10:1-10:2 The indentation does not fit: entries of one mapping or list start in the same column."],
  ],
  [
    "two docs",
    { budget: "budget: { trials: 5 }\n---\nstudy: b" },
    ["error 9:1-9:4 A study file holds one document: remove what follows `---`."],
  ],
  ["unclosed quote yaml", { study: 'study: "digits' }, ['error 1:8-1:9 `"` is never closed.']],
  [
    "colon in value",
    { trainer: "trainer: { kind: command, run: python train.py --lr {width} }" },
    ["error 3:53-3:54 This cannot stand here. Text that holds braces, brackets or `: ` needs quotes."],
  ],
  [
    "warm start twice",
    { budget: "warmStart: [ old, { study: other }, { study: old, generation: 2 } ]\nbudget: { trials: 5 }" },
    ["error 8:37-8:66 `old` is named twice. Its trials count once."],
  ],
  [
    "warm start generation",
    { budget: "warmStart: { study: old, generation: 0 }\nbudget: { trials: 5 }" },
    ["error 8:38-8:39 `generation` must be at least 1, not 0."],
  ],
  [
    "value with colon",
    { trainer: "trainer:\n  kind: command\n  run: python: train.py" },
    [
      "error 5:8-5:9 A second `key: value` cannot start on this line. Put it on its own line, or quotes round text that holds `: `.",
    ],
  ],
  [
    "alias",
    { study: "study: *name" },
    [
      "error 1:8-1:13 This alias (`*name`) has no anchor (`&name`) before it. Put quotes round text that starts with `*` or `&`.",
    ],
  ],
  ["at sign", { study: "study: @name" }, ["error 1:8-1:9 Text that starts with this character needs quotes."]],
  [
    "empty",
    "",
    ["error 1:1-1:1 The study is empty. It needs study, objective, space and budget; completion lists the keys."],
  ],
  [
    "comment only",
    "# hi\n",
    ["error 1:1-1:1 The study is empty. It needs study, objective, space and budget; completion lists the keys."],
  ],
  [
    "text only",
    "just words",
    ["error 1:1-1:11 A study is a mapping: `study: name`, `objective: ...`, `space: ...` and so on."],
  ],
  [
    "list only",
    "- a\n- b",
    ["error 1:1-1:4 A study is a mapping: `study: name`, `objective: ...`, `space: ...` and so on."],
  ],
  [
    "proto",
    { space: "space:\n  __proto__: { type: int, low: 1, high: 3 }\n  a: { type: int, low: 1, high: 3 }" },
    ["error 5:3-5:12 The key `__proto__` is not allowed."],
  ],
  [
    "sampler without beliefs",
    { budget: "sampler: priorband\nbudget: { trials: 5 }" },
    [
      "warning 8:10-8:19 `priorband` follows beliefs, and no parameter has a `prior`: it draws at random instead. Write for example `prior: VALUE` in `width`, or choose `sampler: auto`.",
    ],
  ],
  [
    "scheduler without a length",
    { budget: "scheduler: { kind: asha, eta: 3 }\nbudget: { trials: 5 }" },
    ["error 8:20-8:24 `asha` must know how many epochs a training has. Write for example `epochs: 30` in `trainer`."],
  ],
  [
    "scheduler of trials driven from outside",
    { trainer: "", budget: "scheduler: hyperband\nbudget: { trials: 5 }" },
    [
      "error 7:12-7:21 `hyperband` must know how many epochs a training has. Write for example `epochs: 30` in `trainer`.",
    ],
  ],
  [
    "scheduler and sampler apart",
    {
      trainer: "trainer: { kind: command, run: python train.py, epochs: 9 }",
      budget: "sampler: gp\nscheduler: dehb\nbudget: { trials: 5 }",
    },
    [
      "error 8:10-8:12 `dehb` cannot work with `gp`: every trial ends at its rung, and only the sampler `dehb` breeds from one rung to the next. Leave `sampler` out, or use the scheduler `hyperband`.",
    ],
  ],
  [
    "population of structures",
    {
      space: "space:\n  width: { type: int, low: 16, high: 256 }\n  layers: { type: int, low: 1, high: 3 }",
      budget: "scheduler: pbt\nbudget: { trials: 5 }",
    },
    [
      "error 7:12-7:15 `pbt` changes parameters in the middle of a training, and every parameter here (`width`, `layers`) would make trained weights useless. Search one that steers the training, such as a learning rate, tune it online (`tuneOnline: [learningRate]`), or mark one with `kind: nonStructural`.",
    ],
  ],
  [
    "scheduler of the first objective",
    {
      objective:
        "objective: [{ metric: val_accuracy, direction: maximize }, { metric: epoch_seconds, direction: minimize }]",
      budget: "scheduler: median\nbudget: { trials: 5 }",
    },
    [
      "warning 8:12-8:18 `median` judges trials by the first objective, `val_accuracy`, alone. `multi-objective-asha` looks at all of them.",
    ],
  ],
];
