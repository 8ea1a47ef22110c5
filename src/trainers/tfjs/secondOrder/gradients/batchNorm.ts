/**
 * Batch normalisation y = (x - mean) r scale + offset with r = (variance + epsilon)^(-1/2), each derivative written with
 * broadcasting operations that can be differentiated again:
 *   dx = dy r scale, dmean = -sum dy r scale, dvariance = -1/2 sum dy (x - mean) r^3 scale, dscale = sum dy (x - mean) r.
 * In inference mode mean and variance are constants and only the first and last are asked for.
 */
import type { Tensor } from "../../tf.ts";
import type { SecondOrderGradient } from "./gradient.ts";

export const batchNormGradient: SecondOrderGradient = {
  kernelName: "FusedBatchNorm",
  inputsToSave: ["x", "mean", "variance", "scale"],
  gradient: (tf, dy, saved, attrs) => {
    const [x, mean, variance, scale] = saved as [Tensor, Tensor, Tensor, Tensor];
    const epsilon = attrs["varianceEpsilon"] as number;
    const axes = Array.from({ length: x.rank - 1 }, (_, i) => i);
    /** Summed over the cells that share a statistic; one for each cell (layer normalisation) comes as a shape of its own. */
    const shared = (t: Tensor): Tensor => (mean.rank === 1 ? tf.sum(t, axes) : tf.reshape(t, mean.shape));
    const inverse = (): Tensor => tf.rsqrt(tf.add(variance, epsilon));
    const centred = (): Tensor => shared(tf.mul(dy, tf.sub(x, mean)));
    return {
      x: () => tf.mul(dy, tf.mul(inverse(), scale)),
      mean: () => tf.neg(tf.mul(shared(dy), tf.mul(inverse(), scale))),
      variance: () => {
        const r = inverse();
        return tf.mul(tf.mul(centred(), scale), tf.mul(tf.mul(r, tf.square(r)), -0.5));
      },
      scale: () => tf.mul(centred(), inverse()),
      offset: () => shared(dy),
    };
  },
};
