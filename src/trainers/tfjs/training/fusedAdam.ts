/**
 * Adam's update by the kernels of a back end that has them in one piece (backends/webgpuKernels/adam.ts).
 * Invariant: the same numbers as the tensor operations in tensorUpdater.ts, to rounding.
 */
import type { Tensor, Tf } from "../tf.ts";

export interface FusedAdam {
  /** decay * mean + (1 - decay) * x^power. */
  readonly mean: (mean: Tensor, x: Tensor, decay: number, power: 1 | 2) => Tensor;
  readonly move: (
    weights: Tensor,
    first: Tensor,
    second: Tensor,
    by: {
      readonly rate: number;
      readonly firstScale: number;
      readonly secondScale: number;
      readonly epsilon: number;
      readonly decay: number;
    },
  ) => Tensor;
}

/** undefined where the current back end does not have the kernels. */
export function fusedAdam(tf: Tf): FusedAdam | undefined {
  if (tf.getKernel("BasinAdamMove", tf.getBackend()) === undefined) return undefined;
  const run = (name: string, inputs: Record<string, Tensor>, attrs: Record<string, number>): Tensor =>
    tf.engine().runKernel(name, inputs, attrs);
  return {
    mean: (mean, x, decay, power) => run("BasinRunningMean", { mean, x }, { decay, power }),
    move: (weights, first, second, by) => run("BasinAdamMove", { weights, first, second }, { ...by }),
  };
}
