/**
 * Gradient of batch normalisation by broadcasting: upstream copies the statistics to the size of the input with `tile`, which
 * takes most of the time of a step. The same formulas on every back end; checked against upstream's on the reference one.
 */
import type { Tensor, Tf } from "../../tf.ts";

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
      const axes = Array.from({ length: x.rank - 1 }, (_, i) => i);
      // Statistics of full rank (one for each cell) are not shared, so nothing is summed.
      const shared = (t: Tensor): Tensor => (mean.rank === 1 ? tf.sum(t, axes) : t);
      const inverse = (): Tensor => tf.rsqrt(tf.add(variance, varianceEpsilon));
      const centred = (): Tensor => shared(tf.mul(out, tf.sub(x, mean)));
      return {
        x: () => tf.mul(out, tf.mul(inverse(), scale)),
        mean: () => tf.neg(tf.mul(shared(out), tf.mul(inverse(), scale))),
        variance: () => tf.mul(tf.mul(centred(), scale), tf.mul(tf.pow(inverse(), 3), -0.5)),
        scale: () => tf.mul(centred(), inverse()),
        offset: () => shared(out),
      };
    },
  });
}
