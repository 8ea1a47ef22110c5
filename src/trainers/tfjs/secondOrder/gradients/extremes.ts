/**
 * Max and min over axes: the gradient goes to the cells that attain the extreme, a choice that is locally constant. Cells that
 * tie all receive it, as the stock gradient has it.
 */
import type { Tensor } from "../../tf.ts";
import { offTape, type SecondOrderGradient } from "./gradient.ts";

function extreme(kernelName: "Max" | "Min"): SecondOrderGradient {
  return {
    kernelName,
    inputsToSave: ["x"],
    gradient: (tf, dy, saved, attrs) => {
      const [x] = saved as [Tensor];
      const axes = tf.util.parseAxisParam(attrs["reductionIndices"] as number | number[], x.shape);
      const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      return {
        x: () => {
          const chosen: Tensor = offTape(tf, () =>
            tf.tidy(() => {
              const y = kernelName === "Max" ? tf.max(x, axes, true) : tf.min(x, axes, true);
              return tf.cast(tf.equal(x, y), "float32");
            }),
          );
          return tf.mul(tf.reshape(dy, kept), chosen);
        },
      };
    },
  };
}

export const maxGradient = extreme("Max");
export const minGradient = extreme("Min");
