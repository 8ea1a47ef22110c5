/**
 * FGHPO on real trainings in the protocol of its paper: four tables of scikit-learn, the paper's space of perceptrons, against
 * random search, TPE, TuRBO, HEBO and BOHB. `npm run bench:fghpo -- [--seeds 20] [--data wine,iris] [--keep FILE] [--json FILE]`;
 * an interrupted run goes on from `--keep`, and `-- --read FILE` prints what it holds.
 * Invariant: a study is a function of its data, method and seed. Random search and FGHPO draw the same configurations with the
 * same seed and train them alike, so random search at FGHPO's cost is the beginning of random search.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { samplerThreadFile } from "../../src/engine/distFolder.ts";
import { keptRecords } from "./keptRecords.ts";
import { reportOf, summaryOf } from "./fghpoReport.ts";
import type { Run, TrialRecord } from "./fghpoRun.ts";
import { openPlayer, type PlayedStudy, type PlayedTrial } from "./trainings/playStudy.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    data: { type: "string", default: "iris,wine,breast-cancer,digits" },
    keep: { type: "string" },
    read: { type: "string" },
    json: { type: "string" },
    backend: { type: "string", default: "wasm" },
  },
});
const root = path.resolve(import.meta.dirname, "../..");

const configurations = 50;
const epochs = 10;
/** Repeats in which the whole network's top eigenvalue is measured after one epoch. */
const spectra = 1;

interface Data {
  readonly name: string;
  readonly file: string;
  /** Rows that are used; all by default. */
  readonly rows?: number;
  /** Rows that are trained on: no batch is larger. */
  readonly largestBatch: number;
}

const data: readonly Data[] = [
  { name: "iris", file: "examples/fghpo/iris.csv", largestBatch: 60 },
  { name: "wine", file: "examples/fghpo/wine.csv", largestBatch: 70 },
  { name: "breast-cancer", file: "examples/fghpo/breast-cancer.csv", largestBatch: 226 },
  { name: "digits", file: "examples/digits/digits.csv", rows: 450, largestBatch: 178 },
];

interface Method {
  readonly name: Run["method"];
  readonly study: string;
}

const whole = `budget: { trials: ${configurations}, parallel: 1 }`;
const at = (estimators: string): string => `diagnostics: { sharpness: { estimators: [${estimators}] } }`;

/** More measures than FGHPO needs, for the correlations: all of them share one pass over the probe. */
const methods: readonly Method[] = [
  { name: "random", study: `sampler: random\n${whole}` },
  { name: "FGHPO", study: `scheduler: { kind: fghpo }\n${whole}\n${at("exact-frobenius, exact-trace, rms")}` },
  {
    name: "FGHPO paper",
    study: `scheduler: { kind: fghpo, preset: paper }\n${whole}\n${at("penultimate, theorem1, product, rms")}`,
  },
  { name: "TPE", study: `sampler: tpe\n${whole}` },
  { name: "TuRBO", study: `sampler: turbo\n${whole}` },
  { name: "HEBO", study: `sampler: hebo\n${whole}` },
  {
    name: "BOHB",
    study: `scheduler: { kind: bohb }\nbudget: { trials: 5000, epochs: ${configurations * epochs}, parallel: 1 }`,
  },
  { name: "spectrum", study: `sampler: random\n${whole}\n${at("top-eigenvalue")}` },
];

const firstMethods: ReadonlySet<string> = new Set(["random", "FGHPO", "FGHPO paper"]);
/** Those that draw the same configurations. */
const ownMethods: ReadonlySet<string> = new Set([...firstMethods, "spectrum"]);

/** Table 3 of the paper, with layers of at most 128 units. Four tenths are trained on, and as many are the last check. */
function studyOf({ file, largestBatch, rows }: Data, { name, study }: Method, seed: number): string {
  const subset = rows === undefined ? "" : `, subset: ${rows}`;
  return `study: fghpo
objective: { metric: val_accuracy, direction: maximize }
trainer:
  kind: tfjs
  model: mlp
  backend: ${values.backend}
  data: { csv: ./${path.basename(file)}, label: target, validation: 0.2, test: 0.4, standardize: true${subset} }
  epochs: ${name === "spectrum" ? 1 : epochs}
space:
  depth: { type: int, low: 1, high: 4 }
  width: { type: int, low: 16, high: 128, log: true }
  batchSize: { type: int, low: 4, high: ${largestBatch}, log: true }
  learningRate: { type: float, low: 1e-5, high: 1, log: true }
${study}
seed: ${seed}
`;
}

function recordOf({ curves, metrics, number, state, reason }: PlayedTrial): TrialRecord {
  const first: Record<string, number> = {};
  for (const { metric, steps, values: reported } of curves) {
    const i = [...steps].indexOf(1);
    if (i < 0 || !(metric.startsWith("sharpness.") || ["loss", "baseline_loss", "val_loss"].includes(metric))) continue;
    first[metric] = Number(reported[i]!.toPrecision(6));
  }
  const end = (name: string): number => metrics[name] ?? Number.NaN;
  return {
    number,
    first,
    ...(reason.startsWith("gate") ? { gated: true } : {}),
    ...(state === "complete"
      ? {
          validation: end("val_accuracy"),
          validationLoss: Number(end("val_loss").toPrecision(6)),
          test: end("test_accuracy"),
        }
      : {}),
  };
}

/** The complete trial with the best validation accuracy; of equal ones that with the least validation loss. */
function runOf({ name }: Data, method: Method, seed: number, study: PlayedStudy, cpuSeconds: number): Run {
  const keepsTrials = ownMethods.has(method.name);
  const trials = study.trials.map(recordOf);
  const [winner] = trials
    .filter(({ validation }) => validation !== undefined)
    .toSorted((a, b) => b.validation! - a.validation! || a.validationLoss! - b.validationLoss! || a.number - b.number);
  return {
    data: name,
    method: method.name,
    seed,
    test: winner?.test ?? Number.NaN,
    validation: winner?.validation ?? Number.NaN,
    winner: winner?.number ?? -1,
    epochs: study.epochs.length,
    complete: trials.filter(({ validation }) => validation !== undefined).length,
    trainingCpuSeconds: Number(study.trainingCpuSeconds.toFixed(3)),
    cpuSeconds: Number(cpuSeconds.toFixed(3)),
    ...(keepsTrials ? { trials } : {}),
  };
}

async function play(): Promise<Run[]> {
  const runs = values.keep === undefined ? [] : keptRecords<Run>(values.keep);
  const wanted = data.filter(({ name }) => values.data.split(",").includes(name));
  const files = wanted.map(({ file }) => path.join(root, file));
  const player = await openPlayer({ files, samplerThread: samplerThreadFile() });
  // Seed by seed, so that a run that is cut off has everything of the seeds it has; what FGHPO is taken apart by comes first.
  const seeds = Array.from({ length: Number(values.seeds) }, (_, seed) => seed);
  const stages = [true, false].flatMap((own) =>
    seeds.map((seed) => ({ seed, due: methods.filter(({ name }) => firstMethods.has(name) === own) })),
  );
  for (const { due, seed } of stages) {
    for (const one of wanted) {
      for (const method of due) {
        if (method.name === "spectrum" && seed >= spectra) continue;
        if (runs.some((run) => run.data === one.name && run.method === method.name && run.seed === seed)) continue;
        const before = process.cpuUsage();
        const study = await player.play(studyOf(one, method, seed));
        const { user, system } = process.cpuUsage(before);
        const run = runOf(one, method, seed, study, (user + system) / 1e6);
        runs.push(run);
        if (values.keep !== undefined) appendFileSync(values.keep, `${JSON.stringify(run)}\n`);
        console.error(
          `${one.name} ${method.name} ${seed}: test ${run.test.toFixed(4)}, ${run.epochs} epochs, ${run.complete} complete, ${run.trainingCpuSeconds.toFixed(1)} of ${run.cpuSeconds.toFixed(1)} s`,
        );
      }
    }
  }
  await player.close();
  return runs;
}

const runs = values.read === undefined ? await play() : keptRecords<Run>(values.read);
const summary = summaryOf(runs);
console.log(reportOf(summary));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summary, undefined, 1)}\n`);
