/**
 * Gradient of a convolution towards its filter: the product of the input's patches, never written out, with the output's
 * gradient. Upstream gives each cell of the filter one thread that walks over the whole batch; here tiles of 32 x 32 cells
 * share what they read, and the walk is split so that a large GPU has work everywhere, with a sum over the splits at the end.
 * Invariant: no atomics, so the same inputs give the same bits on the same device.
 */
import type { WebGPUProgram } from "@tensorflow/tfjs-backend-webgpu";
import type { backend_util, NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { int, type WebgpuKernel } from "./kernel.ts";

interface Attributes {
  readonly filterShape: [number, number, number, number];
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Cells of the filter on either side of a tile, positions read at a time; 64 threads with 4 x 4 cells each. */
const tile = 32;
const depth = 16;
/** Workgroups that keep a large GPU busy, and what a split is at least worth. */
const workgroups = 1024;
const leastPositions = 256;

/** Positions are the cells (sample, row, column) of the output; rows of the product are (filter row, column, channel). */
const source = `
var<workgroup> patches : array<array<f32, ${tile}>, ${depth}>;
var<workgroup> slopes : array<array<f32, ${tile}>, ${depth}>;

fn main() {
  let thread = i32(localIndex);
  let lane = thread % ${tile};
  let split = i32(workgroupId.z);
  let channels = uniforms.xShape.w;
  let filters = uniforms.dyShape.w;
  let row = i32(workgroupId.y) * ${tile} + lane;
  let column = i32(workgroupId.x) * ${tile} + lane;
  let rows = uniforms.outShape.y;
  let channel = row % channels;
  let tap = row / channels;
  let offset = vec2<i32>(tap / uniforms.taps.y, tap % uniforms.taps.y) - uniforms.pads;
  let positions = uniforms.dyShape.x * uniforms.dyShape.y * uniforms.dyShape.z;
  let first = split * uniforms.steps * ${depth};
  let own = vec2<i32>(thread / 8, thread % 8) * 4;
  var sums : array<vec4<f32>, 4>;
  for (var step = 0; step < uniforms.steps; step++) {
    for (var line = thread / ${tile}; line < ${depth}; line += 2) {
      let position = first + step * ${depth} + line;
      var input = 0.0;
      var slope = 0.0;
      if (position < positions) {
        if (column < filters) {
          slope = dy[position * filters + column];
        }
        let place = vec2<i32>(position / uniforms.dyShape.z % uniforms.dyShape.y, position % uniforms.dyShape.z);
        let at = place * uniforms.strides + offset;
        if (row < rows && all(at >= vec2<i32>(0)) && all(at < uniforms.xShape.yz)) {
          let sample = position / (uniforms.dyShape.y * uniforms.dyShape.z);
          input = x[((sample * uniforms.xShape.y + at.x) * uniforms.xShape.z + at.y) * channels + channel];
        }
      }
      patches[line][lane] = input;
      slopes[line][lane] = slope;
    }
    workgroupBarrier();
    for (var line = 0; line < ${depth}; line++) {
      let slope = vec4<f32>(
        slopes[line][own.y], slopes[line][own.y + 1], slopes[line][own.y + 2], slopes[line][own.y + 3]);
      sums[0] += patches[line][own.x] * slope;
      sums[1] += patches[line][own.x + 1] * slope;
      sums[2] += patches[line][own.x + 2] * slope;
      sums[3] += patches[line][own.x + 3] * slope;
    }
    workgroupBarrier();
  }
  for (var i = 0; i < 4; i++) {
    let r = i32(workgroupId.y) * ${tile} + own.x + i;
    for (var j = 0; j < 4; j++) {
      let c = i32(workgroupId.x) * ${tile} + own.y + j;
      if (r < rows && c < filters) {
        result[(split * rows + r) * filters + c] = sums[i][j];
      }
    }
  }
}`;

function filterProgram(splits: number, rows: number, filters: number): WebGPUProgram {
  return {
    shaderKey: "basinConv2dBackpropFilter",
    variableNames: ["x", "dy"],
    outputShape: [splits, rows, filters],
    uniforms: "taps : vec2<i32>, strides : vec2<i32>, pads : vec2<i32>, steps : i32,",
    workgroupSize: [64, 1, 1],
    dispatchLayout: { x: [2], y: [1], z: [0] },
    dispatch: [Math.ceil(filters / tile), Math.ceil(rows / tile), splits],
    getUserCode: () => source,
  };
}

export const conv2dBackpropFilter: WebgpuKernel = {
  name: "Conv2DBackpropFilter",
  make:
    ({ tf, backend, shade, run, view, free }, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const x = inputs["x"]!;
      const dy = inputs["dy"]!;
      const { filterShape, strides, pad, dataFormat, dimRoundingMode } = attrs as unknown as Attributes;
      if (dataFormat !== "NHWC") return upstream(inputs, attrs);
      const shape = x.shape as [number, number, number, number];
      const conv = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
      const rows = conv.filterHeight * conv.filterWidth * conv.inChannels;
      const filters = conv.outChannels;
      const positions = conv.batchSize * conv.outHeight * conv.outWidth;
      const tiles = Math.ceil(rows / tile) * Math.ceil(filters / tile);
      const wanted = Math.min(
        Math.ceil(workgroups / tiles),
        Math.ceil(positions / leastPositions),
        backend.device.limits.maxComputeWorkgroupsPerDimension,
      );
      const steps = Math.ceil(positions / wanted / depth);
      const splits = Math.ceil(positions / (steps * depth));
      const parts = shade(filterProgram(splits, rows, filters), [x, dy], "float32", [
        int(conv.filterHeight, conv.filterWidth),
        int(conv.strideHeight, conv.strideWidth),
        int(conv.padInfo.top, conv.padInfo.left),
        int(steps),
      ]);
      if (splits === 1) return view(parts, filterShape);
      const sum = run("Sum", { x: view(parts, [splits, rows * filters]) }, { axis: 0, keepDims: false });
      free(parts);
      return view(sum, filterShape);
    },
};
