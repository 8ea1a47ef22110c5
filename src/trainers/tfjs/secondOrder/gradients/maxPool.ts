/**
 * Max pooling, and the gradient of its gradient. MaxPoolGrad sends each window's dy to the place of its maximum: at a given
 * input a linear map P' of dy, whose adjoint P picks of each window the value at its maximum. The places are locally constant,
 * so the input is taken off the tape. Windows may overlap; of equal cells the first in row order counts, as in the kernels of
 * the cpu and wasm back ends.
 *
 * Where a back end's kernel prefers another one of equal cells nothing changes: cells stay equal in a neighbourhood only if
 * they are the same function of the weights (equal patches of the image) or are cut off by a relu, and then so are their
 * derivatives.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { Tensor, Tf } from "../../tf.ts";
import { offTape, type SecondOrderGradient } from "./gradient.ts";
import { cellCounts, gather, padded, places, poolInfo, type PoolInfo } from "./poolWindows.ts";

/** Below everything finite that a float32 holds; infinity would give NaN when multiplied by 0. */
const nothing = -3.4028234663852886e38;

export const maxPoolGradient: SecondOrderGradient = {
  kernelName: "MaxPool",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved, attrs) => {
    const [x] = saved as [Tensor];
    return {
      x: () => {
        const input: Tensor = offTape(tf, () => tf.clone(x));
        const output: Tensor = offTape(tf, () => tf.engine().runKernel("MaxPool", { x }, attrs));
        return tf.engine().runKernel("MaxPoolGrad", { dy, input, output }, attrs);
      },
    };
  },
};

/** P u where no cell is in two windows: a mask of the maxima, from the kernel itself, and a sum over each window. */
function pickApart(tf: Tf, u: Tensor, input: Tensor, output: Tensor, info: PoolInfo, attrs: NamedAttrMap): Tensor {
  const dy = tf.onesLike(output);
  const mask: Tensor = tf.engine().runKernel("MaxPoolGrad", { dy, input, output }, attrs);
  const means: Tensor = tf.engine().runKernel("AvgPool", { x: tf.mul(u, mask) }, attrs);
  return tf.mul(means, cellCounts(tf, info));
}

/** P u where windows overlap: place by place of the window, the first that equals the maximum. */
function pickOverlapping(tf: Tf, u: Tensor, input: Tensor, output: Tensor, info: PoolInfo): Tensor {
  const image = padded(tf, input, info, nothing);
  const values = padded(tf, u, info, 0);
  let open: Tensor = tf.onesLike(output);
  let result: Tensor = tf.zerosLike(output);
  for (const place of places(info)) {
    const hit = tf.mul(open, tf.cast(tf.equal(gather(tf, image, info, place), output), "float32"));
    result = tf.add(result, tf.mul(hit, gather(tf, values, info, place)));
    open = tf.sub(open, hit);
  }
  return result;
}

export const maxPoolGradGradient: SecondOrderGradient = {
  kernelName: "MaxPoolGrad",
  inputsToSave: ["input", "output"],
  gradient: (tf, upstream, saved, attrs) => {
    const [input, output] = saved as [Tensor, Tensor];
    const picked = (): Tensor => {
      const info = poolInfo(tf, input.shape, attrs);
      const apart = info.strideHeight >= info.filterHeight && info.strideWidth >= info.filterWidth;
      return apart
        ? pickApart(tf, upstream, input, output, info, attrs)
        : pickOverlapping(tf, upstream, input, output, info);
    };
    return {
      // Off the tape: a third derivative is never asked for.
      dy: () => offTape(tf, () => tf.tidy(picked)),
      input: () => tf.zerosLike(input),
      output: () => tf.zerosLike(output),
    };
  },
};
