/**
 * The mean loss as tensor operations, for back ends whose values lie elsewhere. The same function as `scoreOutputs`.
 */
import type { Scalar, Tensor, Tf } from "../tf.ts";
import type { HeadOptions } from "./head.ts";

/** Mean loss over the rows of `output` ([rows, width]); `targets` holds class indices or values. */
export function tensorLoss(tf: Tf, output: Tensor, targets: Float32Array, options: HeadOptions): Scalar {
  const { width, classWeights, labelSmoothing: smoothing } = options;
  if (options.output === "value") {
    const difference = tf.sub(output, tf.tensor(targets, output.shape));
    const delta = options.huberDelta ?? 0;
    if (delta === 0) return tf.mean(tf.square(difference));
    const size = tf.abs(difference);
    const near = tf.minimum(size, delta);
    // size^2 / 2 up to delta, delta (size - delta / 2) beyond.
    return tf.mean(tf.sub(tf.mul(near, size), tf.mul(tf.square(near), 0.5)));
  }
  const off = smoothing / width;
  const wanted = new Float32Array(targets.length * width).fill(off);
  targets.forEach((target, row) => {
    wanted[row * width + target] = 1 - smoothing + off;
  });
  const share = tf.tensor(wanted, [targets.length, width]);
  const losses =
    options.output === "probabilities"
      ? tf.neg(tf.sum(tf.mul(share, tf.log(tf.maximum(output, 1e-12))), 1))
      : tf.sub(tf.logSumExp(output, 1), tf.sum(tf.mul(share, output), 1));
  if (classWeights === undefined) return tf.mean(losses);
  const weights = Float32Array.from(targets, (target) => classWeights[target]!);
  return tf.mean(tf.mul(losses, tf.tensor1d(weights)));
}
