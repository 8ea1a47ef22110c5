/**
 * What TensorFlow.js says when a back end lacks an operation, in words for the person whose model uses it.
 */
import { BasinError, errorText } from "../../../core/errors.ts";
import type { BackendName } from "../backends/backend.ts";

/** An error of training or of building a model, with operations that are missing named as such; others as they are. */
export function explainMissingOperation(error: unknown, backend: BackendName): unknown {
  const text = errorText(error);
  const kernel = /Kernel '(\w+)' not registered|has no kernel (\w+)/.exec(text);
  const name = kernel?.[1] ?? kernel?.[2];
  if (name !== undefined)
    return new BasinError(
      "trainer",
      `The model uses the operation ${name}, which the back end ${backend} does not have.`,
      `Build the model without it, or set another "backend" under trainer: tfjs-node and cpu have the most operations.`,
      { cause: error },
    );
  const gradient = /gradient function not found for (\w+)|No gradient (?:defined|registered) for (?:op )?(\w+)/.exec(
    text,
  );
  const underived = gradient?.[1] ?? gradient?.[2];
  if (underived !== undefined)
    return new BasinError(
      "trainer",
      `The model uses the operation ${underived}, through which TensorFlow.js cannot compute gradients.`,
      "Keep it away from the path between weights and output, or replace it by one that can be differentiated.",
      { cause: error },
    );
  return error;
}
