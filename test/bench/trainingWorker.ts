/**
 * One measurement of training, in a process of its own (see training.ts): `steps` or `raw` (a plain loop)
 * <backend> <threads> <seconds>, `bare` (a plain loop over the digits) or `inner` (the trainer's loop without process, protocol and checkpoints). Prints JSON lines.
 */
import { readFile } from "node:fs/promises";
import type { TfjsTrainerSpec } from "../../src/core/study/definition.ts";
import type { Params } from "../../src/core/space/parameter.ts";
import type { BackendName, LoadedBackend } from "../../src/trainers/tfjs/backends/backend.ts";
import { backendNamed } from "../../src/trainers/tfjs/backends/select.ts";
import { loadDataset, type Dataset } from "../../src/trainers/tfjs/data/dataset.ts";
import { resolveHyperparameters } from "../../src/trainers/tfjs/hyperparameters.ts";
import { buildModel } from "../../src/trainers/tfjs/models/build.ts";
import { describeMlp } from "../../src/trainers/tfjs/models/mlp.ts";
import type { Tensor, Tf } from "../../src/trainers/tfjs/tf.ts";
import { train } from "../../src/trainers/tfjs/training/loop.ts";
import { trainingRandomness } from "../../src/trainers/tfjs/training/randomness.ts";
import { yardsticks } from "../../src/trainers/tfjs/yardstickAnswer.ts";
import { stepTime } from "../../src/trainers/tfjs/yardsticks.ts";
import { createKernelClock } from "./trainingProfile.ts";
import { rawStepTime, stockWasm } from "./trainingRaw.ts";

const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

async function readJob(): Promise<{ spec: TfjsTrainerSpec; params: Params; dataset: Dataset; backend: LoadedBackend }> {
  const env = process.env;
  const spec = JSON.parse(await readFile(env["BASIN_TRAINER_FILE"]!, "utf8")) as TfjsTrainerSpec;
  const params = JSON.parse(await readFile(env["BASIN_PARAMS_FILE"]!, "utf8")) as Params;
  const dataset = await loadDataset(spec.data, env["BASIN_DATA_ROOT"]!, 0);
  const backend = await backendNamed(spec.backend as BackendName).load({ threads: 1 });
  return { spec, params, dataset, backend };
}

/** The loop that anybody would write with TensorFlow.js: the same model, data, steps and evaluations. */
async function bare(): Promise<void> {
  const { spec, params, dataset, backend } = await readJob();
  const { tf } = backend;
  const h = resolveHyperparameters(params, "mlp");
  const random = trainingRandomness(1);
  const model = buildModel(tf, describeMlp(h, dataset.inputShape, dataset.outputs), random);
  const optimizer = tf.train.adam(h.learningRate, h.beta1, h.beta2, h.epsilon);
  const part = (data: Dataset["train"]) => ({
    x: tf.tensor2d(data.features as Float32Array, [data.rows, dataset.inputShape[0]!]),
    y: tf.oneHot(tf.tensor1d(Int32Array.from(data.targets), "int32"), dataset.outputs),
  });
  const [training, validation] = [part(dataset.train), part(dataset.validation)];
  const score = (x: Tensor, y: Tensor, training: boolean): { loss: Tensor; logits: Tensor } => {
    const logits = model.apply(x, { training }) as Tensor;
    return { loss: tf.mean(tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, y), 1))), logits };
  };
  const hits = (logits: Tensor, y: Tensor): Tensor =>
    tf.sum(tf.cast(tf.equal(tf.argMax(logits, 1), tf.argMax(y, 1)), "int32"));
  let last = 0;
  for (let epoch = 0; epoch < spec.epochs; epoch++) {
    const order = random.order(epoch, dataset.train.rows);
    let correct = 0;
    for (let from = 0; from < order.length; from += h.batchSize) {
      tf.tidy(() => {
        const rows = tf.tensor1d(order.subarray(from, Math.min(order.length, from + h.batchSize)), "int32");
        const [x, y] = [tf.gather(training.x, rows), tf.gather(training.y, rows)];
        let logits: Tensor | undefined;
        const { value, grads } = tf.variableGrads(() => {
          const result = score(x, y, true);
          logits = tf.keep(tf.clone(result.logits));
          return result.loss as ReturnType<typeof tf.scalar>;
        });
        optimizer.applyGradients(grads as Parameters<typeof optimizer.applyGradients>[0]);
        value.dataSync();
        correct += hits(logits!, y).dataSync()[0]!;
        logits!.dispose();
      });
    }
    tf.tidy(() => {
      const { loss, logits } = score(validation.x, validation.y, false);
      loss.dataSync();
      last = hits(logits, validation.y).dataSync()[0]! / dataset.validation.rows;
    });
  }
  say({ valAccuracy: last });
}

async function inner(): Promise<void> {
  const { spec, params, dataset, backend } = await readJob();
  const hyperparameters = resolveHyperparameters(params, "mlp");
  const random = trainingRandomness(1);
  const model = buildModel(backend.tf, describeMlp(hyperparameters, dataset.inputShape, dataset.outputs), random);
  const nothing = (): void => undefined;
  const end = await train(
    { backend, trainable: { model, output: "logits" }, dataset, hyperparameters, random, epochs: spec.epochs },
    {
      report: nothing,
      alive: nothing,
      checkpoint: nothing,
      log: nothing,
      stopping: false,
      takeCheckpointRequest: () => false,
      breathe: () => Promise.resolve(),
    },
  );
  say({ valAccuracy: end.kind === "done" ? end.metrics["val_accuracy"] : Number.NaN });
}

/** Each yardstick by the trainer's step, or by the loop anybody would write; `stock` is TensorFlow.js as it comes. */
async function steps(name: string, threads: number, seconds: number, raw: boolean): Promise<void> {
  const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  try {
    const stock = name === "stock" ? await stockWasm() : undefined;
    const backend = stock === undefined ? await backendNamed(name as BackendName).load({ threads }) : undefined;
    const tf = stock ?? backend!.tf;
    const used = backend?.threads ?? 1;
    say({ backend: name, threads: used, sgemm: await sgemm(tf) });
    const clock =
      process.env["BENCH_KERNELS"] === "1" && backend !== undefined ? createKernelClock(backend) : undefined;
    for (const yardstick of yardsticks) {
      // Minutes a step tell nothing.
      if (name === "cpu" && yardstick !== "mlp") continue;
      const of = { backend: name, threads: used, yardstick };
      try {
        clock?.take();
        const time =
          raw || backend === undefined
            ? await rawStepTime(tf, yardstick, seconds)
            : await stepTime(backend, yardstick, seconds);
        const kernels = clock?.take().slice(0, 12);
        say({ ...of, ...time, ...(kernels === undefined ? {} : { kernels }) });
      } catch (error) {
        say({ ...of, error: text(error) });
      }
    }
  } catch (error) {
    say({ backend: name, threads, error: text(error) });
  }
}

/** GFLOP/s of the best of a few products of 1024 x 1024 matrices. */
async function sgemm(tf: Tf): Promise<number> {
  const size = 1024;
  const a = tf.randomNormal([size, size], 0, 1, "float32", 1);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const started = performance.now();
    const product = tf.matMul(a, a);
    await product.data();
    product.dispose();
    best = Math.min(best, performance.now() - started);
  }
  a.dispose();
  return (2 * size ** 3) / best / 1e6;
}

const [mode, name, threads, seconds] = process.argv.slice(2);
const work =
  mode === "steps" || mode === "raw"
    ? steps(name!, Number(threads), Number(seconds), mode === "raw")
    : mode === "bare"
      ? bare()
      : inner();
void work.then(() => process.exit(0));
