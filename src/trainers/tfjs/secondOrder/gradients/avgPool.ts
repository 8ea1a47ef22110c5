/**
 * Average pooling, linear in its input: each window's dy, divided by the cells it averages (those inside the image), goes to
 * each of its cells. The stock gradient divides by the whole window also where it sticks out of the image, which the forward
 * kernel does not.
 */
import type { Tensor } from "../../tf.ts";
import type { SecondOrderGradient } from "./gradient.ts";
import { places, poolInfo, scatter, type PoolInfo } from "./poolWindows.ts";

/** One over the number of cells of each window that lie in the image, [1, height, width, 1]. */
function shares(info: PoolInfo): Float32Array {
  const inside = (out: number, stride: number, pad: number, filter: number, size: number): number =>
    Math.min(size, out * stride - pad + filter) - Math.max(0, out * stride - pad);
  const values = new Float32Array(info.outHeight * info.outWidth);
  for (let i = 0; i < info.outHeight; i++)
    for (let j = 0; j < info.outWidth; j++)
      values[i * info.outWidth + j] =
        1 /
        (inside(i, info.strideHeight, info.padInfo.top, info.filterHeight, info.inHeight) *
          inside(j, info.strideWidth, info.padInfo.left, info.filterWidth, info.inWidth));
  return values;
}

export const avgPoolGradient: SecondOrderGradient = {
  kernelName: "AvgPool",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved, attrs) => {
    const [x] = saved as [Tensor];
    return {
      x: () => {
        const info = poolInfo(tf, x.shape, attrs);
        const share = tf.tensor(shares(info), [1, info.outHeight, info.outWidth, 1]);
        const each = tf.mul(dy, share);
        let result: Tensor | undefined;
        for (const place of places(info)) {
          const part: Tensor = scatter(tf, each, info, place);
          result = result === undefined ? part : tf.add(result, part);
        }
        return result!;
      },
    };
  },
};
