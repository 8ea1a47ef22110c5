/**
 * What measuring sharpness costs a trial: `npm run bench:sharpness`. Trainings of 30 epochs on examples/digits with the
 * default diagnostics, and the share of their time that the diagnostics take, for small and large networks.
 * Invariant: the diagnostics are timed inside the training they belong to, in processor time, and the median of many counts,
 * so that what else the machine does cancels; some trainings before are not counted, as in a process that serves trials.
 */
import path from "node:path";
import { estimatorIds, diagnosticsSchema, type Diagnostics } from "../../src/core/study/diagnostics.ts";
import { selectBackend } from "../../src/trainers/tfjs/backends/select.ts";
import { loadDataset } from "../../src/trainers/tfjs/data/dataset.ts";
import { resolveHyperparameters } from "../../src/trainers/tfjs/hyperparameters.ts";
import { createModel } from "../../src/trainers/tfjs/models/create.ts";
import { createTrialDiagnostics } from "../../src/trainers/tfjs/sharpness/trialDiagnostics.ts";
import { train } from "../../src/trainers/tfjs/training/loop.ts";
import { trainingRandomness } from "../../src/trainers/tfjs/training/randomness.ts";

const root = path.resolve(import.meta.dirname, "../../examples/digits");
const data = {
  csv: "./digits.csv",
  label: "target",
  validation: 0.2,
  test: 0.2,
  standardize: true,
  task: "classification",
} as const;
const epochs = 30;
const configurations = [
  { depth: 1, width: 16, batchSize: 256 },
  { depth: 1, width: 128, batchSize: 32 },
  { depth: 2, width: 128, batchSize: 64 },
  { depth: 1, width: 512, batchSize: 64 },
];

const dataset = await loadDataset(data, root, 7, { cacheFolder: "" });
const backend = await selectBackend("auto", { threads: 1, dense: true }, () => undefined);

const cpuMs = (): number => {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
};

/** Milliseconds of the whole training, and of the diagnostics in it. */
async function timed(params: Readonly<Record<string, number>>, asked: Diagnostics): Promise<[number, number]> {
  const hyperparameters = resolveHyperparameters(params, "mlp");
  const random = trainingRandomness(1);
  random.setStep(0);
  const request = { model: "mlp", root, params, hyperparameters, dataset, random, epochs, seed: 1 };
  const trainable = await createModel(backend.tf, request);
  const diagnostics = createTrialDiagnostics({
    asked,
    backend,
    trainable,
    dataset,
    splitSeed: 7,
    batchSize: Number(params["batchSize"]),
    send: () => undefined,
    log: (message) => console.log(message),
  });
  let spent = 0;
  const started = cpuMs();
  await train(
    {
      backend,
      trainable,
      dataset,
      hyperparameters,
      random,
      epochs,
      diagnostics: {
        async at(moment) {
          const from = cpuMs();
          const found = await diagnostics.at(moment);
          spent += cpuMs() - from;
          return found;
        },
      },
    },
    {
      report: () => undefined,
      alive: () => undefined,
      checkpoint: () => undefined,
      log: () => undefined,
      stopping: false,
      takeCheckpointRequest: () => false,
      breathe: () => Promise.resolve(),
    },
  );
  const whole = cpuMs() - started;
  trainable.model.dispose();
  return [whole, spent];
}

const defaults = diagnosticsSchema.parse({ sharpness: {} }) as Diagnostics;
const { sharpness } = defaults;
if (sharpness === undefined) throw new Error("The defaults measure nothing.");
console.log(`${backend.name}, ${epochs} epochs, defaults: ${sharpness.estimators.join(", ")}`);

const counted = 15;
const uncounted = 3;

/** The median of the counted trainings. */
async function report(label: string, params: Readonly<Record<string, number>>, asked: Diagnostics): Promise<void> {
  const runs: { readonly share: number; readonly text: string }[] = [];
  for (let i = 0; i < uncounted; i++) await timed(params, asked);
  for (let i = 0; i < counted; i++) {
    const [whole, spent] = await timed(params, asked);
    const share = spent / (whole - spent);
    const text = `${(whole - spent).toFixed(0)} ms + ${spent.toFixed(1)} ms = ${(100 * share).toFixed(2)}%`;
    runs.push({ share, text });
  }
  runs.sort((a, b) => a.share - b.share);
  const shares = runs.map(({ share }) => `${(100 * share).toFixed(1)}%`);
  console.log(`${label}: ${runs[(counted - 1) / 2]?.text ?? ""} (${shares[0] ?? ""} to ${shares.at(-1) ?? ""})`);
}

for (const params of configurations) await report(JSON.stringify(params), params, defaults);
if (process.argv.includes("--each"))
  for (const id of estimatorIds)
    await report(id, configurations[1] ?? {}, { sharpness: { ...sharpness, estimators: [id] } });
