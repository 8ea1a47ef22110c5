/**
 * One small training step through every kernel a convolutional network needs: proof that a back end can train.
 */
import type { Tensor } from "../tf.ts";
import type { LoadedBackend } from "./backend.ts";

/**
 * A forward and backward pass of conv, max pool, dense and cross-entropy on 4 samples; gives its milliseconds.
 * @throws Error when a kernel is missing or a gradient is not finite
 */
export async function trialStep({ tf }: LoadedBackend): Promise<number> {
  const started = performance.now();
  const ramp = (size: number, scale: number): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => scale * Math.sin(1 + i));
  const gradients = tf.tidy(() => {
    const x = tf.tensor4d(ramp(4 * 6 * 6 * 2, 1), [4, 6, 6, 2]);
    const filter = tf.tensor4d(ramp(3 * 3 * 2 * 4, 0.3), [3, 3, 2, 4]);
    const kernel = tf.tensor2d(ramp(36 * 3, 0.3), [36, 3]);
    const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 1], "int32"), 3);
    return tf.grads((f: Tensor, k: Tensor) => {
      const hidden = tf.maxPool(tf.relu(tf.conv2d(x, f as typeof filter, 1, "same")), 2, 2, "valid");
      const logits = tf.matMul(tf.reshape(hidden, [4, 36]), k);
      return tf.mean(tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, labels), 1)));
    })([filter, kernel]);
  });
  try {
    for (const gradient of gradients) {
      const values = await gradient.data();
      if (!values.every((value) => Number.isFinite(value))) throw new Error("its gradients are not finite");
      if (values.every((value) => value === 0)) throw new Error("its gradients are all zero");
    }
  } finally {
    for (const gradient of gradients) gradient.dispose();
  }
  return performance.now() - started;
}
