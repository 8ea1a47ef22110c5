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

it("batch normalisation is its formula, and has the gradients of it", async () => {
  const normalisation = fc.record({
    lead: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
    channels: fc.integer({ min: 1, max: 7 }),
    along: fc.constantFrom("last" as const, "first" as const, "all" as const),
    seed: fc.nat(),
  });
  await holds(
    normalisation,
    ({ lead, channels, along, seed }) => {
      const shape = [...lead, channels];
      // Statistics a channel, for each cell of the first axis, or for every cell.
      const own = { last: [channels], first: shape.map((size, i) => (i === 0 ? size : 1)), all: shape }[along];
      const inputs = (tf: Tf): Tensor[] => [
        tf.tensor(values(`x${seed}`, shape), shape),
        tf.tensor(values(`m${seed}`, own), own),
        tf.square(tf.tensor(values(`v${seed}`, own), own)),
        tf.tensor(values(`o${seed}`, own), own),
        tf.tensor(values(`s${seed}`, own), own),
      ];
      const weigh = (tf: Tf, out: Tensor): Tensor =>
        tf.sum(tf.mul(out, tf.sin(tf.tensor(values(`w${seed}`, shape), shape))));
      type Five = [Tensor, Tensor, Tensor, Tensor, Tensor];
      /** The result and its gradients. */
      const both =
        (normalise: (tf: Tf, inputs: Five) => Tensor) =>
        (tf: Tf): Tensor[] => [
          normalise(tf, inputs(tf) as Five),
          ...tf.grads((...all) => weigh(tf, normalise(tf, all as unknown as Five)))(inputs(tf)),
        ];
      return expectAgreement(
        tf,
        both((tf, [x, mean, variance, offset, scale]) => tf.batchNorm(x, mean, variance, offset, scale, epsilon)),
        2e-4,
        both((tf, [x, mean, variance, offset, scale]) => {
          const normal = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
          return tf.add(tf.mul(normal, scale), offset);
        }),
      );
    },
    60,
  );
});
