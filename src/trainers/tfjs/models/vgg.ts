/**
 * The built-in VGG-like network: blocks of convolutions, [batch norm], activation, each ended by 2 x 2 pooling and
 * [dropout]; then dense layers and the output. After Simonyan and Zisserman (2015), with any sizes.
 */
import { BasinError } from "../../../core/errors.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import { initializerFor, layerShapes, type LayerDescription, type ModelDescription } from "./description.ts";

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
  const layers: LayerDescription[] = [];
  const init = initializerFor(h.init, h.activation);
  const hidden = (layer: LayerDescription, normalised: boolean): void => {
    layers.push(layer);
    if (normalised) layers.push({ kind: "batchNorm" });
    if (h.activation !== "linear") layers.push({ kind: "activation", activation: h.activation });
  };
  const everywhere = h.batchNorm && h.batchNormAt === "every";
  const blockEnds: number[] = [];
  for (let block = 0; block < h.blocks; block++) {
    const filters = h.numbered.filters[block] ?? Math.max(1, Math.round(h.filters * h.filterGrowth ** block));
    const kernel = h.numbered.kernel[block] ?? h.kernel;
    const convolutions = h.numbered.layersPerBlock[block] ?? h.layersPerBlock;
    for (let i = 0; i < convolutions; i++) {
      const normalised = everywhere || (h.batchNorm && i === 0);
      hidden({ kind: "conv2d", filters, kernel, padding: h.padding, bias: !normalised, init }, normalised);
    }
    layers.push({ kind: "pool2d", size: 2, take: h.pooling });
    blockEnds.push(layers.length - 1);
    const dropout = h.numbered.convDropout[block] ?? h.convDropout;
    if (dropout > 0) layers.push({ kind: "dropout", rate: dropout });
  }
  layers.push({ kind: "flatten" });
  for (let i = 0; i < h.denseLayers; i++) {
    const units = h.numbered.denseUnits[i] ?? h.denseUnits;
    if (units === 0) continue;
    hidden({ kind: "dense", units, bias: !everywhere, init }, everywhere);
    if (h.dropout > 0) layers.push({ kind: "dropout", rate: h.dropout });
  }
  layers.push({ kind: "dense", units: outputs, bias: true, init: initializerFor(h.init, "linear") });
  const description = { inputShape, layers };
  const shapes = layerShapes(description);
  const fitting = blockEnds.filter((end) => shapes.slice(0, end + 1).every(({ shape }) => Math.min(...shape) >= 1));
  if (fitting.length < h.blocks) {
    const blocks = h.blocks === 1 ? "1 block" : `${h.blocks} blocks`;
    const shrinking =
      h.padding === "valid"
        ? 'with padding "valid", where every convolution shrinks them'
        : "each of which halves them";
    throw new BasinError(
      "invalid-params",
      `Images of ${height} x ${width} are too small for ${blocks}, ${shrinking}: nothing is left of them in block ${fitting.length + 1}.`,
      fitting.length === 0
        ? "Use a smaller kernel."
        : `With these parameters ${fitting.length} ${fitting.length === 1 ? "block fits" : "blocks fit"}. A constraint in the study keeps such configurations out.`,
    );
  }
  return description;
}
