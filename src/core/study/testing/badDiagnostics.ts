/** Bad `diagnostics` sections and what is said about them. */
import type { BadStudy } from "./badStudy.ts";

const withDiagnostics = (text: string, more: Readonly<Record<string, string>> = {}): BadStudy[1] => ({
  ...more,
  budget: `diagnostics: ${text}\nbudget: { trials: 5 }`,
});

export const badDiagnostics: readonly BadStudy[] = [
  [
    "diagnostics of nothing",
    withDiagnostics("{}"),
    ["warning 8:1-8:12 `diagnostics` asks for nothing. Write `sharpness: {}` or `rtd: {}` in it."],
  ],
  ["diagnostics misspelt", withDiagnostics("{ rdt: {} }"), ["error 8:16-8:19 Unknown key `rdt`. Did you mean `rtd`?"]],
  [
    "sharpness estimator",
    withDiagnostics("{ sharpness: { estimators: [kesker, frobenius] } }"),
    [
      'error 8:42-8:48 Item 1 of `estimators` cannot be "kesker". Did you mean `keskar`? Write one of: theorem1, section, penultimate, bayesmark, product, rms, activation, exact-frobenius, exact-trace, exact-top, keskar, top-eigenvalue, lanczos, hutchinson-trace, hutchinson-frobenius, sam, average-case.',
      'error 8:50-8:59 Item 2 of `estimators` cannot be "frobenius". Did you mean `exact-frobenius`? Write one of: theorem1, section, penultimate, bayesmark, product, rms, activation, exact-frobenius, exact-trace, exact-top, keskar, top-eigenvalue, lanczos, hutchinson-trace, hutchinson-frobenius, sam, average-case.',
    ],
  ],
  [
    "sharpness estimators none",
    withDiagnostics("{ sharpness: { estimators: [] } }"),
    ["error 8:41-8:43 `estimators` needs at least one entry."],
  ],
  [
    "sharpness twice and one batch",
    withDiagnostics("{ sharpness: { estimators: [rms, rms], samples: 100, batch: 128 } }"),
    [
      "warning 8:47-8:50 `rms` is named twice. It is computed once.",
      "warning 8:74-8:77 The probe has only 100 samples, so they are one batch. Raise `samples` or lower `batch`.",
    ],
  ],
  [
    "sharpness at",
    withDiagnostics("{ sharpness: { at: start } }"),
    ['error 8:33-8:38 `at` cannot be "start". Write one of: end, a number.'],
  ],
  [
    "rtd alone with others",
    withDiagnostics("{ rtd: { variant: one-to-all, use: objective } }"),
    [
      "error 8:49-8:58 `one-to-all` compares trials with each other, so on its own it rewards being different and not being good. Use `second-objective` or `diagnostic`, or `variant: one-to-noise`.",
    ],
  ],
  [
    "rtd as third objective",
    withDiagnostics("{ rtd: { use: second-objective } }", {
      objective: "objective: [{ metric: a, direction: maximize }, { metric: b, direction: minimize }]",
    }),
    ["error 8:28-8:44 The study has 2 objectives already. A second objective goes with exactly one."],
  ],
  [
    "rtd without a trainer",
    withDiagnostics("{ rtd: { use: objective } }", { trainer: "trainer: { kind: none }" }),
    [
      "error 8:28-8:37 This study has no trainer, so nothing sends the embeddings that the divergence would be computed from.",
    ],
  ],
  [
    "diagnostics without a trainer",
    withDiagnostics("{ sharpness: {} }", { trainer: "trainer: { kind: none }" }),
    [
      "warning 8:1-8:12 This study has no trainer: nobody measures anything of its trials, unless who runs them reports it.",
    ],
  ],
  [
    "rtd keys of other variants",
    withDiagnostics("{ rtd: { noiseWidth: 64, references: 3, refresh: refresh } }"),
    [
      "warning 8:51-8:52 `references` has no effect: it belongs to `variant: one-to-all`.",
      "warning 8:63-8:70 `refresh` has no effect: the noise is the same for all trials.",
    ],
  ],
  [
    "rtd noise width",
    withDiagnostics("{ rtd: { noiseWidth: wide } }"),
    ['error 8:35-8:39 `noiseWidth` cannot be "wide". Write one of: match, shuffle, a number.'],
  ],
];
