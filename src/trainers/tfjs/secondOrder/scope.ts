/**
 * Puts the twice-differentiable gradients in place for the length of one synchronous computation.
 * Invariant: whatever is thrown, the gradients registered before are registered afterwards, so that training keeps its own.
 */
import type { GradConfig } from "@tensorflow/tfjs-core";
import { BasinError, errorText } from "../../../core/errors.ts";
import type { Tf } from "../tf.ts";
import { gradConfig } from "./gradients/gradient.ts";
import { secondOrderGradients } from "./gradients.ts";

/** TensorFlow.js' own wording when a kernel on the way has no gradient. */
const noGradient = /gradient function not found for (\w+)/;

function place(tf: Tf, kernelName: string, config: GradConfig | undefined): void {
  if (tf.getGradient(kernelName) !== undefined) tf.unregisterGradient(kernelName);
  if (config !== undefined) tf.registerGradient(config);
}

/**
 * Runs `compute` with gradients that can be differentiated once more. The registry belongs to the whole process, so `compute`
 * must not be asynchronous: it queues its work and returns tensors, which are read afterwards.
 * @throws BasinError "trainer" when the model has an operation without a second derivative
 */
export function withSecondOrderGradients<T>(tf: Tf, compute: () => T): T {
  const before = secondOrderGradients.map(
    ({ kernelName }) => [kernelName, tf.getGradient(kernelName) as GradConfig | undefined] as const,
  );
  try {
    for (const own of secondOrderGradients) place(tf, own.kernelName, gradConfig(tf, own));
    return compute();
  } catch (error) {
    const kernel = noGradient.exec(errorText(error))?.[1];
    if (kernel === undefined) throw error;
    throw new BasinError(
      "trainer",
      `The model uses the operation ${kernel}, for which there is no exact second derivative.`,
      "Measures of the last layer need none; or build the model from other layers.",
      { cause: error },
    );
  } finally {
    for (const [kernelName, config] of before) place(tf, kernelName, config);
  }
}
