/**
 * How many samples fit through one forward and backward pass. Larger batches are cut into micro-batches whose gradients are
 * added up, which gives the same step (batch norm excepted: its statistics are those of a micro-batch).
 */
import type { LayersModel } from "../tf.ts";

/**
 * Bytes one sample takes while gradients are computed: each layer's output, its gradient and the kernels' temporaries.
 * An upper bound: on WebAssembly a step was seen to take 0.5 of it (convolutions with batch norm) to 0.9 (without).
 */
export function activationBytes(model: LayersModel): number {
  let cells = 0;
  for (const layer of model.layers) {
    const shapes = Array.isArray(layer.outputShape[0])
      ? (layer.outputShape as (number | null)[][])
      : [layer.outputShape as (number | null)[]];
    // Where TensorFlow.js composes batch norm, its moments keep two more copies, its gradient three.
    const copies = layer.getClassName() === "BatchNormalization" ? 7 : 3;
    for (const shape of shapes)
      cells += copies * shape.slice(1).reduce<number>((product, size) => product * (size ?? 1), 1);
  }
  return 4 * cells;
}

/** Samples of a micro-batch: the batch in as few, equal pieces as fit the budget (in bytes). At least 1. */
export function microBatchSize(batchSize: number, bytesPerSample: number, budget: number): number {
  const most = Math.max(1, Math.floor(budget / Math.max(1, bytesPerSample)));
  return Math.ceil(batchSize / Math.ceil(batchSize / most));
}
