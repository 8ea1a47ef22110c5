/**
 * Bad names, objectives and trainers: one mistake a file, and what is said about it where. Read by parse.test.ts.
 * Invariant: messages are what a person reads in the editor; change them here and in the code together.
 */
import type { BadStudy } from "./badStudy.ts";

export const badTrainers: readonly BadStudy[] = [
  [
    "missing study",
    { study: "" },
    ["error 1:1-1:10 `study` is missing. Name of the study. Write for example `study: my-study`."],
  ],
  [
    "missing objective",
    { objective: "" },
    [
      "error 1:1-1:6 `objective` is missing. Write for example `objective: { metric: val_accuracy, direction: maximize }`.",
    ],
  ],
  [
    "missing space",
    { space: "" },
    [
      "error 1:1-1:6 `space` is missing. The parameters to search, by name, each with its type and range. Write for example `space: { learningRate: { type: float, low: 0.0001, high: 0.1, log: true } }`.",
    ],
  ],
  [
    "missing budget",
    { budget: "" },
    [
      "error 1:1-1:6 `budget` is missing. When the study ends and how much runs at once. Write for example `budget: { trials: 50 }`.",
    ],
  ],
  [
    "unknown top key",
    { budget: "budget: { trials: 5 }\nlerningRate: 3" },
    [
      "error 9:1-9:12 Unknown key `lerningRate`. Known here: study, objective, objectives, trainer, limits, space, tuneOnline, constraints, budget, seed, diagnostics, sampler, scheduler, warmStart.",
    ],
  ],
  [
    "unknown top key near",
    { budget: "budget: { trials: 5 }\nsampelr: tpe" },
    ["error 9:1-9:8 Unknown key `sampelr`. Did you mean `sampler`?"],
  ],
  [
    "top key nested elsewhere",
    { budget: "budget: { trials: 5 }\nparallel: 3" },
    ["error 9:1-9:9 Unknown key `parallel`. Write it as `budget: { trials: 50, parallel: 2 }`."],
  ],
  [
    "parameter at top",
    { budget: "budget: { trials: 5 }\nlr: { type: float, low: 0, high: 1 }" },
    ["error 9:1-9:3 Unknown key `lr`. A parameter stands under `space`."],
  ],
  [
    "optuna word",
    { budget: "budget: { n_trials: 5 }" },
    ["error 8:11-8:19 Unknown key `n_trials`. Did you mean `trials`?"],
  ],
  [
    "min for low",
    { space: "space:\n  a: { type: float, min: 0, high: 1 }" },
    ["error 5:21-5:24 Unknown key `min`. Did you mean `low`?"],
  ],
  [
    "study number",
    { study: "study: 2024" },
    ['error 1:8-1:12 `study` must be text, not 2024. Put it in quotes: "2024".'],
  ],
  [
    "study empty",
    { study: "study:" },
    ["error 1:1-1:6 `study` has no value; it must be text. Write for example `study: my-study`."],
  ],
  ["study blank text", { study: 'study: " "' }, ["error 1:8-1:11 `study` must not be empty."]],
  [
    "direction misspelt",
    { objective: "objective: { metric: a, direction: maximise }" },
    ['error 2:36-2:44 `direction` cannot be "maximise". Did you mean `maximize`? Write one of: maximize, minimize.'],
  ],
  [
    "direction max",
    { objective: "objective: { metric: a, direction: max }" },
    ['error 2:36-2:39 `direction` cannot be "max". Did you mean `maximize`? Write one of: maximize, minimize.'],
  ],
  [
    "direction missing",
    { objective: "objective: { metric: a }" },
    ["error 2:1-2:10 `direction` is missing in `objective`. Write `direction: maximize` or `direction: minimize`."],
  ],
  [
    "objective text",
    { objective: "objective: val_accuracy" },
    [
      'error 2:12-2:24 `objective` must be a mapping or a list, not "val_accuracy". Write for example `objective: { metric: val_accuracy, direction: maximize }`.',
    ],
  ],
  ["objectives empty", { objective: "objective: []" }, ["error 2:12-2:14 `objective` needs at least one entry."]],
  [
    "objectives twice metric",
    { objective: "objective:\n  - { metric: a, direction: maximize }\n  - { metric: a, direction: minimize }" },
    ["error 4:15-4:16 The metric `a` is already an objective. Every objective has its own metric."],
  ],
  [
    "objective and objectives",
    { objective: "objective: { metric: a, direction: maximize }\nobjectives: [{ metric: b, direction: maximize }]" },
    ["error 3:1-3:11 Both `objective` and `objectives` are there. Keep one of them."],
  ],
  [
    "second objective bad",
    { objective: "objective:\n  - { metric: a, direction: maximize }\n  - { metric: b, direction: lower }" },
    ['error 4:29-4:34 `direction` cannot be "lower". Did you mean `minimize`? Write one of: maximize, minimize.'],
  ],
  [
    "metric empty",
    { objective: 'objective: { metric: "", direction: maximize }' },
    ["error 2:22-2:24 `metric` must not be empty."],
  ],
  [
    "target text",
    { objective: "objective: { metric: a, direction: maximize, target: high }" },
    ['error 2:54-2:58 `target` must be a number, but "high" is text.'],
  ],
  [
    "trainer kind unknown",
    { trainer: "trainer: { kind: pytorch, run: python train.py }" },
    ['error 3:18-3:25 Unknown trainer "pytorch". Did you mean `command`? Known: tfjs, command, none.'],
  ],
  [
    "trainer kind missing",
    { trainer: "trainer: { run: python train.py }" },
    ["error 3:1-3:8 `kind` is missing in `trainer`. Write `kind: command`."],
  ],
  [
    "trainer text",
    { trainer: "trainer: python train.py" },
    [
      'error 3:10-3:25 `trainer` must be a mapping, not "python train.py". Write for example `trainer: { kind: command, run: python train.py }`.',
    ],
  ],
  [
    "run missing",
    { trainer: "trainer: { kind: command }" },
    [
      'error 3:1-3:8 `run` is missing in `trainer`. The program and its arguments, as text or as a list. Write for example `run: "python train.py --lr {learningRate}"`.',
    ],
  ],
  [
    "run empty list",
    { trainer: "trainer: { kind: command, run: [] }" },
    ["error 3:32-3:34 `run` needs at least one entry."],
  ],
  [
    "placeholder unknown",
    { trainer: "trainer:\n  kind: command\n  run: python train.py --width {widht}" },
    ["error 5:32-5:39 `{widht}` is no parameter of this space. Did you mean `width`?"],
  ],
  [
    "placeholder unknown quoted",
    { trainer: 'trainer:\n  kind: command\n  run: "python train.py \\"--x\\" {lr}"' },
    ["error 5:33-5:37 `{lr}` is no parameter of this space. Braces that are meant as such are written `{{` and `}}`."],
  ],
  [
    "placeholder spaces",
    { trainer: "trainer:\n  kind: command\n  run: ['python', 'train.py', '{ width }']" },
    ["error 5:32-5:41 `{ width }` is no parameter of this space. Write `{width}` without spaces."],
  ],
  [
    "unclosed quote",
    { trainer: "trainer:\n  kind: command\n  run: python train.py 'a" },
    ["error 5:24-5:26 The quote ' is never closed."],
  ],
  [
    "pipe without shell",
    { trainer: "trainer:\n  kind: command\n  run: python train.py | tee log" },
    [
      "error 5:8-5:33 `|` is for a shell, and `run` starts the program without one. Write a script, or add `shell: true`.",
    ],
  ],
  [
    "placeholder with shell",
    { trainer: "trainer:\n  kind: command\n  shell: true\n  run: python train.py {width} | tee log" },
    [
      'error 6:24-6:31 With `shell: true` values are not put into the line, where the shell would read them as code. Use "$BASIN_PARAM_WIDTH".',
    ],
  ],
  [
    "shell list",
    { trainer: "trainer: { kind: command, shell: true, run: [python, a] }" },
    ["error 3:45-3:56 With `shell: true`, `run` is one text, as you would type it."],
  ],
  [
    "shell yes",
    { trainer: "trainer: { kind: command, shell: yes, run: python a }" },
    ["error 3:34-3:37 `shell` must be true or false. In YAML 1.2, `yes` is text."],
  ],
  [
    "pattern invalid",
    { trainer: "trainer:\n  kind: command\n  run: python a\n  metrics: { val_accuracy: 'acc=([0-9.+' }" },
    ["error 6:28-6:41 This is no valid regular expression: Unterminated character class."],
  ],
  [
    "pattern no group",
    { trainer: "trainer:\n  kind: command\n  run: python a\n  metrics: { val_accuracy: 'acc=[0-9.]+' }" },
    ["error 6:28-6:41 The pattern has no group. Put the number in brackets, for example `val_acc: ([0-9.]+)`."],
  ],
  [
    "pattern step first",
    {
      trainer:
        "trainer:\n  kind: command\n  run: python a\n  metrics: [{ metric: val_accuracy, pattern: '(?<step>\\d+) acc=([0-9.]+)' }]",
    },
    ["error 6:46-6:74 The first group is `step`. Name the group of the number: `(?<value>[0-9.]+)`."],
  ],
  [
    "pattern other metric",
    { trainer: "trainer:\n  kind: command\n  run: python a\n  metrics: { loss: 'loss=([0-9.]+)' }" },
    [
      "warning 6:3-6:10 No pattern reads the objective `val_accuracy`, so the program itself must report it through the Basin module.",
    ],
  ],
  [
    "env name",
    { trainer: "trainer: { kind: command, run: a, env: { 1A: x } }" },
    ["error 3:42-3:44 `1A` cannot be the name of an environment variable."],
  ],
  [
    "env list",
    { trainer: "trainer: { kind: command, run: a, env: { A: [x] } }" },
    ["error 3:45-3:48 `A` must be text, a number or true or false, not a list."],
  ],
  [
    "model unknown",
    { trainer: "trainer: { kind: tfjs, model: mpl, data: { csv: a.csv, label: y } }" },
    [
      'error 3:31-3:34 Unknown model "mpl". Did you mean `mlp`? Built in: mlp, vgg. A module of your own is a path such as `./model.js`.',
    ],
  ],
  [
    "data missing",
    { trainer: "trainer: { kind: tfjs, model: mlp }" },
    [
      "error 3:1-3:8 `data` is missing in `trainer`. Where the samples come from and how they are split. Write for example `data: { csv: ./data.csv, label: target }`.",
    ],
  ],
  [
    "label missing",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv } }" },
    ["error 3:36-3:40 `label` is missing in `data`. Name of the column to predict. Write for example `label: target`."],
  ],
  [
    "data without a format",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { validation: 0.1 } }" },
    [
      "error 3:36-3:40 `data` needs one of `csv`, `npy`, `npz`, `cifar10`, `cifar100`, `mnist`, `svhn`. Write for example `data: { csv: ./data.csv, label: target }`.",
    ],
  ],
  [
    "data format misspelt",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { cifar-10: ./x } }" },
    ["error 3:44-3:52 Unknown key `cifar-10`. Did you mean `cifar10`?"],
  ],
  [
    "two data formats",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y, mnist: ./x } }" },
    ["error 3:66-3:71 `mnist` and `csv` exclude each other in `data`. Keep one of them."],
  ],
  [
    "key of another data format",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { cifar10: ./x, label: y } }" },
    ["error 3:58-3:63 Unknown key `label`. Known here: cifar10, validation, test, standardize, augment, subset."],
  ],
  [
    "arrays missing",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { npz: ./x.npz, features: x } }" },
    [
      "error 3:36-3:40 `labels` is missing in `data`. Name of the array with one label for each row. Write for example `labels: y_train`.",
    ],
  ],
  [
    "half a test part",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { npy: x.npy, labels: y.npy, testLabels: z.npy } }" },
    ["error 3:71-3:81 `testLabels` needs `testFeatures`: an official test part has features and labels."],
  ],
  [
    "cifar labels",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { cifar100: ./x, labels: rough } }" },
    ['error 3:67-3:72 `labels` cannot be "rough". Write one of: fine, coarse.'],
  ],
  [
    "crop too large",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { cifar10: ./x, augment: { crop: 99 } } }" },
    ["error 3:75-3:77 `crop` must be at most 64, not 99."],
  ],
  [
    "augmenting no images",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y, augment: { flip: true } } }" },
    [
      "error 3:66-3:73 Only images can be augmented: write `image: [height, width, channels]` as well, for example `image: [8, 8, 1]`.",
    ],
  ],
  [
    "data is a path",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: a.csv }" },
    [
      'error 3:42-3:47 `data` must be a mapping, not "a.csv". Write for example `data: { csv: ./data.csv, label: target }`.',
    ],
  ],
  [
    "fractions",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y, validation: 0.6, test: 0.5 } }" },
    ["error 3:89-3:92 `validation` (0.6) and `test` (0.5) leave no rows to train on. Together they must stay below 1."],
  ],
  [
    "validation 1",
    { trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y, validation: 1 } }" },
    ["error 3:78-3:79 `validation` must be below 1, not 1."],
  ],
  [
    "vgg no image",
    {
      trainer: "trainer: { kind: tfjs, model: vgg, data: { csv: a.csv, label: y } }",
      space: "space:\n  filters: { type: int, low: 8, high: 64 }",
    },
    [
      "error 3:36-3:40 The model vgg works on images: write `image: [height, width, channels]` here, for example `image: [8, 8, 1]`.",
    ],
  ],
  [
    "image short",
    { trainer: "trainer: { kind: tfjs, model: vgg, data: { csv: a.csv, label: y, image: [8, 8] } }" },
    ["error 3:73-3:79 `image` needs at least 3 entries."],
  ],
  [
    "epochs fraction",
    { trainer: "trainer: { kind: tfjs, model: mlp, epochs: 1.5, data: { csv: a.csv, label: y } }" },
    ["error 3:44-3:47 `epochs` must be a whole number, not 1.5."],
  ],
  [
    "epochs zero",
    { trainer: "trainer: { kind: tfjs, model: mlp, epochs: 0, data: { csv: a.csv, label: y } }" },
    ["error 3:44-3:45 `epochs` must be at least 1, not 0."],
  ],
  [
    "backend",
    { trainer: "trainer: { kind: tfjs, model: mlp, backend: cuda, data: { csv: a.csv, label: y } }" },
    ['error 3:45-3:49 `backend` cannot be "cuda". Write one of: auto, tfjs-node-gpu, webgpu, tfjs-node, wasm, cpu.'],
  ],
  [
    "metric not reported",
    {
      objective: "objective: { metric: val_acc, direction: maximize }",
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }",
    },
    [
      "error 2:22-2:29 The built-in trainer does not report `val_acc`. Did you mean `val_accuracy`? It reports val_accuracy, val_f1, accuracy, test_accuracy, test_f1, loss, val_loss, test_loss, learning_rate, momentum, parameters, epoch_seconds, best_epoch.",
    ],
  ],
  [
    "metric of another task",
    {
      objective: "objective: [{ metric: val_accuracy, direction: maximize }]",
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y, task: regression } }",
    },
    [
      "error 2:23-2:35 The built-in trainer does not report `val_accuracy`. It reports val_rmse, val_mae, val_r2, test_rmse, test_mae, test_r2, loss, val_loss, test_loss, learning_rate, momentum, parameters, epoch_seconds, best_epoch.",
    ],
  ],
  [
    "metric upside down",
    {
      objective: "objective: { metric: val_loss, direction: maximize }",
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }",
    },
    ["warning 2:43-2:51 `val_loss` is better when it is smaller."],
  ],
  [
    "metric of the test rows",
    {
      objective: "objective: { metric: test_accuracy, direction: maximize }",
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }",
    },
    ["warning 2:22-2:35 Choosing by `test_accuracy` leaves no rows for an honest last check. Use `val_accuracy`."],
  ],
  [
    "no derivative of the objective",
    {
      objective: "objective: { metric: val_accuracy, direction: maximize }",
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }",
      space: "space: { weightDecay: { type: float, low: 0.001, high: 1, log: true } }",
      budget: "budget: { trials: 5 }\nsampler: hoag",
    },
    [
      "error 6:10-6:14 `hoag` follows the derivative of the objective, and the built-in trainer has none of `val_accuracy`. Optimise `val_loss`, or use another sampler.",
    ],
  ],
  [
    "no derivative by a parameter",
    {
      objective:
        "objectives: [{ metric: val_loss, direction: minimize }, { metric: val_accuracy, direction: maximize }]",
      trainer: "trainer: { kind: tfjs, model: mlp, data: { csv: a.csv, label: y } }",
      space: "space: { learningRate: { type: float, low: 0.001, high: 1, log: true } }",
      budget: "budget: { trials: 5 }\nsampler: { kind: hoag }",
    },
    [
      "warning 6:18-6:22 `hoag` follows the derivative of the first objective, `val_loss`, and of no other.",
      "warning 6:18-6:22 `hoag` has nothing to follow here: the built-in trainer differentiates by `weightDecay`, `labelSmoothing`, `huberDelta`. Search one of them as a float, or use another sampler.",
    ],
  ],
  [
    "placeholder in env",
    { trainer: "trainer: { kind: command, run: a, env: { W: '{width}' } }" },
    ["warning 3:45-3:54 `{width}` is replaced in `run` only. The program finds the value in BASIN_PARAM_WIDTH."],
  ],
  [
    "none extra",
    { trainer: "trainer: { kind: none, run: x }" },
    ["error 3:24-3:27 Unknown key `run`. Known here: kind, epochs."],
  ],
];
