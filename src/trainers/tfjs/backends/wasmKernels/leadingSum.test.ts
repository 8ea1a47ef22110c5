import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

it("sums and averages over any axes as the reference does", async () => {
  const reduction = fc
    .array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 40 })), { minLength: 1, maxLength: 3 })
    .chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        axes: fc.subarray(
          shape.map((_, i) => i),
          { minLength: 1 },
        ),
        keepDims: fc.boolean(),
        seed: fc.nat(),
      }),
    );
  await holds(
    reduction,
    ({ shape, axes, keepDims, seed }) =>
      expectAgreement(tf, (tf) => {
        // Around 3, so that sums do not cancel out.
        const x = tf.add(tf.tensor(values(String(seed), shape), shape), 3);
        return [
          tf.sum(x, axes, keepDims),
          tf.mean(x, axes, keepDims),
          tf.sum(
            x,
            axes.map((axis) => axis - shape.length),
            keepDims,
          ),
        ];
      }),
    100,
  );
});

it("adds integers as integers", async () => {
  await tf.setBackend("wasm");
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2], "int32");
  const sum = tf.sum(x, 0);
  expect(sum.dtype).toBe("int32");
  expect([...sum.dataSync()]).toEqual([4, 6]);
  tf.dispose([x, sum]);
});

it("keeps small terms beside large sums", async () => {
  await tf.setBackend("wasm");
  const rows = 2 ** 20;
  const sum = tf.tidy(() => tf.sum(tf.mul(tf.ones([rows, 1]), 0.1), 0));
  expect(sum.dataSync()[0]! / (0.1 * rows)).toBeCloseTo(1, 5);
  sum.dispose();
});
