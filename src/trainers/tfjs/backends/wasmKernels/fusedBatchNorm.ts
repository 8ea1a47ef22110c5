/**
 * Batch normalisation with given statistics. One value a channel: a single pass. Statistics along other axes: upstream takes
 * them one after the other, whatever their shape, so they are composed of operations that broadcast.
 */
import type { NamedAttrMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import { columnLines } from "./columnSums.ts";
import { callUpstream, product, type KernelContext, type WasmKernel } from "./kernel.ts";

interface Inputs {
  readonly x: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly offset?: TensorInfo;
  readonly scale?: TensorInfo;
}

function perChannel(context: KernelContext, { x, mean, variance, offset, scale }: Inputs, epsilon: number): TensorInfo {
  const { make, values, address } = context;
  const result = make(x.shape);
  const columns = x.shape.at(-1)!;
  const factor = scale === undefined ? undefined : values(scale);
  const a = Float64Array.from(values(variance), (v, i) => (factor?.[i] ?? 1) / Math.sqrt(v + epsilon));
  const b = offset === undefined ? new Float32Array(columns) : values(offset).slice();
  const matrix = { address: address(x), rows: product(x.shape.slice(0, -1)), columns };
  columnLines(context, matrix, 0, { shift: values(mean).slice(), a, b }, address(result));
  return result;
}

function composed({ run, free, make, values }: KernelContext, inputs: Inputs, epsilon: number): TensorInfo {
  const { x, mean, variance, offset, scale } = inputs;
  const small = make([]);
  values(small)[0] = epsilon;
  const sum = run("Add", { a: variance, b: small });
  const inverse = run("Rsqrt", { x: sum });
  const centred = run("Sub", { a: x, b: mean });
  let result = run("Multiply", { a: centred, b: inverse });
  free(small, sum, inverse, centred);
  for (const [name, b] of [
    ["Multiply", scale],
    ["Add", offset],
  ] as const) {
    if (b === undefined) continue;
    const next = run(name, { a: result, b });
    free(result);
    result = next;
  }
  return result;
}

export const fusedBatchNorm: WasmKernel = {
  name: "FusedBatchNorm",
  make: (context, upstream) => (inputs, attrs: NamedAttrMap) => {
    const given = inputs as unknown as Inputs;
    const { varianceEpsilon } = attrs as unknown as { varianceEpsilon: number };
    const { x } = given;
    const statistics = [given.mean, given.variance, given.offset, given.scale].filter((t) => t !== undefined);
    const channels = x.shape.at(-1);
    if (x.dtype !== "float32" || x.shape.length < 2 || x.shape.includes(0))
      return callUpstream(context, upstream, inputs, attrs);
    const alongLast = statistics.every((t) => product(t.shape) === channels && t.shape.at(-1) === channels);
    return alongLast ? perChannel(context, given, varianceEpsilon) : composed(context, given, varianceEpsilon);
  },
};
