/**
 * The loop that anybody would write with TensorFlow.js, on its own WebAssembly back end as it comes, or on one of ours: the same
 * yardsticks, data and steps as the trainer's, timed alike.
 */
import { bundledTf } from "../../src/trainers/tfjs/backends/bundledTf.ts";
import { wasmFile } from "../../src/trainers/tfjs/backends/distFiles.ts";
import { buildModel } from "../../src/trainers/tfjs/models/build.ts";
import type { Tensor, Tf } from "../../src/trainers/tfjs/tf.ts";
import { trainingRandomness } from "../../src/trainers/tfjs/training/randomness.ts";
import { yardstickBatch, type Yardstick } from "../../src/trainers/tfjs/yardstickAnswer.ts";
import { allFeatures } from "../../src/trainers/tfjs/data/dataset.ts";
import { describeYardstick, syntheticPart, type StepTime } from "../../src/trainers/tfjs/yardsticks.ts";

/** TensorFlow.js on its WebAssembly back end, nothing of ours in it. */
export async function stockWasm(): Promise<Tf> {
  const tf = await bundledTf();
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  const names = [
    "tfjs-backend-wasm.wasm",
    "tfjs-backend-wasm-simd.wasm",
    "tfjs-backend-wasm-threaded-simd.wasm",
  ] as const;
  wasm.setWasmPaths(Object.fromEntries(names.map((name) => [name, wasmFile(name, "dist")])));
  await tf.setBackend("wasm");
  await tf.ready();
  return tf;
}

/** @throws what TensorFlow.js throws, where it cannot train the yardstick */
export async function rawStepTime(tf: Tf, name: Yardstick, seconds: number): Promise<StepTime> {
  const description = describeYardstick(name);
  const model = buildModel(tf, description, trainingRandomness(1));
  const part = syntheticPart(description.inputShape, 2 * yardstickBatch);
  const features = tf.tensor(allFeatures(part), [part.rows, ...description.inputShape]);
  const labels = tf.tidy(() => tf.oneHot(tf.tensor1d(Int32Array.from(part.targets), "int32"), 10));
  const optimizer = tf.train.adam(1e-4);
  const times: number[] = [];
  const step = async (): Promise<void> => {
    const started = performance.now();
    const loss = tf.tidy(() => {
      const rows = tf.range(0, yardstickBatch, 1, "int32");
      const [x, y] = [tf.gather(features, rows), tf.gather(labels, rows)];
      return optimizer.minimize(() => {
        const logits = model.apply(x, { training: true }) as Tensor;
        return tf.mean(tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, y), 1)));
      }, true)!;
    });
    await loss.data();
    loss.dispose();
    times.push(performance.now() - started);
  };
  const run = async (until: number, least: number, most: number): Promise<void> => {
    for (let n = 0; n < least || (n < most && performance.now() < until); n++) await step();
  };
  await run(performance.now() + 500 * seconds, 1, 10);
  times.length = 0;
  const before = process.cpuUsage();
  await run(performance.now() + 1000 * seconds, 3, Number.POSITIVE_INFINITY);
  const used = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return {
    wallMs: times[times.length >> 1]!,
    cpuMs: (used.user + used.system) / 1000 / times.length,
    steps: times.length,
  };
}
