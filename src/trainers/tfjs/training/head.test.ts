import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { LoadedBackend } from "../backends/backend.ts";
import { cpuBackend } from "../backends/cpu.ts";
import { scoreOutputs, type OutputKind } from "./head.ts";
import { tensorLoss } from "./tensorHead.ts";

let backend: LoadedBackend;
beforeAll(async () => {
  backend = await cpuBackend.load({ threads: 1 });
});

const cases = fc.record({
  output: fc.constantFrom<OutputKind>("logits", "probabilities", "value"),
  labelSmoothing: fc.constantFrom(0, 0.1),
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
    fc.property(cases, ({ output, labelSmoothing, rows }) => {
      const width = output === "value" ? 1 : 3;
      const raw = rows.flatMap(({ values }) => values.slice(0, width));
      const outputs = Float32Array.from(
        output === "probabilities" ? raw.map((value) => 1 / (1 + Math.exp(value))) : raw,
      );
      const targets = Float32Array.from(rows, ({ target }) => target);
      const gradient = new Float32Array(outputs.length);
      const head = { output, width, labelSmoothing };
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
