import * as fc from "fast-check";
import { beforeAll, it } from "vitest";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, tiedValues, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

it("hands gradients to the first largest cell, with overlapping windows and ties", async () => {
  const pooling = fc
    .record({
      samples: fc.integer({ min: 1, max: 3 }),
      height: fc.integer({ min: 1, max: 10 }),
      width: fc.integer({ min: 1, max: 10 }),
      channels: fc.integer({ min: 1, max: 5 }),
      window: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      pad: fc.constantFrom("same" as const, "valid" as const),
      ties: fc.boolean(),
      seed: fc.nat(),
    })
    .filter((p) => p.pad === "same" || (p.window[0] <= p.height && p.window[1] <= p.width));
  await holds(
    pooling,
    (p) => {
      const shape: [number, number, number, number] = [p.samples, p.height, p.width, p.channels];
      return expectAgreement(tf, (tf) => {
        const x = tf.tensor4d((p.ties ? tiedValues : values)(String(p.seed), shape), shape);
        const out = tf.maxPool(x, p.window, p.strides, p.pad);
        const dy = tf.tensor4d(values(`dy${p.seed}`, out.shape), out.shape);
        return tf.grad((a) => tf.sum(tf.mul(dy, tf.maxPool(a as Tensor4D, p.window, p.strides, p.pad))))(x);
      });
    },
    100,
  );
});
