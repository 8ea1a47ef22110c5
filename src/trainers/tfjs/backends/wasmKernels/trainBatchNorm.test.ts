import * as fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Tensor, Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const input = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 3 }),
  channels: fc.integer({ min: 1, max: 19 }),
  seed: fc.nat(),
  mean: fc.constantFrom(0, 100),
});

/** A training pass through the layer: result, gradients, moving averages; every back end in its own way. */
function pass(p: { shape: number[]; channels: number; seed: number; mean: number }) {
  return (tf: Tf): Tensor[] => {
    // One row alone has no variance: its gradient is 0 up to rounding.
    const shape = [p.shape[0]! + 2, ...p.shape.slice(1), p.channels];
    const layer = tf.layers.batchNormalization({ epsilon: 1e-2, momentum: 0.7 });
    layer.build(shape);
    const gamma = values(`gamma${p.seed}`, [p.channels]);
    const beta = values(`beta${p.seed}`, [p.channels]);
    layer.setWeights([
      tf.tensor1d(gamma),
      tf.tensor1d(beta),
      tf.tensor1d(new Float32Array(p.channels).fill(2)),
      tf.tensor1d(new Float32Array(p.channels).fill(3)),
    ]);
    const x = tf.add(tf.tensor(values(`x${p.seed}`, shape), shape), p.mean);
    const weights = tf.tensor(values(`w${p.seed}`, shape), shape);
    const dx = tf.grad((a) => tf.sum(tf.mul(weights, layer.apply(a, { training: true }) as Tensor)))(x);
    const averages = layer
      .getWeights()
      .slice(2)
      .map((average) => tf.clone(average));
    const result = layer.apply(x, { training: true }) as Tensor;
    tf.dispose(layer.getWeights());
    return [result, dx, ...averages];
  };
}

it("trains as TensorFlow.js's own composition does", async () => {
  await holds(input, (p) => expectAgreement(tf, pass(p), p.mean === 0 ? 1e-4 : 5e-3), 40);
});

it("has gradients by scale and shift, and second-order ones", async () => {
  const shape = [5, 3, 4];
  await expectAgreement(
    tf,
    (tf) => {
      const layer = tf.layers.batchNormalization({ epsilon: 1e-2 });
      layer.build(shape);
      const x = tf.tensor(values("x", shape), shape);
      const w = tf.tensor(values("w", shape), shape);
      const v = tf.tensor(values("v", shape), shape);
      const loss = (a: Tensor): Tensor => {
        const out = layer.apply(a, { training: true }) as Tensor;
        return tf.sum(tf.mul(w, tf.mul(out, tf.mul(out, out))));
      };
      const { grads } = tf.variableGrads(() => tf.sum(loss(x)));
      const product = tf.grad((a) => tf.sum(tf.mul(v, tf.grad(loss)(a))))(x);
      const results = [...Object.values(grads).map((grad) => tf.clone(grad)), product];
      tf.dispose(layer.getWeights());
      return results;
    },
    2e-4,
  );
});

it("a single row normalises to the shift, whatever it holds", async () => {
  await tf.setBackend("wasm");
  const layer = tf.layers.batchNormalization({ betaInitializer: "ones" });
  const out = tf.tidy(() => layer.apply(tf.tensor2d([[5, -3, 1e6]]), { training: true }) as Tensor);
  expect([...out.dataSync()]).toEqual([1, 1, 1]);
  tf.dispose([out, ...layer.getWeights()]);
});
