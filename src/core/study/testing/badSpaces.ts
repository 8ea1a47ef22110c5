/**
 * Bad parameters and conditions: one mistake a file, and what is said about it where. Read by parse.test.ts.
 * Invariant: messages are what a person reads in the editor; change them here and in the code together.
 */
import type { BadStudy } from "./badStudy.ts";

export const badSpaces: readonly BadStudy[] = [
  [
    "space empty",
    { space: "space: {}" },
    [
      "error 4:1-4:6 The space is empty. Add a parameter such as `learningRate: { type: float, low: 0.0001, high: 0.1, log: true }`.",
    ],
  ],
  [
    "space null",
    { space: "space:" },
    [
      "error 4:1-4:6 `space` has no value; it must be a mapping. Write for example `space: { learningRate: { type: float, low: 0.0001, high: 0.1, log: true } }`.",
    ],
  ],
  [
    "space list",
    { space: "space: [a, b]" },
    [
      "error 4:8-4:14 `space` must be a mapping, not a list. Write for example `space: { learningRate: { type: float, low: 0.0001, high: 0.1, log: true } }`.",
    ],
  ],
  [
    "all constant",
    { space: "space:\n  a: { type: constant, value: 3 }" },
    ["error 4:1-4:6 Every parameter is a constant, so there is nothing to search."],
  ],
  [
    "bad name",
    { space: "space:\n  2a: { type: int, low: 1, high: 3 }" },
    [
      "error 5:3-5:5 `2a` cannot be a name here. A name begins with a letter and holds letters, digits, `_`, `-` and `.` only.",
    ],
  ],
  [
    "name space",
    { space: "space:\n  my width: { type: int, low: 1, high: 3 }" },
    [
      "error 5:3-5:11 `my width` cannot be a name here. A name begins with a letter and holds letters, digits, `_`, `-` and `.` only.",
    ],
  ],
  [
    "name constructor",
    { space: "space:\n  constructor: { type: int, low: 1, high: 3 }" },
    ["error 5:3-5:14 `constructor` has a meaning of its own in JavaScript. Choose another name."],
  ],
  [
    "parameter number",
    { space: "space:\n  a: 64" },
    [
      "error 5:6-5:8 `a` must be a mapping such as { type: float, low: 0, high: 1 }. For a fixed value write { type: constant, value: 64 }.",
    ],
  ],
  [
    "parameter list",
    { space: "space:\n  a: [1, 2]" },
    [
      "error 5:6-5:12 `a` must be a mapping such as { type: float, low: 0, high: 1 }. For a list of choices write { type: categorical, choices: [...] }.",
    ],
  ],
  [
    "parameter null",
    { space: "space:\n  a:" },
    ["error 5:3-5:4 `a` has no value. Write for example `a: { type: float, low: 0, high: 1 }`."],
  ],
  [
    "type missing with choices",
    { space: "space:\n  a: { choices: [1, 2] }" },
    ["error 5:3-5:4 `type` is missing in `a`. Write `type: categorical`."],
  ],
  [
    "type missing",
    { space: "space:\n  a: { low: 1, high: 2 }" },
    [
      "error 5:3-5:4 `type` is missing in `a`. Write `type: float`, `type: int`, `type: categorical` or `type: constant`.",
    ],
  ],
  [
    "type wrong",
    { space: "space:\n  a: { type: integer, low: 1, high: 2 }" },
    [
      'error 5:14-5:21 `type` cannot be "integer". Did you mean `int`? Write one of: float, int, categorical, constant.',
    ],
  ],
  [
    "type choice",
    { space: "space:\n  a: { type: choice, choices: [1, 2] }" },
    [
      'error 5:14-5:20 `type` cannot be "choice". Did you mean `categorical`? Write one of: float, int, categorical, constant.',
    ],
  ],
  [
    "low text number",
    { space: 'space:\n  a: { type: float, low: "1e-5", high: 1 }' },
    ['error 5:26-5:32 `low` must be a number, but "1e-5" is text. Write it without quotes.'],
  ],
  [
    "low python",
    { space: "space:\n  a: { type: float, low: 2**-3, high: 1 }" },
    ['error 5:26-5:31 `low` must be a number, but "2**-3" is text. Write the result: 0.125.'],
  ],
  [
    "low comma",
    { space: 'space:\n  a: { type: float, low: "0,5", high: 1 }' },
    ['error 5:26-5:31 `low` must be a number, but "0,5" is text. Write 0.5.'],
  ],
  [
    "low empty",
    { space: "space:\n  a: { type: float, low: , high: 1 }" },
    ["error 5:21-5:24 `low` has no value; it must be a number. Write for example `low: 0.0001`."],
  ],
  [
    "low missing",
    { space: "space:\n  a: { type: float, high: 1 }" },
    ["error 5:3-5:4 `low` is missing in `a`. Smallest value. Write for example `low: 0.0001`."],
  ],
  [
    "low missing block",
    { space: "space:\n  a:\n    type: float\n    high: 1" },
    ["error 5:3-5:4 `low` is missing in `a`. Smallest value. Write for example `low: 0.0001`."],
  ],
  [
    "inf",
    { space: "space:\n  a: { type: float, low: 0, high: .inf }" },
    ["error 5:35-5:39 `high` must be a finite number."],
  ],
  [
    "reversed",
    { space: "space:\n  a: { type: float, low: 2, high: 1 }" },
    ["error 5:35-5:36 `high` (1) must be above `low` (2)."],
  ],
  [
    "equal",
    { space: "space:\n  a: { type: int, low: 2, high: 2 }" },
    ["error 5:33-5:34 `high` (2) must be above `low` (2). For a fixed value write { type: constant, value: 2 }."],
  ],
  [
    "int fraction",
    { space: "space:\n  a: { type: int, low: 1.5, high: 4 }" },
    ["error 5:24-5:27 `low` must be a whole number, not 1.5."],
  ],
  [
    "log zero",
    { space: "space:\n  a: { type: float, low: 0, high: 1, log: true }" },
    ["error 5:26-5:27 With `log: true`, `low` must be above 0, not 0. Write for example `low: 0.00001`."],
  ],
  [
    "log zero int",
    { space: "space:\n  a: { type: int, low: 0, high: 64, log: true }" },
    ["error 5:24-5:25 With `log: true`, `low` must be above 0, not 0. Write for example `low: 1`."],
  ],
  [
    "step zero",
    { space: "space:\n  a: { type: float, low: 0, high: 1, step: 0 }" },
    ["error 5:44-5:45 `step` must be above 0, not 0."],
  ],
  [
    "step large",
    { space: "space:\n  a: { type: int, low: 0, high: 4, step: 5 }" },
    ["error 5:42-5:43 `step` (5) is larger than the whole range from 0 to 4."],
  ],
  [
    "step off grid",
    { space: "space:\n  a: { type: float, low: 0, high: 1, step: 0.3 }" },
    ["warning 5:35-5:36 `high` (1) is never reached: with `step: 0.3` the largest value is 0.9."],
  ],
  [
    "choices empty",
    { space: "space:\n  a: { type: categorical, choices: [] }" },
    ["error 5:36-5:38 `choices` needs at least one entry."],
  ],
  [
    "choices duplicate",
    { space: "space:\n  a: { type: categorical, choices: [x, y, x] }" },
    ['error 5:43-5:44 "x" is already choice 1. Remove one of them.'],
  ],
  [
    "choices nested",
    { space: "space:\n  a: { type: categorical, choices: [[1, 2], [3]] }" },
    [
      "error 5:37-5:43 Item 1 of `choices` must be a number, text, true or false or null, not a list.",
      "error 5:45-5:48 Item 2 of `choices` must be a number, text, true or false or null, not a list.",
    ],
  ],
  [
    "choices alike",
    { space: 'space:\n  a: { type: categorical, choices: [1, "1"] }' },
    ['warning 5:40-5:43 "1" (text) and 1 (a number) look alike to most programs.'],
  ],
  [
    "choices text",
    { space: "space:\n  a: { type: categorical, choices: sgd }" },
    ['error 5:36-5:39 `choices` must be a list, not "sgd". Write for example `choices: [sgd, adam]`.'],
  ],
  [
    "key of another type",
    { space: "space:\n  a: { type: categorical, choices: [1, 2], low: 3 }" },
    ["error 5:44-5:47 Unknown key `low`. Known here: type, choices, prior, when, kind."],
  ],
  [
    "when unknown",
    { space: "space:\n  a: { type: int, low: 1, high: 3 }\n  b: { type: int, low: 1, high: 3, when: { aa: 1 } }" },
    ["error 6:44-6:46 `when` names `aa`, which is no parameter of this space."],
  ],
  [
    "when later",
    { space: "space:\n  a: { type: int, low: 1, high: 3, when: { b: 1 } }\n  b: { type: int, low: 1, high: 3 }" },
    ["error 5:44-5:45 `when` may name earlier parameters only. Move `b` above `a`."],
  ],
  [
    "when itself",
    { space: "space:\n  a: { type: int, low: 1, high: 3, when: { a: 1 } }" },
    ["error 5:44-5:45 A parameter cannot depend on itself."],
  ],
  [
    "when value",
    {
      space:
        "space:\n  width: { type: int, low: 16, high: 256, log: true }\n  optimizer: { type: categorical, choices: [sgd, adam] }\n  momentum: { type: float, low: 0.5, high: 0.99, when: { optimizer: [sgd, adamm] } }",
    },
    ['error 7:75-7:80 `optimizer` is never "adamm". Did you mean `adam`? Its choices are sgd, adam.'],
  ],
  [
    "when range",
    { space: "space:\n  a: { type: int, low: 1, high: 3 }\n  b: { type: int, low: 1, high: 3, when: { a: 4 } }" },
    ["error 6:47-6:48 `a` is never 4: it lies between 1 and 3."],
  ],
  [
    "when continuous",
    { space: "space:\n  a: { type: float, low: 0, high: 1 }\n  b: { type: int, low: 1, high: 3, when: { a: 0 } }" },
    [
      "error 6:47-6:48 `a` is a continuous number and practically never equals 0. Give it a `step`, or make it categorical.",
    ],
  ],
  [
    "when empty",
    { space: "space:\n  a: { type: int, low: 1, high: 3, when: {} }" },
    ["error 5:42-5:44 `when` is empty. Write for example `when: { optimizer: sgd }`, or remove it."],
  ],
  [
    "when text",
    { space: "space:\n  a: { type: int, low: 1, high: 3, when: optimizer == sgd }" },
    ['error 5:42-5:58 `when` must be a mapping, not "optimizer == sgd". Write for example `when: { optimizer: sgd }`.'],
  ],
  [
    "same variable",
    { space: "space:\n  a-b: { type: int, low: 1, high: 3 }\n  a_b: { type: int, low: 1, high: 3 }" },
    [
      "warning 6:3-6:6 `a_b` and `a-b` share the environment variable BASIN_PARAM_A_B. Rename one of them if the program reads its environment.",
    ],
  ],
  [
    "prior outside",
    { space: "space:\n  a: { type: float, low: 0, high: 1, prior: 3 }" },
    ["error 5:45-5:46 The prior must be between 0 and 1, not 3."],
  ],
  [
    "prior value outside",
    { space: "space:\n  a: { type: int, low: 2, high: 8, step: 2, prior: { value: 5, confidence: high } }" },
    ["error 5:61-5:62 The prior must be 2 plus a multiple of 2, not 5."],
  ],
  [
    "prior no choice",
    { space: "space:\n  a: { type: categorical, choices: [sgd, adam], prior: adm }" },
    ['error 5:56-5:59 The prior must be one of "sgd", "adam", not "adm". Did you mean `adam`?'],
  ],
  [
    "prior text",
    { space: "space:\n  a: { type: float, low: 0, high: 1, prior: high }" },
    [
      'error 5:45-5:49 `prior` must be a number or a mapping, not "high". Write for example `prior: { value: 0.01, confidence: medium }`.',
    ],
  ],
  [
    "prior empty",
    { space: "space:\n  a: { type: float, low: 0, high: 1, prior: }" },
    [
      "error 5:38-5:43 `prior` must be a number or a mapping, not null. Write for example `prior: { value: 0.01, confidence: medium }`.",
    ],
  ],
  [
    "prior confidence",
    { space: "space:\n  a: { type: float, low: 0, high: 1, prior: { value: 0.5, confidence: sure } }" },
    ['error 5:71-5:75 `confidence` cannot be "sure". Write one of: low, medium, high.'],
  ],
  [
    "prior without value",
    { space: "space:\n  a: { type: float, low: 0, high: 1, prior: { confidence: low } }" },
    ["error 5:38-5:43 `value` is missing in `prior`. The value you believe is good. Write for example `value: 0.01`."],
  ],
  [
    "prior of a constant",
    { space: "space:\n  a: { type: constant, value: 1, prior: 1 }\n  b: { type: float, low: 0, high: 1 }" },
    ["error 5:34-5:39 Unknown key `prior`. Known here: type, value, when."],
  ],
];
