/**
 * The sizes of a depthwise convolution, and the walk over every cell of every window inside the image that its two gradients
 * share.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";

interface Attributes {
  readonly strides: [number, number] | number;
  readonly dilations?: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

export type Shape = [number, number, number, number];

export type DepthwiseSizes = ReturnType<Tf["backend_util"]["computeConv2DInfo"]>;

export function depthwiseSizes(tf: Tf, inputShape: Shape, filterShape: Shape, attrs: NamedAttrMap): DepthwiseSizes {
  const { strides, dilations, pad, dimRoundingMode } = attrs as unknown as Attributes;
  return tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
}

/**
 * Calls `visit` with the offsets of the input's, the output's and the filter's first channel, cell by cell of each window.
 * O(outputs * filter cells) calls; the channels are the visitor's.
 */
export function overWindows(s: DepthwiseSizes, visit: (input: number, output: number, filter: number) => void): void {
  for (let n = 0; n < s.batchSize; n++) {
    for (let i = 0; i < s.outHeight; i++) {
      for (let row = 0; row < s.filterHeight; row++) {
        const y = i * s.strideHeight + row * s.dilationHeight - s.padInfo.top;
        if (y < 0 || y >= s.inHeight) continue;
        for (let j = 0; j < s.outWidth; j++) {
          const output = ((n * s.outHeight + i) * s.outWidth + j) * s.outChannels;
          for (let column = 0; column < s.filterWidth; column++) {
            const x = j * s.strideWidth + column * s.dilationWidth - s.padInfo.left;
            if (x < 0 || x >= s.inWidth) continue;
            const input = ((n * s.inHeight + y) * s.inWidth + x) * s.inChannels;
            visit(input, output, (row * s.filterWidth + column) * s.outChannels);
          }
        }
      }
    }
  }
}
