/**
 * One measurement on one back end, in a process of its own (see trainingGpu.ts): <back end> <yardstick> <batch> <seconds>.
 * Prints one JSON line. On WebGPU, BENCH_KERNELS=1 adds what each kind of shader takes, where the device can tell.
 */
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import { cpus } from "node:os";
import type { BackendName, LoadedBackend } from "../../src/trainers/tfjs/backends/backend.ts";
import { backendNamed, loadTried } from "../../src/trainers/tfjs/backends/select.ts";
import { buildModel } from "../../src/trainers/tfjs/models/build.ts";
import { trainingRandomness } from "../../src/trainers/tfjs/training/randomness.ts";
import { describeYardstick, stepTime, trainingFlops } from "../../src/trainers/tfjs/yardsticks.ts";

/** More threads than this do not pay for batches of a thousand. */
const mostThreads = 16;

type Yardstick = Parameters<typeof describeYardstick>[0];

interface KernelTime {
  readonly kernel: string;
  readonly dispatches: number;
  readonly ms: number;
}

/** Milliseconds of each kind of shader over `work`, most expensive first. The device is stopped at each, so no sum of it is a step. */
async function kernelTimes(backend: LoadedBackend, work: () => Promise<unknown>): Promise<KernelTime[]> {
  const device = backend.tf.backend() as unknown as WebGPUBackend;
  const run = device.runWebGPUProgram.bind(device);
  const pending: { readonly kernel: string; readonly info: Promise<unknown> }[] = [];
  device.runWebGPUProgram = (program, ...rest) => {
    let output: ReturnType<typeof run> | undefined;
    const info = device.time(() => (output = run(program, ...rest)));
    pending.push({ kernel: program.shaderKey.split("_")[0]!, info });
    return output!;
  };
  try {
    await work();
  } finally {
    device.runWebGPUProgram = run;
  }
  const sums = new Map<string, { dispatches: number; ms: number }>();
  for (const { kernel, info } of pending) {
    const { kernelMs } = (await info) as { readonly kernelMs: number };
    const sum = sums.get(kernel) ?? { dispatches: 0, ms: 0 };
    sums.set(kernel, { dispatches: sum.dispatches + 1, ms: sum.ms + kernelMs });
  }
  return [...sums].map(([kernel, sum]) => ({ kernel, ...sum })).sort((a, b) => b.ms - a.ms);
}

async function measure(name: BackendName, yardstick: Yardstick, batch: number, seconds: number): Promise<object> {
  const backend = await loadTried(backendNamed(name), { threads: Math.min(mostThreads, cpus().length) });
  const model = buildModel(backend.tf, describeYardstick(yardstick), trainingRandomness(1));
  const flops = trainingFlops(model, batch);
  model.dispose();
  const time = await stepTime(backend, yardstick, seconds, batch);
  const wanted = process.env["BENCH_KERNELS"] === "1" && name === "webgpu";
  const kernels = wanted ? await kernelTimes(backend, () => stepTime(backend, yardstick, 0, batch)) : undefined;
  return {
    device: backend.device,
    threads: backend.threads,
    stepMs: time.wallMs,
    cpuMs: time.cpuMs,
    steps: time.steps,
    gigaflops: flops / time.wallMs / 1e6,
    ...(kernels === undefined ? {} : { kernels }),
  };
}

const [name, yardstick, batch, seconds] = process.argv.slice(2);
void measure(name as BackendName, yardstick as Yardstick, Number(batch), Number(seconds))
  .catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }))
  .then((result) => process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0)));
