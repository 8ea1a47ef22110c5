/**
 * What a twice-differentiable gradient is, and the tool all of them share: leaving the tape for locally constant factors.
 * Invariant: a gradient here is the same function as the stock one (where that is right), made of operations that are
 * themselves differentiable or locally constant.
 */
import type { GradConfig, NamedAttrMap } from "@tensorflow/tfjs-core";
import type { Tensor, Tf } from "../../tf.ts";

export interface SecondOrderGradient {
  readonly kernelName: string;
  readonly inputsToSave: readonly string[];
  /** Gradients by input name, each computed when asked for. `dy` is the kernel's only output's. */
  readonly gradient: (
    tf: Tf,
    dy: Tensor,
    saved: readonly Tensor[],
    attrs: NamedAttrMap,
  ) => Record<string, () => Tensor>;
}

/** As TensorFlow.js registers it. */
export function gradConfig(tf: Tf, own: SecondOrderGradient): GradConfig {
  return {
    kernelName: own.kernelName,
    inputsToSave: [...own.inputsToSave],
    gradFunc: (dy, saved, attrs) => own.gradient(tf, dy as Tensor, saved, attrs),
  };
}

/**
 * Computes something that the tape does not see: for factors whose derivative is zero wherever it exists (masks, signs,
 * places of maxima), so that the outer differentiation does not carry zeros through them.
 */
export function offTape<T extends Tensor>(tf: Tf, compute: () => T): T {
  const { state } = tf.engine();
  // What the engine itself counts up while a kernel runs, to keep the kernel's own operations off the tape.
  state.kernelDepth++;
  try {
    return compute();
  } finally {
    state.kernelDepth--;
  }
}

/** A gradient summed back to the shape of a broadcast input. */
export function unbroadcast(tf: Tf, gradient: Tensor, shape: readonly number[]): Tensor {
  const axes = tf.broadcast_util.getReductionAxes([...shape], gradient.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(gradient, axes) : gradient, [...shape]);
}
