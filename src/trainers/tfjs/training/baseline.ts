/**
 * What a training must fall below to have learnt anything: the loss of the untrained model, or of an answer that looks at no
 * sample (every class alike, the mean value), if that is less. With ln k for k classes it is the gate of FGHPO.
 * Invariant: inference mode, and nothing of the model's or the training's randomness is used up.
 */
import { createBatches } from "../data/batches.ts";
import type { Dataset, Part } from "../data/dataset.ts";
import { evaluate, type EvaluateOptions } from "./evaluate.ts";
import { scoreOutputs } from "./head.ts";

/**
 * @param options `head` is that of the training, so that the loss compares with the training's own
 * @returns mean loss; one pass over the samples
 */
export async function baselineLoss(options: EvaluateOptions, samples: Part, { inputShape }: Dataset): Promise<number> {
  const { backend, head } = options;
  const { rows, targets } = samples;
  const batches = createBatches(backend.tf, samples, inputShape, backend.largestTensor);
  try {
    const { loss } = await evaluate(options, batches);
    const mean = targets.reduce((sum, value) => sum + value, 0) / rows;
    const answer = { logits: 0, probabilities: 1 / head.width, value: mean }[head.output];
    const blind = new Float32Array(rows * head.width).fill(answer);
    const unknowing = scoreOutputs(blind, targets, head).loss / rows;
    return Number.isFinite(loss) ? Math.min(loss, unknowing) : unknowing;
  } finally {
    batches.dispose();
  }
}
