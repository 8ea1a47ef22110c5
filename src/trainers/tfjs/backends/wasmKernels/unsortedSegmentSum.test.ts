import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const rows = fc.integer({ min: 1, max: 8 }).chain((count) =>
  fc.record({
    ids: fc.array(fc.integer({ min: 0, max: count - 1 }), { minLength: 1, maxLength: 20 }),
    count: fc.constant(count),
    row: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    seed: fc.nat(),
  }),
);

it("sums rows by number as the reference does", async () => {
  await holds(rows, ({ ids, count, row, seed }) =>
    expectAgreement(tf, (tf) => {
      const shape = [ids.length, ...row];
      const x = tf.tensor(values(String(seed), shape), shape);
      return tf.unsortedSegmentSum(x, tf.tensor1d(ids, "int32"), count);
    }),
  );
});

it("is the gradient of gather, which takes rows as the reference does", async () => {
  await holds(rows, ({ ids, count, row, seed }) =>
    expectAgreement(tf, (tf) => {
      const shape = [count, ...row];
      const x = tf.tensor(values(String(seed), shape), shape);
      const numbers = tf.tensor1d(ids, "int32");
      const out = tf.gather(x, numbers);
      const weights = tf.tensor(values(`w${seed}`, out.shape), out.shape);
      return [out, tf.grad((a) => tf.sum(tf.mul(weights, tf.gather(a, numbers))))(x)];
    }),
  );
});

it("refuses a row that is not there", async () => {
  await tf.setBackend("wasm");
  const before = tf.memory().numTensors;
  expect(() => tf.tidy(() => tf.gather(tf.tensor2d([1, 2], [2, 1]), tf.tensor1d([2], "int32")))).toThrow(
    /Row 2 is asked for/,
  );
  expect(tf.memory().numTensors).toBe(before);
});
