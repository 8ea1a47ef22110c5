import * as fc from "fast-check";
import { beforeAll, it } from "vitest";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";
import { expectAgreement, holds, loadBoth, values } from "./testing.ts";

let tf: Tf;
beforeAll(async () => {
  tf = await loadBoth();
});

const epsilon = 1e-3;

it("is the gradient of the formula of batch normalisation", async () => {
  const normalisation = fc.record({
    lead: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
    channels: fc.integer({ min: 1, max: 7 }),
    seed: fc.nat(),
  });
  await holds(
    normalisation,
    ({ lead, channels, seed }) => {
      const shape = [...lead, channels];
      const inputs = (tf: Tf): Tensor[] => [
        tf.tensor(values(`x${seed}`, shape), shape),
        tf.tensor1d(values(`m${seed}`, [channels])),
        tf.square(tf.tensor1d(values(`v${seed}`, [channels]))),
        tf.tensor1d(values(`o${seed}`, [channels])),
        tf.tensor1d(values(`s${seed}`, [channels])),
      ];
      const weigh = (tf: Tf, out: Tensor): Tensor =>
        tf.sum(tf.mul(out, tf.sin(tf.tensor(values(`w${seed}`, shape), shape))));
      return expectAgreement(
        tf,
        (tf) =>
          tf.grads((x, mean, variance, offset, scale) =>
            weigh(tf, tf.batchNorm(x, mean, variance, offset, scale, epsilon)),
          )(inputs(tf)),
        2e-4,
        (tf) =>
          tf.grads((x, mean, variance, offset, scale) => {
            const normal = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
            return weigh(tf, tf.add(tf.mul(normal, scale), offset));
          })(inputs(tf)),
      );
    },
    40,
  );
});
