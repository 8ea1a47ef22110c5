/**
 * The cells of every pooling window, one place of the window at a time, and back. A strided slice is a slice, a
 * reshape that sets the stride apart as an axis, and a slice of that: each of them fast on every back end, which StridedSlice
 * is not.
 * `gather` and `scatter` are each other's adjoint: <gather(x), y> = <x, scatter(y)>.
 */
import type { backend_util, NamedAttrMap, Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Tf } from "../../tf.ts";

export type PoolInfo = backend_util.Conv2DInfo;

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: "valid" | "same" | number;
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}

/** Sizes and padding of a pooling over an image of this shape. */
export function poolInfo(tf: Tf, shape: readonly number[], attrs: NamedAttrMap): PoolInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as Attributes;
  const image = shape as [number, number, number, number];
  return tf.backend_util.computePool2DInfo(image, filterSize, strides, 1, pad, dimRoundingMode);
}

/** Places of a window, row by row. */
export function* places(info: PoolInfo): Generator<readonly [number, number]> {
  for (let row = 0; row < info.filterHeight; row++)
    for (let column = 0; column < info.filterWidth; column++) yield [row, column];
}

/** How many cells of each window lie in the image, [1, rows, columns, 1]. */
export function cellCounts(tf: Tf, info: PoolInfo): Tensor4D {
  const inside = (out: number, stride: number, pad: number, filter: number, size: number): number =>
    Math.min(size, out * stride - pad + filter) - Math.max(0, out * stride - pad);
  const counts = new Float32Array(info.outHeight * info.outWidth);
  for (let i = 0; i < info.outHeight; i++)
    for (let j = 0; j < info.outWidth; j++)
      counts[i * info.outWidth + j] =
        inside(i, info.strideHeight, info.padInfo.top, info.filterHeight, info.inHeight) *
        inside(j, info.strideWidth, info.padInfo.left, info.filterWidth, info.inWidth);
  return tf.tensor4d(counts, [1, info.outHeight, info.outWidth, 1]);
}

/** Rows and columns so that every place of a window has a whole stride after it, from the first window's beginning. */
function reach(info: PoolInfo): readonly [number, number] {
  return [
    info.outHeight * info.strideHeight + info.filterHeight - 1,
    info.outWidth * info.strideWidth + info.filterWidth - 1,
  ];
}

/** The image with `fill` around it, cut to what the windows reach over. */
export function padded(tf: Tf, x: Tensor, info: PoolInfo, fill: number): Tensor4D {
  const [height, width] = reach(info);
  const { top, left } = info.padInfo;
  const bottom = Math.max(0, height - info.inHeight - top);
  const right = Math.max(0, width - info.inWidth - left);
  const all = tf.pad4d(
    x as Tensor4D,
    [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
    fill,
  );
  return tf.slice4d(all, [0, 0, 0, 0], [info.batchSize, height, width, info.inChannels]);
}

/** Of each window the cell at `place`, from a padded image. */
export function gather(tf: Tf, image: Tensor4D, info: PoolInfo, [row, column]: readonly [number, number]): Tensor4D {
  const { batchSize, outHeight, outWidth, strideHeight, strideWidth, inChannels } = info;
  const from = [0, row, column, 0] as [number, number, number, number];
  const all = tf.slice4d(image, from, [batchSize, outHeight * strideHeight, outWidth * strideWidth, inChannels]);
  const apart = tf.reshape(all, [batchSize * outHeight, strideHeight, outWidth, strideWidth * inChannels]);
  const cells = tf.slice4d(apart as Tensor4D, [0, 0, 0, 0], [batchSize * outHeight, 1, outWidth, inChannels]);
  return tf.reshape(cells, [batchSize, outHeight, outWidth, inChannels]);
}

/**
 * An image of the input's size with each window's value at `place` of the window: the adjoint of padding and gathering.
 * Made of reshape, pad and slice, so it can be differentiated.
 */
export function scatter(tf: Tf, values: Tensor, info: PoolInfo, [row, column]: readonly [number, number]): Tensor4D {
  const { batchSize, outHeight, outWidth, strideHeight, strideWidth, inChannels, inHeight, inWidth } = info;
  const { top, left } = info.padInfo;
  // Zeros between rows and columns, by padding axes of size 1.
  let image = tf.reshape(values, [batchSize * outHeight, 1, outWidth, 1, inChannels]);
  image = tf.pad(image, [
    [0, 0],
    [0, strideHeight - 1],
    [0, 0],
    [0, strideWidth - 1],
    [0, 0],
  ]);
  const spread = tf.reshape(image, [batchSize, outHeight * strideHeight, outWidth * strideWidth, inChannels]);
  // Move to the place, with room for whatever sticks out, and cut the input's cells out of it.
  const bottom = Math.max(0, top + inHeight - row - outHeight * strideHeight);
  const right = Math.max(0, left + inWidth - column - outWidth * strideWidth);
  const moved = tf.pad(spread, [
    [0, 0],
    [row, bottom],
    [column, right],
    [0, 0],
  ]);
  return tf.slice4d(moved as Tensor4D, [0, top, left, 0], [batchSize, inHeight, inWidth, inChannels]);
}
