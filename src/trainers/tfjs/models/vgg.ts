/**
 * The built-in VGG-like network: blocks of convolutions, [batch norm], activation, each ended by 2x2 max pooling and
 * [dropout]; then a dense layer and the output. After Simonyan and Zisserman (2015), small.
 */
import { BasinError } from "../../../core/errors.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { initializerFor, type LayerDescription, type ModelDescription } from "./description.ts";

/**
 * @param inputShape [height, width, channels]
 * @throws BasinError when samples are no images, or too small for the blocks
 */
export function describeVgg(h: Hyperparameters, inputShape: readonly number[], outputs: number): ModelDescription {
  const [height, width, channels] = inputShape;
  if (height === undefined || width === undefined || channels === undefined) {
    throw new BasinError(
      "invalid-study",
      'The model "vgg" needs images.',
      'Set "image: [height, width, channels]" under data, or use "model: mlp".',
    );
  }
  if (Math.min(height, width) < 2 ** h.blocks) {
    throw new BasinError(
      "invalid-params",
      `Images of ${height} x ${width} are too small for ${h.blocks} blocks, each of which halves them.`,
      `At most ${Math.floor(Math.log2(Math.min(height, width)))} blocks fit.`,
    );
  }
  const layers: LayerDescription[] = [];
  const init = initializerFor(h.init, h.activation);
  const hidden = (layer: LayerDescription): void => {
    layers.push(layer);
    if (h.batchNorm) layers.push({ kind: "batchNorm" });
    if (h.activation !== "linear") layers.push({ kind: "activation", activation: h.activation });
  };
  for (let block = 0; block < h.blocks; block++) {
    const filters = Math.max(1, Math.round(h.filters * h.filterGrowth ** block));
    for (let i = 0; i < h.layersPerBlock; i++)
      hidden({ kind: "conv2d", filters, kernel: h.kernel, bias: !h.batchNorm, init });
    layers.push({ kind: "maxPool2d", size: 2 });
    if (h.convDropout > 0) layers.push({ kind: "dropout", rate: h.convDropout });
  }
  layers.push({ kind: "flatten" });
  if (h.denseUnits > 0) {
    hidden({ kind: "dense", units: h.denseUnits, bias: !h.batchNorm, init });
    if (h.dropout > 0) layers.push({ kind: "dropout", rate: h.dropout });
  }
  layers.push({ kind: "dense", units: outputs, bias: true, init: initializerFor(h.init, "linear") });
  return { inputShape, layers };
}
