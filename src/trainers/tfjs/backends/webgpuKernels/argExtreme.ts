/** The place of the largest or smallest value of a vector is a scalar; upstream gives a vector of one cell. */
import type { TensorInfo } from "../../tf.ts";
import type { WebgpuKernel } from "./kernel.ts";

function scalarOfVector(name: "ArgMax" | "ArgMin"): WebgpuKernel {
  return {
    name,
    make:
      ({ view }, upstream) =>
      (inputs, attrs): TensorInfo => {
        const result = upstream(inputs, attrs);
        return inputs["x"]!.shape.length === 1 ? view(result, []) : result;
      },
  };
}

export const argMax = scalarOfVector("ArgMax");
export const argMin = scalarOfVector("ArgMin");
