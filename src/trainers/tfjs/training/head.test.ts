import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { balancedWeights, macroF1, newTally, scoreOutputs, type OutputKind } from "./head.ts";
import { tensorLoss } from "./tensorHead.ts";

let backend: LoadedBackend;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
});

const cases = fc.record({
  output: fc.constantFrom<OutputKind>("logits", "probabilities", "value"),
  labelSmoothing: fc.constantFrom(0, 0.1),
  huberDelta: fc.constantFrom(0, 0.7),
  weighted: fc.boolean(),
  rows: fc.array(
    fc.record({
      values: fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 3, maxLength: 3 }),
      target: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

it("gives the loss and gradient that the tensor operations give", () => {
  const { tf } = backend;
  fc.assert(
    fc.property(cases, ({ output, labelSmoothing, huberDelta, weighted, rows }) => {
      const width = output === "value" ? 1 : 3;
      const raw = rows.flatMap(({ values }) => values.slice(0, width));
      const outputs = Float32Array.from(
        output === "probabilities" ? raw.map((value) => 1 / (1 + Math.exp(value))) : raw,
      );
      const targets = Float32Array.from(rows, ({ target }) => target);
      const gradient = new Float32Array(outputs.length);
      const classWeights = weighted ? { classWeights: Float32Array.of(0.5, 2, 1) } : {};
      const head = { output, width, labelSmoothing, huberDelta, ...classWeights };
      const score = scoreOutputs(outputs, targets, head, gradient);
      const [value, wanted] = tf.tidy(() => {
        const { value, grad } = tf.valueAndGrad((x) => tensorLoss(tf, x, targets, head))(
          tf.tensor2d(outputs, [rows.length, width]),
        );
        return [value.dataSync()[0]!, grad.dataSync()];
      });
      expect(score.loss / rows.length).toBeCloseTo(value, 4);
      gradient.forEach((g, i) => expect(Math.abs(g - wanted[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(g))));
    }),
  );
});

it("stays finite for huge logits, and not a number for what is none", () => {
  const head = { output: "logits" as const, width: 2, labelSmoothing: 0 };
  expect(scoreOutputs(Float32Array.of(1e30, -1e30), Float32Array.of(0), head)).toEqual({ loss: 0, correct: 1 });
  expect(scoreOutputs(Float32Array.of(Number.NaN, 1), Float32Array.of(0), head).loss).toBeNaN();
  expect(scoreOutputs(Float32Array.of(Number.NaN, Number.NaN), Float32Array.of(0), head)).toEqual({
    loss: Number.NaN,
    correct: 0,
  });
  expect(
    scoreOutputs(Float32Array.of(Number.NaN, 1), Float32Array.of(1), { ...head, output: "probabilities" }).loss,
  ).toBeNaN();
});

it("counts what F1 and the mean absolute error are made of", () => {
  const head = { output: "logits" as const, width: 4, labelSmoothing: 0 };
  const tally = newTally(head);
  const answers = [0, 0, 1, 1, 2];
  const outputs = Float32Array.from(answers.flatMap((answer) => [0, 1, 2, 3].map((j) => (j === answer ? 1 : 0))));
  scoreOutputs(outputs, Float32Array.of(0, 1, 1, 1, 1), head, undefined, tally);
  // Class 0: precision 1/2, recall 1; class 1: 1 and 1/2; class 2 is answered wrongly; class 3 does not occur.
  expect(macroF1(tally)).toBeCloseTo((2 / 3 + 2 / 3 + 0) / 3, 12);
  const values = { output: "value" as const, width: 1, labelSmoothing: 0 };
  const errors = newTally(values);
  scoreOutputs(Float32Array.of(1, -2), Float32Array.of(0, 0), values, undefined, errors);
  expect(errors.absolute).toBe(3);
});

it("weighs classes so that each counts alike", () => {
  expect([...balancedWeights(Float32Array.of(0, 0, 0, 1), 3)].map((weight) => Number(weight.toFixed(4)))).toEqual([
    0.4444, 1.3333, 1,
  ]);
});
