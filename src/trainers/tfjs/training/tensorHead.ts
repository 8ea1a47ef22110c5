/**
 * The mean loss as tensor operations, for back ends whose values lie elsewhere. The same function as `scoreOutputs`.
 */
import type { Scalar, Tensor, Tf } from "../tf.ts";
import type { HeadOptions } from "./head.ts";

/** Mean loss over the rows of `output` ([rows, width]); `targets` holds class indices or values. */
export function tensorLoss(tf: Tf, output: Tensor, targets: Float32Array, options: HeadOptions): Scalar {
  const { width, labelSmoothing: smoothing } = options;
  if (options.output === "value") return tf.mean(tf.square(tf.sub(output, tf.tensor(targets, output.shape))));
  const off = smoothing / width;
  const wanted = new Float32Array(targets.length * width).fill(off);
  targets.forEach((target, row) => {
    wanted[row * width + target] = 1 - smoothing + off;
  });
  const share = tf.tensor(wanted, [targets.length, width]);
  if (options.output === "probabilities")
    return tf.neg(tf.mean(tf.sum(tf.mul(share, tf.log(tf.maximum(output, 1e-12))), 1)));
  return tf.mean(tf.sub(tf.logSumExp(output, 1), tf.sum(tf.mul(share, output), 1)));
}
