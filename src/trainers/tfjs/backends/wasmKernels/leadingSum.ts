/**
 * Sum and Mean over all leading axes (gradients of biases, moments of batch norm): upstream transposes the whole tensor first.
 * Here one pass over the rows does.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { sumRows } from "./columnSums.ts";
import { callUpstream, product, type KernelContext, type WasmKernel } from "./kernel.ts";

function reduceLeading(
  context: KernelContext,
  x: TensorInfo,
  attrs: NamedAttrMap,
  mean: boolean,
): TensorInfo | undefined {
  const { tf, values, make, address } = context;
  const { axis, keepDims } = attrs as unknown as { axis: number | number[]; keepDims?: boolean };
  const axes = [...tf.util.parseAxisParam(axis, x.shape)].sort((a, b) => a - b);
  const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((a, i) => a === i);
  if (!leading || x.dtype !== "float32") return undefined;
  const rows = product(x.shape.slice(0, axes.length));
  const kept = x.shape.slice(axes.length);
  const columns = product(kept);
  if (rows === 0 || columns === 0) return undefined;
  const result = make(keepDims === true ? [...axes.map(() => 1), ...kept] : kept);
  const sums = sumRows(context, { address: address(x), rows, columns });
  const out = values(result);
  const scale = mean ? 1 / rows : 1;
  for (let j = 0; j < columns; j++) out[j] = sums[j]! * scale;
  return result;
}

export const leadingSum: WasmKernel = {
  name: "Sum",
  make: (context, upstream) => (inputs, attrs) =>
    reduceLeading(context, inputs["x"]!, attrs, false) ?? callUpstream(context, upstream, inputs, attrs),
};

export const leadingMean: WasmKernel = {
  name: "Mean",
  make: (context, upstream) => (inputs, attrs) =>
    reduceLeading(context, inputs["x"]!, attrs, true) ?? callUpstream(context, upstream, inputs, attrs),
};
