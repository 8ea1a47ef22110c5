/**
 * selu' = scale (x > 0 ? 1 : alpha e^x), written as scale (mask + (1 - mask) alpha exp(min(x, 0))) with the mask off the tape.
 * The stock gradient chooses with `where`, whose condition has no gradient. Constants: Klambauer et al. 2017.
 */
import type { Tensor } from "../../tf.ts";
import { offTape, type SecondOrderGradient } from "./gradient.ts";

const alpha = 1.6732632423543772;
const scale = 1.0507009873554805;

export const seluGradient: SecondOrderGradient = {
  kernelName: "Selu",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved) => {
    const [x] = saved;
    return {
      x: () => {
        const positive: Tensor = offTape(tf, () => tf.step(x!));
        const negative: Tensor = offTape(tf, () => tf.sub(1, positive));
        const left = tf.mul(negative, tf.mul(alpha, tf.exp(tf.neg(tf.relu(tf.neg(x!))))));
        return tf.mul(dy, tf.mul(scale, tf.add(positive, left)));
      },
    };
  },
};
