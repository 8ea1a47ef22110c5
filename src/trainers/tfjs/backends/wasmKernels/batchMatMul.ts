/**
 * Matrix products, plain, transposed and batched, with bias and activation or without. Upstream has a scalar loop for
 * transposed operands; here A^T B is summed as it lies, and B^T is turned while it is packed.
 */
import type { NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { activate, isRelu } from "./activation.ts";
import { callUpstream, product, type KernelContext, type WasmKernel } from "./kernel.ts";
import { asPixels, filterGradient, multiplyWindows, rowsOf } from "./simd/products.ts";

interface Attributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Number of the matrix of an operand that belongs to matrix `index` of the result, whose outer dimensions are `outer`. */
function matrixAt(own: readonly number[], outer: readonly number[], index: number): number {
  let rest = index;
  let at = 0;
  let step = 1;
  for (let i = 1; i <= outer.length; i++) {
    const size = outer[outer.length - i]!;
    const ownSize = i <= own.length ? own[own.length - i]! : 1;
    if (ownSize > 1) at += step * (rest % size);
    step *= ownSize;
    rest = Math.floor(rest / size);
  }
  return at;
}

function multiply(
  { tf, simd, make, values, address, run, free }: KernelContext,
  a: TensorInfo,
  b: TensorInfo,
  bias: TensorInfo | undefined,
  { transposeA, transposeB }: Attributes,
  relu: boolean,
): TensorInfo {
  const [outerA, outerB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const outer = tf.broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, depth] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [depthB, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (depth !== depthB)
    throw new Error(
      `The matrices [${a.shape.join(", ")}]${transposeA ? " transposed" : ""} and [${b.shape.join(", ")}]${transposeB ? " transposed" : ""} do not fit together.`,
    );
  const result = make([...outer, m, n]);
  const matrices = product(outer);
  if (matrices * m * n === 0) return result;
  if (depth === 0) {
    values(result).fill(0);
    return result;
  }
  // A^T B is summed in place; with a transposed B, or a bias, A is turned first.
  const inPlace = transposeA && !transposeB && bias === undefined && !relu;
  let left = a;
  if (transposeA && !inPlace) {
    const axes = a.shape.map((_, i) => i);
    left = run("Transpose", { x: a }, { perm: [...axes.slice(0, -2), a.shape.length - 1, a.shape.length - 2] });
  }
  for (let i = 0; i < matrices; i++) {
    const x = address(left) + 4 * m * depth * matrixAt(outerA, outer, i);
    const y = address(b) + 4 * depth * n * matrixAt(outerB, outer, i);
    const to = address(result) + 4 * m * n * i;
    if (inPlace) {
      const [height, width] = asPixels(depth);
      const size = { images: 1, height, width, inputs: m, outHeight: height, outWidth: width, outputs: n };
      filterGradient(simd, { x, dy: y, ...size, filter: [1, 1], strides: [1, 1], top: 0, left: 0 }, to);
    } else {
      const right = {
        address: y,
        segments: 1,
        segmentLength: depth,
        segmentStep: 0,
        depthStep: transposeB ? 1 : n,
        columnStep: transposeB ? depth : 1,
        columns: n,
        bias: bias === undefined ? 0 : address(bias),
      };
      multiplyWindows(simd, rowsOf(x, m, depth), right, to, relu);
    }
  }
  if (left !== a) free(left);
  return result;
}

const float = ({ a, b }: NamedTensorInfoMap): boolean => a!.dtype === "float32" && b!.dtype === "float32";

export const batchMatMul: WasmKernel = {
  name: "BatchMatMul",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo =>
      float(inputs)
        ? multiply(context, inputs["a"]!, inputs["b"]!, undefined, attrs as unknown as Attributes, false)
        : callUpstream(context, upstream, inputs, attrs),
};

export const fusedMatMul: WasmKernel = {
  name: "_FusedMatMul",
  make:
    (context, upstream) =>
    (inputs, attrs: NamedAttrMap): TensorInfo => {
      const attributes = attrs as unknown as Attributes;
      const bias = inputs["bias"];
      const b = inputs["b"]!;
      const columns = b.shape.at(attributes.transposeB ? -2 : -1);
      const plainBias = bias === undefined || (product(bias.shape) === columns && bias.dtype === "float32");
      if (!plainBias || !float(inputs)) return callUpstream(context, upstream, inputs, attrs);
      return activate(context, multiply(context, inputs["a"]!, b, bias, attributes, isRelu(attrs)), inputs, attrs);
    },
};
