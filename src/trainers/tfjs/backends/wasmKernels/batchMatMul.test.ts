import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const size = fc.integer({ min: 1, max: 17 });
const outer = fc.constantFrom<[number[], number[]]>(
  [[], []],
  [[3], [3]],
  [
    [2, 3],
    [2, 3],
  ],
  [[1], [4]],
  [[4], [1]],
  [
    [2, 1],
    [2, 3],
  ],
);

it("multiplies transposed operands as the reference does, batched and broadcast", async () => {
  const product = fc.record({
    m: size,
    n: size,
    k: size,
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    outer,
    seed: fc.nat(),
  });
  await holds(
    product,
    ({ m, n, k, transposeA, transposeB, outer: [left, right], seed }) => {
      const a = [...left, ...(transposeA ? [k, m] : [m, k])];
      const b = [...right, ...(transposeB ? [n, k] : [k, n])];
      return expectAgreement(tf, (tf) =>
        tf.matMul(tf.tensor(values(`a${seed}`, a), a), tf.tensor(values(`b${seed}`, b), b), transposeA, transposeB),
      );
    },
    100,
  );
});

it("leaves its operands as they were", async () => {
  await tf.setBackend("wasm");
  const a = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const product = tf.matMul(a, a, true, false);
  expect([...a.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...product.dataSync()]).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
  tf.dispose([a, product]);
});
