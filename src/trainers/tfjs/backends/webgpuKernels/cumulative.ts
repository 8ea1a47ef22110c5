/**
 * Cumulative sums and products from behind, or without their own cell. Upstream writes the length of the axis into the
 * shader, but finds compiled shaders by rank only, and so computes a second length with the first one's shader.
 */
import type { NamedAttrMap, NamedTensorInfoMap } from "@tensorflow/tfjs-core";
import type { TensorInfo } from "../../tf.ts";
import type { KernelContext, WebgpuKernel } from "./kernel.ts";

interface PipelineCache {
  readonly pipelineCache: Record<string, unknown>;
}

function fresh(name: "Cumsum" | "Cumprod"): WebgpuKernel {
  return {
    name,
    make: ({ backend }: KernelContext, upstream) => {
      let length = -1;
      return (inputs: NamedTensorInfoMap, attrs: NamedAttrMap): TensorInfo => {
        const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean };
        const { shape } = inputs["x"]!;
        const wanted = shape[(axis + shape.length) % shape.length] ?? 1;
        if ((exclusive || reverse) && wanted !== length) {
          const { pipelineCache } = backend as unknown as PipelineCache;
          for (const key of Object.keys(pipelineCache)) if (key.startsWith("cum_")) delete pipelineCache[key];
          length = wanted;
        }
        return upstream(inputs, attrs);
      };
    },
  };
}

export const cumulativeSum = fresh("Cumsum");
export const cumulativeProduct = fresh("Cumprod");
