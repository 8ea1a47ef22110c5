/**
 * Gradient of max pooling. Each output cell hands its gradient to the first largest cell of its window, in row order, as on
 * every other back end; upstream's hands it to the last one. O(inputs * windows that cover a cell).
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { cellProgram, int, type WebgpuKernel } from "./kernel.ts";

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

const geometry = "window : vec2<i32>, strides : vec2<i32>, pads : vec2<i32>,";

/** For each output cell, the number of its largest cell within the image. */
const placesBody = `
  let cell = getCoordsFromIndex(index);
  let corner = cell.yz * uniforms.strides - uniforms.pads;
  let low = max(corner, vec2<i32>(0));
  let high = min(corner + uniforms.window, uniforms.xShape.yz);
  var place = -1;
  var largest = 0.0;
  for (var row = low.x; row < high.x; row++) {
    for (var column = low.y; column < high.y; column++) {
      let value = getX(cell.x, row, column, cell.w);
      if (place < 0 || value > largest) {
        largest = value;
        place = row * uniforms.xShape.z + column;
      }
    }
  }
  setOutputAtIndexI32(index, place);`;

/** For each input cell, the sum over the windows that chose it. */
const gatherBody = `
  let cell = getCoordsFromIndex(index);
  let own = cell.y * uniforms.outShape.z + cell.z;
  let reach = cell.yz + uniforms.pads;
  // Of the windows that begin at or before the cell, the first that still covers it: a division rounded up.
  let before = max(reach - uniforms.window + uniforms.strides, vec2<i32>(0)) / uniforms.strides;
  let last = min(reach / uniforms.strides, uniforms.dyShape.yz - vec2<i32>(1));
  var sum = 0.0;
  for (var row = before.x; row <= last.x; row++) {
    for (var column = before.y; column <= last.y; column++) {
      if (i32(getPlaces(cell.x, row, column, cell.w)) == own) {
        sum += getDy(cell.x, row, column, cell.w);
      }
    }
  }
  setOutputAtIndex(index, sum);`;

export const maxPoolGrad: WebgpuKernel = {
  name: "MaxPoolGrad",
  make:
    ({ tf, shade, free }) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const dy = inputs["dy"]!;
      const input = inputs["input"]!;
      const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
      const shape = input.shape as [number, number, number, number];
      const pool = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
      const uniforms = [
        int(pool.filterHeight, pool.filterWidth),
        int(pool.strideHeight, pool.strideWidth),
        int(pool.padInfo.top, pool.padInfo.left),
      ];
      const places = shade(
        cellProgram({
          key: "basinMaxPoolPlaces",
          inputs: ["x"],
          outputShape: dy.shape,
          uniforms: geometry,
          body: placesBody,
        }),
        [input],
        "int32",
        uniforms,
      );
      const result = shade(
        cellProgram({
          key: "basinMaxPoolGrad",
          inputs: ["dy", "places"],
          outputShape: shape,
          uniforms: geometry,
          body: gatherBody,
        }),
        [dy, places],
        "float32",
        uniforms,
      );
      free(places);
      return result;
    },
};
