/**
 * Where the time of a training step goes: wraps every kernel of the back end and adds up its own time, without what it calls.
 */
import type { KernelFunc } from "@tensorflow/tfjs-core";
import type { LoadedBackend } from "../../src/trainers/tfjs/backends/backend.ts";

export interface KernelTime {
  readonly kernel: string;
  readonly ms: number;
  readonly calls: number;
}

export interface KernelClock {
  /** Times since the last call, longest first. */
  take(): KernelTime[];
}

/** Starts the clock. Kernels of the back end are wrapped for the rest of the process; asynchronous work is not seen. */
export function createKernelClock({ tf }: LoadedBackend): KernelClock {
  const name = tf.getBackend();
  const times = new Map<string, { ms: number; calls: number }>();
  const inner: number[] = [];
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend(name)) {
    const timed: KernelFunc = (args) => {
      inner.push(0);
      const started = performance.now();
      try {
        return kernelFunc(args);
      } finally {
        const whole = performance.now() - started;
        const own = whole - inner.pop()!;
        if (inner.length > 0) inner[inner.length - 1]! += whole;
        const entry = times.get(kernelName) ?? { ms: 0, calls: 0 };
        entry.ms += own;
        entry.calls++;
        times.set(kernelName, entry);
      }
    };
    tf.unregisterKernel(kernelName, name);
    tf.registerKernel({ kernelName, backendName: name, kernelFunc: timed });
  }
  return {
    take() {
      const taken = [...times].map(([kernel, entry]) => ({ kernel, ...entry })).sort((a, b) => b.ms - a.ms);
      times.clear();
      return taken;
    },
  };
}
