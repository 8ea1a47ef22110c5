/**
 * Kernels that need no copy: upstream copies for Identity, and for a Cast to the type that a tensor already has.
 */
import type { DataType } from "@tensorflow/tfjs-core";
import { callUpstream, type WasmKernel } from "./kernel.ts";

export const identity: WasmKernel = {
  name: "Identity",
  make:
    ({ share }) =>
    (inputs) =>
      share(inputs["x"]!),
};

export const cast: WasmKernel = {
  name: "Cast",
  make: (context, upstream) => (inputs, attrs) => {
    const x = inputs["x"]!;
    const { dtype } = attrs as unknown as { dtype: DataType };
    return x.dtype === dtype ? context.share(x) : callUpstream(context, upstream, inputs, attrs);
  },
};
