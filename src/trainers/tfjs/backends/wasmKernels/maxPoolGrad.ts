/**
 * Gradient of max pooling, right for overlapping windows and ties: upstream's is not. Each output cell hands its gradient to
 * the first largest cell of its window, in row order, as the reference back end does. O(outputs * window).
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { WasmKernel } from "./kernel.ts";

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

export const maxPoolGrad: WasmKernel = {
  name: "MaxPoolGrad",
  make:
    ({ tf, make, values }) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const dy = inputs["dy"]!;
      const input = inputs["input"]!;
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
      const shape = input.shape as [number, number, number, number];
      const pool = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const [samples, height, width, channels] = shape;
      const { outHeight, outWidth, filterHeight, filterWidth, strideHeight, strideWidth } = pool;
      const result = make(shape);
      const x = values(input);
      const g = values(dy);
      const dx = values(result).fill(0);
      const line = width * channels;
      let out = 0;
      for (let n = 0; n < samples; n++) {
        const image = n * height * line;
        for (let i = 0; i < outHeight; i++) {
          const top = i * strideHeight - pool.padInfo.top;
          const rowFrom = Math.max(0, top);
          const rowTo = Math.min(height, top + filterHeight);
          for (let j = 0; j < outWidth; j++) {
            const left = j * strideWidth - pool.padInfo.left;
            const columnFrom = Math.max(0, left);
            const columnTo = Math.min(width, left + filterWidth);
            for (let c = 0; c < channels; c++, out++) {
              let best = Number.NEGATIVE_INFINITY;
              let place = -1;
              for (let row = rowFrom; row < rowTo; row++) {
                let at = image + row * line + columnFrom * channels + c;
                for (let column = columnFrom; column < columnTo; column++, at += channels) {
                  if (x[at]! > best) {
                    best = x[at]!;
                    place = at;
                  }
                }
              }
              if (place >= 0) dx[place]! += g[out]!;
            }
          }
        }
      }
      return result;
    },
};
