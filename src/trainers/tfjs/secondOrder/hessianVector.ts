/**
 * Exact gradients and Hessian-vector products of a loss over a flattened parameter vector, on any back end of TensorFlow.js,
 * micro-batch by micro-batch so that the probe may be larger than memory.
 *
 * H v = d/dw (dL/dw . v): one differentiation of the gradient's product with a constant v (Pearlmutter 1994), by reverse mode
 * over reverse mode with the gradients of gradients.ts. Costs two to three gradients in time and memory.
 * Invariant: no tensor made here outlives its call but those of `dispose`; sums over micro-batches are taken in float64;
 * values are read asynchronously only.
 */
import { BasinError } from "../../../core/errors.ts";
import type { LoadedBackend } from "../backends/backend.ts";
import type { Scalar, Tensor, Variable } from "../tf.ts";
import { withSecondOrderGradients } from "./scope.ts";
import { dropTape, orderTape } from "./tape.ts";

export interface HessianVectorOptions {
  /** Micro-batches; the loss is the sum of `lossOf` over them. Default 1. */
  readonly parts?: number;
  /** Called after each micro-batch, and waited for: the place to let the process breathe, to report, or to throw. */
  readonly onPart?: (done: number, parts: number) => void | Promise<void>;
  /** Stops between micro-batches with a BasinError "cancelled". */
  readonly signal?: AbortSignal;
}

export interface HessianVector {
  /** Length of the flattened parameters: the variables one after another, each row-major. */
  readonly dimension: number;
  /** The loss at the variables' present values. */
  loss(): Promise<number>;
  /** dL/dw at the present values. */
  gradient(): Promise<Float32Array>;
  /** H v at the present values. */
  product(v: Float32Array): Promise<Float32Array>;
  /** After it, every call throws. The variables are the caller's and stay. */
  dispose(): void;
}

/**
 * @param lossOf the loss of one micro-batch (0-based) as a scalar, by operations of `backend.tf` from the variables; weighted
 *   so that the sum over all micro-batches is the loss. It must be deterministic (dropout off, batch norm in inference mode).
 *   A `tf.customGrad` in it may save its inputs and outputs; what it computes in between and saves is a constant to the second
 *   differentiation, as the tape knows nothing of it.
 * @param variables what to differentiate by; those that `lossOf` does not depend on get zeros
 */
export function createHessianVector(
  backend: Pick<LoadedBackend, "tf">,
  lossOf: (part: number) => Scalar,
  variables: readonly Variable[],
  options: HessianVectorOptions = {},
): HessianVector {
  const { tf } = backend;
  const { parts = 1, onPart, signal } = options;
  const xs: Tensor[] = [...variables];
  const dimension = xs.reduce((sum, x) => sum + x.size, 0);
  let disposed = false;

  /** Gradients of `f`, with zeros for what it does not depend on. */
  const gradientsOf = (f: () => Tensor): Tensor[] => {
    const { grads } = tf.engine().gradients(f, xs, undefined, true);
    return xs.map((x, i) => grads[i] ?? tf.zerosLike(x));
  };

  const flat = (tensors: readonly Tensor[]): Tensor =>
    tensors.length === 1 ? tf.reshape(tensors[0]!, [-1]) : tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));

  /** Runs it with the gradients it needs; when it throws, nothing is left of it. */
  const computed = (compute: () => Tensor): Tensor => {
    try {
      return tf.tidy(() => withSecondOrderGradients(tf, compute));
    } catch (error) {
      dropTape(tf);
      throw error;
    }
  };

  /** Adds up what `compute` gives for each micro-batch. */
  const sum = async (size: number, compute: (part: number) => Tensor): Promise<Float64Array> => {
    if (disposed) throw new BasinError("internal", "The Hessian-vector product has been disposed of.");
    const total = new Float64Array(size);
    for (let part = 0; part < parts; part++) {
      if (signal?.aborted === true) throw new BasinError("cancelled", "The second-order computation was stopped.");
      const result = computed(() => compute(part));
      try {
        const values = await result.data();
        for (let i = 0; i < size; i++) total[i]! += values[i]!;
      } finally {
        result.dispose();
      }
      await onPart?.(part + 1, parts);
    }
    return total;
  };

  return {
    dimension,
    loss: async () => (await sum(1, (part) => tf.reshape(lossOf(part), [1])))[0]!,
    gradient: async () => Float32Array.from(await sum(dimension, (part) => flat(gradientsOf(() => lossOf(part))))),
    async product(v) {
      if (v.length !== dimension)
        throw new BasinError("internal", `The vector has ${v.length} values, but the loss has ${dimension} weights.`);
      const own = v.slice();
      return Float32Array.from(
        await sum(dimension, (part) => {
          let at = 0;
          const along = xs.map((x) => tf.tensor(own.subarray(at, (at += x.size)), x.shape));
          const directional = (): Tensor => {
            const slopes = gradientsOf(() => lossOf(part)).map((g, i) => tf.sum(tf.mul(g, along[i]!)));
            const slope = slopes.reduce((a, b) => tf.add(a, b));
            orderTape(tf);
            return slope;
          };
          return flat(gradientsOf(directional));
        }),
      );
    },
    dispose() {
      disposed = true;
    },
  };
}
