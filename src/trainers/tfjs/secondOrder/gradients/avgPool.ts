/**
 * Average pooling, linear in its input: each window's dy, divided by the cells it averages (those inside the image), goes to
 * each of its cells. The stock gradient divides by the whole window also where it sticks out of the image, which the forward
 * kernel does not.
 */
import type { Tensor } from "../../tf.ts";
import type { SecondOrderGradient } from "./gradient.ts";
import { cellCounts, places, poolInfo, scatter } from "./poolWindows.ts";

export const avgPoolGradient: SecondOrderGradient = {
  kernelName: "AvgPool",
  inputsToSave: ["x"],
  gradient: (tf, dy, saved, attrs) => {
    const [x] = saved as [Tensor];
    return {
      x: () => {
        const info = poolInfo(tf, x.shape, attrs);
        const each = tf.div(dy, cellCounts(tf, info));
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
