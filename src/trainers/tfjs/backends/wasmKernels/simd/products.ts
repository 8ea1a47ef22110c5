/**
 * Convolutions and matrix products by the project's kernels: works out addresses, padding and the parts for the threads.
 * Invariant: results are the same for every number of threads, bit by bit; scratch memory is freed whatever is thrown.
 */
import { addPartialsJob, filterGradientJob } from "./filterGradient.ts";
import { packJob, productJob } from "./product.ts";
import type { SimdRuntime } from "./runtime.ts";

/** B of a product as it lies in memory: value (segment, depth, column), steps in values. */
export interface RightOperand {
  readonly address: number;
  readonly segments: number;
  readonly segmentLength: number;
  readonly segmentStep: number;
  readonly depthStep: number;
  readonly columnStep: number;
  readonly columns: number;
  /** Address of a row that is added to each row of the result; 0 = none. */
  readonly bias: number;
}

/** Images [images, height, width, channels] and the windows that slide over them. */
export interface Windows {
  readonly address: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Distance at which rows and columns of the image are laid out, zeros between them; 1 = close together. */
  readonly spread: readonly [number, number];
  /** Zeros before the first row and column; negative = so many are left out. */
  readonly top: number;
  readonly left: number;
  readonly filter: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly outHeight: number;
  readonly outWidth: number;
}

/** Bytes of padded images that a thread works on at a time: they stay in its second-level cache. */
const groupBytes = 256 * 1024;
/** Multiplications below which a second thread costs more than it saves. */
const smallProduct = 4e6;
const largestPartials = 16 * 1024 ** 2;
const parts = 16;

/** Where threads share a product, enough parts for each to have several. */
function shareOf(images: number, fits: number, multiplications: number, threads: number): number {
  const most = Math.max(1, Math.min(images, fits));
  if (threads === 1 || multiplications < smallProduct) return most;
  return Math.max(1, Math.min(most, Math.ceil(images / (4 * threads))));
}

/** result [images, outHeight, outWidth, columns] = windows times B, plus bias, above 0 where `relu`. */
export function multiplyWindows(
  runtime: SimdRuntime,
  windows: Windows,
  right: RightOperand,
  result: number,
  relu: boolean,
): void {
  const { height, width, channels, images, spread, top, left, filter, strides, dilations } = windows;
  const { outHeight, outWidth } = windows;
  const pixelBytes = 4 * channels;
  const paddedHeight = (outHeight - 1) * strides[0] + (filter[0] - 1) * dilations[0] + 1;
  const paddedWidth = (outWidth - 1) * strides[1] + (filter[1] - 1) * dilations[1] + 1;
  const inside = (before: number, size: number, step: number, padded: number): [number, number] => {
    const first = before < 0 ? Math.ceil(-before / step) : 0;
    return [first, Math.max(0, Math.min(size, Math.floor((padded - 1 - before) / step) + 1) - first)];
  };
  const [firstRow, copyRows] = inside(top, height, spread[0], paddedHeight);
  const [firstColumn, copyColumns] = inside(left, width, spread[1], paddedWidth);
  const direct =
    top === 0 && left === 0 && spread[0] === 1 && spread[1] === 1 && paddedHeight <= height && paddedWidth <= width;
  const rowBytes = direct ? width * pixelBytes : paddedWidth * pixelBytes;
  const imageBytes = 4 * height * width * channels;
  const paddedImageBytes = paddedHeight * paddedWidth * pixelBytes;

  // Pieces of a window that lie together: its rows, or single pixels where it is dilated.
  const together = dilations[1] === 1;
  const offsets: number[] = [];
  for (let row = 0; row < filter[0]; row++) {
    for (let column = 0; column < (together ? 1 : filter[1]); column++)
      offsets.push(row * dilations[0] * rowBytes + column * dilations[1] * pixelBytes);
  }
  const depth = right.segments * right.segmentLength;
  const panels = Math.ceil(right.columns / 8);
  const panelBytes = 32 * (depth + 1);
  const multiplications = images * outHeight * outWidth * depth * right.columns;
  const group = shareOf(
    images,
    Math.floor(groupBytes / (direct ? Math.min(imageBytes, groupBytes) : paddedImageBytes)),
    multiplications,
    runtime.threads,
  );

  const packed = runtime.room(panels * panelBytes);
  try {
    const pack = packJob.pack({
      source: right.address,
      segments: right.segments,
      segmentLength: right.segmentLength,
      segmentStep: 4 * right.segmentStep,
      depthStep: 4 * right.depthStep,
      columnStep: 4 * right.columnStep,
      columns: right.columns,
      bias: right.bias,
      packed,
      panelBytes,
    });
    runtime.run("pack", pack, panels);
    const scratchBytes = direct ? 0 : group * paddedImageBytes;
    const scratch = runtime.room(runtime.threads * scratchBytes);
    try {
      const product = productJob.pack({
        a: windows.address + 4 * channels * (firstRow * width + firstColumn),
        imageBytes,
        padded: direct ? 0 : 1,
        copyRows,
        rowBytes: width * pixelBytes,
        copyColumns,
        pixelBytes,
        spreadRowBytes: spread[0] * rowBytes,
        spreadPixelBytes: spread[1] * pixelBytes,
        firstBytes: (top + firstRow * spread[0]) * rowBytes + (left + firstColumn * spread[1]) * pixelBytes,
        paddedImageBytes,
        scratch,
        scratchBytes,
        images,
        group,
        outRows: outHeight,
        outColumns: outWidth,
        rowStep: strides[0] * rowBytes,
        columnStep: strides[1] * pixelBytes,
        segments: offsets.length,
        segmentLength: (together ? filter[1] : 1) * channels,
        segmentOffsets: runtime.table(offsets),
        b: packed,
        panelBytes,
        panels,
        columns: right.columns,
        result,
        relu: relu ? 1 : 0,
      });
      runtime.run("product", product, Math.ceil(images / group));
    } finally {
      runtime.release(scratch);
    }
  } finally {
    runtime.release(packed);
  }
}

/** Rows of a matrix as images of one pixel. */
export function rowsOf(address: number, rows: number, depth: number): Windows {
  return {
    address,
    images: rows,
    height: 1,
    width: 1,
    channels: depth,
    spread: [1, 1],
    top: 0,
    left: 0,
    filter: [1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    outHeight: 1,
    outWidth: 1,
  };
}

/** Sizes of a convolution whose filter gradient is wanted. */
export interface FilterGradient {
  readonly x: number;
  readonly dy: number;
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly inputs: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outputs: number;
  readonly filter: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly top: number;
  readonly left: number;
}

/** result [filter rows, filter columns, inputs, outputs] = sum over images and pixels of x at the window's cell, times dy. */
export function filterGradient(runtime: SimdRuntime, g: FilterGradient, result: number): void {
  const cells = g.filter[0] * g.filter[1];
  const tiles = Math.ceil(g.inputs / 4);
  const partialBytes = 4 * cells * 4 * tiles * 8 * Math.ceil(g.outputs / 8);
  const pixels = g.outHeight * g.outWidth;
  const multiplications = g.images * pixels * cells * g.inputs * g.outputs;
  // Pixels whose dy fills half of the first-level cache.
  const blockPixels = Math.min(128, Math.max(32, Math.floor(4096 / g.outputs)));
  const blockImages = Math.max(1, Math.floor(blockPixels / pixels));
  const blockRows = blockImages > 1 ? g.outHeight : Math.max(1, Math.floor(blockPixels / g.outWidth));
  const most = multiplications < smallProduct ? 1 : Math.min(parts, Math.floor(largestPartials / partialBytes));
  const wanted = Math.max(1, Math.min(most, Math.ceil(g.images / blockImages)));
  const chunkImages = Math.ceil(g.images / wanted / blockImages) * blockImages;
  const chunks = Math.ceil(g.images / chunkImages);
  const splits = multiplications < smallProduct ? 1 : Math.min(tiles, Math.ceil(parts / chunks));

  const partial = runtime.room(chunks * partialBytes);
  try {
    const sum = filterGradientJob.pack({
      x: g.x,
      dy: g.dy,
      partial,
      partialBytes,
      images: g.images,
      chunkImages,
      splits,
      blockImages,
      blockRows,
      filterRows: g.filter[0],
      filterColumns: g.filter[1],
      inputs: g.inputs,
      outputs: g.outputs,
      height: g.height,
      width: g.width,
      outRows: g.outHeight,
      outColumns: g.outWidth,
      rowStride: g.strides[0],
      columnStride: g.strides[1],
      top: g.top,
      left: g.left,
    });
    runtime.run("filterGradient", sum, chunks * splits);
    const rows = cells * g.inputs;
    const rowsATask = Math.max(Math.ceil(rows / 64), Math.ceil(65_536 / g.outputs));
    const add = addPartialsJob.pack({
      partial,
      partialBytes,
      chunks,
      inputs: g.inputs,
      outputs: g.outputs,
      result,
      rows,
      rowsATask,
    });
    runtime.run("addPartials", add, Math.ceil(rows / rowsATask));
  } finally {
    runtime.release(partial);
  }
}

/** Rows and columns of pixels that `count` rows can be taken as: the gradient's inner loop runs over the columns. */
export function asPixels(count: number): [number, number] {
  for (let columns = Math.min(64, count); columns > 1; columns--)
    if (count % columns === 0) return [count / columns, columns];
  return [count, 1];
}
