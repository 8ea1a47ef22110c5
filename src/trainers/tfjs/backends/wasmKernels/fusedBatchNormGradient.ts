/**
 * Gradient of batch normalisation by broadcasting: upstream copies the statistics to the size of the input with `tile`, which
 * takes most of the time of a step, and fails where they are shared along other axes than the leading ones. The same formulas
 * on every back end; checked against the formula of batch norm on the reference one.
 */
import type { Tensor, Tf } from "../../tf.ts";

/** Sums `t` over the axes along which a tensor of this shape is broadcast. */
function summedTo(tf: Tf, t: Tensor, shape: readonly number[]): Tensor {
  const lead = t.rank - shape.length;
  const axes = t.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
  return tf.reshape(axes.length === 0 ? t : tf.sum(t, axes), [...shape]);
}

/** Replaces the registered gradient of FusedBatchNorm, for all back ends of the namespace. */
export function registerBatchNormGradient(tf: Tf): void {
  tf.unregisterGradient("FusedBatchNorm");
  tf.registerGradient({
    kernelName: "FusedBatchNorm",
    inputsToSave: ["x", "mean", "variance", "scale"],
    gradFunc: (dy, saved, attrs) => {
      const [x, mean, variance, scale] = saved as [Tensor, Tensor, Tensor, Tensor];
      const { varianceEpsilon } = attrs as unknown as { varianceEpsilon: number };
      const out = dy as Tensor;
      const inverse = (): Tensor => tf.rsqrt(tf.add(variance, varianceEpsilon));
      const scaled = (): Tensor => tf.mul(inverse(), scale);
      const centred = (): Tensor => tf.mul(out, tf.sub(x, mean));
      // The statistics are mostly vectors, so what has their size is cheap: the sums come first where they can.
      const plain = [mean, variance, scale].every((t) => t.rank === 1);
      const sum = (t: Tensor): Tensor => (plain ? summedTo(tf, t, mean.shape) : t);
      return {
        x: () => tf.mul(out, scaled()),
        mean: () => summedTo(tf, tf.neg(tf.mul(sum(out), scaled())), mean.shape),
        variance: () =>
          summedTo(tf, tf.mul(tf.mul(sum(centred()), scale), tf.mul(tf.pow(inverse(), 3), -0.5)), variance.shape),
        scale: () => summedTo(tf, tf.mul(sum(centred()), inverse()), scale.shape),
        // Its shape is that of the scale: TensorFlow.js keeps no other trace of it.
        offset: () => summedTo(tf, out, scale.shape),
      };
    },
  });
}
