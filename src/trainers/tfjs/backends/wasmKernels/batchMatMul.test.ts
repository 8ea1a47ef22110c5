import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Tensor, Tf } from "../../tf.ts";
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

it("multiplies plain and transposed operands, batched and broadcast", async () => {
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
      const common = left.map((rows, i) => Math.max(rows, right[i]!));
      // The reference back end takes the wrong matrices where an inner one of several outer dimensions is broadcast.
      const multiply =
        (broadcast: boolean) =>
        (tf: Tf): Tensor => {
          const [x, y] = [tf.tensor(values(`a${seed}`, a), a), tf.tensor(values(`b${seed}`, b), b)];
          return broadcast
            ? tf.matMul(
                tf.broadcastTo(x, [...common, ...a.slice(-2)]),
                tf.broadcastTo(y, [...common, ...b.slice(-2)]),
                transposeA,
                transposeB,
              )
            : tf.matMul(x, y, transposeA, transposeB);
        };
      return expectAgreement(tf, multiply(false), 1e-4, multiply(true));
    },
    100,
  );
});

it("adds a bias and cuts off below 0 in one go", async () => {
  const layer = fc.record({
    m: size,
    n: size,
    k: size,
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    seed: fc.nat(),
  });
  await holds(layer, ({ m, n, k, transposeA, transposeB, seed }) => {
    const [a, b] = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]] as [[number, number], [number, number]];
    return expectAgreement(tf, (tf) =>
      (["linear", "relu", "elu"] as const).map((activation) =>
        tf.fused.matMul({
          a: tf.tensor2d(values(`a${seed}`, a), a),
          b: tf.tensor2d(values(`b${seed}`, b), b),
          bias: tf.tensor1d(values(`bias${seed}`, [n])),
          transposeA,
          transposeB,
          activation,
        }),
      ),
    );
  });
});

it("lets what is not a number through", async () => {
  await expectAgreement(tf, (tf) =>
    [false, true].map((transposeA) =>
      tf.matMul(
        tf.tensor2d([1, Number.NaN, Number.POSITIVE_INFINITY, 2], [2, 2]),
        tf.tensor2d([1, 2, 3, 4], [2, 2]),
        transposeA,
      ),
    ),
  );
});

it("is the same for large matrices, whose rows are shared out", async () => {
  await expectAgreement(tf, (tf) => {
    const a = tf.tensor2d(values("a", [300, 130]), [300, 130]);
    const b = tf.tensor2d(values("b", [130, 110]), [130, 110]);
    const c = tf.tensor2d(values("c", [300, 110]), [300, 110]);
    return [tf.matMul(a, b), tf.matMul(a, c, true), tf.matMul(c, b, false, true)];
  });
});

it("leaves its operands as they were", async () => {
  await tf.setBackend("wasm");
  const a = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const product = tf.matMul(a, a, true, false);
  expect([...a.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...product.dataSync()]).toEqual([17, 22, 27, 22, 29, 36, 27, 36, 45]);
  tf.dispose([a, product]);
});
