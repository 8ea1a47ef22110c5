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
import type { Tensor } from "../../tf.ts";
import { offTape, type SecondOrderGradient } from "./gradient.ts";
import { gather, padded, places, poolInfo } from "./poolWindows.ts";

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

export const maxPoolGradGradient: SecondOrderGradient = {
  kernelName: "MaxPoolGrad",
  inputsToSave: ["input", "output"],
  gradient: (tf, upstream, saved, attrs) => {
    const [input, output] = saved as [Tensor, Tensor];
    const picked = (): Tensor =>
      tf.tidy(() => {
        const info = poolInfo(tf, input.shape, attrs);
        const image = padded(tf, input, info, nothing);
        const values = padded(tf, upstream, info, 0);
        let open: Tensor = tf.onesLike(output);
        let result: Tensor = tf.zerosLike(output);
        for (const place of places(info)) {
          const hit = tf.mul(open, tf.cast(tf.equal(gather(tf, image, info, place), output), "float32"));
          result = tf.add(result, tf.mul(hit, gather(tf, values, info, place)));
          open = tf.sub(open, hit);
        }
        return result;
      });
    return {
      // Off the tape: a third derivative is never asked for.
      dy: () => offTape(tf, picked),
      input: () => tf.zerosLike(input),
      output: () => tf.zerosLike(output),
    };
  },
};
