/**
 * The plain JavaScript back end: slow, dependency-free and exactly reproducible. The reference the other back ends are tested against.
 */
import type { KernelBackend } from "@tensorflow/tfjs-core";
import type { Tensor } from "../tf.ts";
import type { Backend, LoadedBackend } from "./backend.ts";
import { bundledTf } from "./bundledTf.ts";

interface CpuBackend extends KernelBackend {
  firstUse: boolean;
  readonly data: { get(dataId: object): { readonly values: Float32Array } };
}

export const cpuBackend: Backend = {
  name: "cpu",
  threaded: false,
  async load(): Promise<LoadedBackend> {
    const tf = await bundledTf();
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    await tf.ready();
    // Its first use would otherwise print an advertisement for another package.
    (tf.backend() as CpuBackend).firstUse = false;
    return {
      tf,
      name: "cpu",
      device: "CPU, JavaScript",
      threads: 1,
      activationBudget: 1024 ** 3,
      host: {
        view: (tensor: Tensor): Float32Array => {
          const values = (tf.backend() as CpuBackend).data.get(tensor.dataId).values;
          // Integer and boolean tensors keep other array types; training only looks at float32 ones this way.
          return values instanceof Float32Array ? values : Float32Array.from(values);
        },
      },
    };
  },
};
