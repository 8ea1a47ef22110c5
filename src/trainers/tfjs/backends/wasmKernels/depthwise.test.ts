import * as fc from "fast-check";
import { beforeAll, it } from "vitest";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Tensor, Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const size = fc.integer({ min: 1, max: 9 });
const convolution = fc
  .record({
    image: fc.tuple(fc.integer({ min: 1, max: 3 }), size, size, fc.integer({ min: 1, max: 5 })),
    filter: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    multiplier: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    pad: fc.constantFrom("same" as const, "valid" as const),
    seed: fc.nat(),
  })
  .filter((c) => c.pad === "same" || (c.filter[0] <= c.image[1] && c.filter[1] <= c.image[2]));

it("gradients of a depthwise convolution agree with the reference", async () => {
  await holds(
    convolution,
    (c) =>
      expectAgreement(tf, (tf) => {
        const filterShape: [number, number, number, number] = [...c.filter, c.image[3], c.multiplier];
        const x = tf.tensor4d(values(`x${c.seed}`, c.image), c.image);
        const w = tf.tensor4d(values(`w${c.seed}`, filterShape), filterShape);
        const convolve = (a: Tensor, b: Tensor): Tensor =>
          tf.depthwiseConv2d(a as Tensor4D, b as Tensor4D, c.stride, c.pad);
        const out = convolve(x, w);
        const weights = tf.tensor(values(`dy${c.seed}`, out.shape), out.shape);
        return [out, ...tf.grads((a, b) => tf.sum(tf.mul(weights, convolve(a, b))))([x, w])];
      }),
    80,
  );
});

it("a depthwise convolution agrees with the reference where it is dilated, and with bias and activation", async () => {
  await expectAgreement(tf, (tf) => {
    const x = tf.tensor4d(values("x", [2, 7, 6, 3]), [2, 7, 6, 3]);
    const filter = tf.tensor4d(values("w", [3, 2, 3, 2]), [3, 2, 3, 2]);
    const bias = tf.tensor1d(values("b", [6]));
    return [
      tf.depthwiseConv2d(x, filter, 1, "valid", "NHWC", 2),
      tf.depthwiseConv2d(x, filter, 1, "same", "NHWC", [1, 2]),
      tf.fused.depthwiseConv2d({ x, filter, bias, strides: 3, pad: "same", activation: "relu" }),
    ];
  });
});
