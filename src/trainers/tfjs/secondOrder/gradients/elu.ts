/**
 * elu' = exp(min(x, 0)): 1 on the right, e^x on the left, and the same for its own derivative on the left. Written as
 * exp(-relu(-x)), which never overflows and is differentiable by the gradients of exp and relu.
 */
import type { SecondOrderGradient } from "./gradient.ts";

export const eluGradient: SecondOrderGradient = {
  kernelName: "Elu",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved) => {
    const [x] = saved;
    return { x: () => tf.mul(dy, tf.exp(tf.neg(tf.relu(tf.neg(x!))))) };
  },
};
