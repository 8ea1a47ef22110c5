/**
 * Piecewise linear activations: relu, relu6, leaky relu, prelu. Their slope is a constant on each side of a kink, so it is
 * taken off the tape and their second derivative is zero (at the kink itself none exists).
 */
import type { Tensor, Tf } from "../../tf.ts";
import { offTape, unbroadcast, type SecondOrderGradient } from "./gradient.ts";

/** 1 where x > 0, else `below`. */
const slope = (tf: Tf, x: Tensor, below = 0): Tensor => offTape(tf, () => tf.step(x, below));

export const reluGradient: SecondOrderGradient = {
  kernelName: "Relu",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved) => {
    const [x] = saved;
    return { x: () => tf.mul(dy, slope(tf, x!)) };
  },
};

export const relu6Gradient: SecondOrderGradient = {
  kernelName: "Relu6",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved) => {
    const [x] = saved;
    const inside = (): Tensor =>
      offTape(tf, () => tf.tidy(() => tf.mul(tf.step(x!), tf.cast(tf.lessEqual(x!, 6), "float32"))));
    return { x: () => tf.mul(dy, inside()) };
  },
};

export const leakyReluGradient: SecondOrderGradient = {
  kernelName: "LeakyRelu",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved, attrs) => {
    const [x] = saved;
    return { x: () => tf.mul(dy, slope(tf, x!, attrs["alpha"] as number)) };
  },
};

/** prelu(x) = max(x, 0) + alpha min(x, 0): bilinear in alpha and x on the negative side. */
export const preluGradient: SecondOrderGradient = {
  kernelName: "Prelu",
  inputsToSave: ["x", "alpha"],
  gradient: (tf, dy, saved) => {
    const [x, alpha] = saved as [Tensor, Tensor];
    const below = (): Tensor => offTape(tf, () => tf.tidy(() => tf.sub(1, tf.step(x))));
    return {
      x: () => tf.add(tf.mul(dy, slope(tf, x)), tf.mul(dy, tf.mul(alpha, below()))),
      alpha: () => unbroadcast(tf, tf.mul(dy, tf.mul(x, below())), alpha.shape),
    };
  },
};
