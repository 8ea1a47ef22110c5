/**
 * TopoHyperDrive on real trainings: random search, TPE, Hyperband and BOHB with and without each variant, in the form of the
 * paper's figure 1: the best validation accuracy by epochs trained, and the test accuracy of the trial that has it.
 * `npm run bench:topohyperdrive -- [--seeds 10] [--tasks digits,shapes] [--keep FILE] [--json FILE] [--svg FILE]`, or
 * `-- --read FILE` to print what `--keep` collected.
 * Invariant: a study is a function of its task, method and seed; budgets are equal in epochs. Random search and Hyperband choose
 * without a model, so no score can change what they try: they are played once, and stand for all variants.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { samplerThreadFile } from "../../src/engine/distFolder.ts";
import { keptRecords } from "./keptRecords.ts";
import { openPlayer, type PlayedStudy } from "./trainings/playStudy.ts";
import { mannWhitney } from "./statistics.ts";
import { figureOf } from "./topohyperdriveFigure.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    tasks: { type: "string", default: "digits,shapes" },
    keep: { type: "string" },
    read: { type: "string" },
    json: { type: "string" },
    svg: { type: "string" },
  },
});
const root = path.resolve(import.meta.dirname, "../..");

interface Task {
  readonly name: string;
  readonly file: string;
  readonly epochs: number;
  /** Full trainings that a study's epochs would suffice for. */
  readonly trainings: number;
  readonly study: string;
}

/** Section 4.3: layers, filters and hidden units are searched; section 4.4: Adam at 0.001, weight decay 1e-6, a plateau schedule. */
const fixed = `
  optimizer: { type: constant, value: adam }
  learningRate: { type: constant, value: 0.001 }
  weightDecay: { type: constant, value: 1e-6 }
  lrSchedule: { type: constant, value: plateau }
  lrDecay: { type: constant, value: 0.1 }
  plateauPatience: { type: constant, value: 5 }`;

const tasks: readonly Task[] = [
  {
    name: "digits",
    file: "examples/digits/digits.csv",
    epochs: 9,
    trainings: 20,
    study: `trainer:
  kind: tfjs
  model: mlp
  backend: wasm
  data: { csv: ./digits.csv, label: target, validation: 0.25, test: 0.25, standardize: true }
  epochs: 9
space:
  depth: { type: int, low: 1, high: 4 }
  width1: { type: int, low: 4, high: 256, log: true }
  width2: { type: int, low: 4, high: 256, log: true }
  width3: { type: int, low: 4, high: 256, log: true }
  width4: { type: int, low: 4, high: 256, log: true }
  batchSize: { type: constant, value: 64 }${fixed}
`,
  },
  {
    name: "shapes",
    file: "examples/shapes/shapes.csv",
    epochs: 9,
    trainings: 14,
    study: `trainer:
  kind: tfjs
  model: vgg
  backend: wasm
  data: { csv: ./shapes.csv, label: shape, image: [12, 12, 1], validation: 0.25, test: 0.25, standardize: true, subset: 1200 }
  epochs: 9
space:
  blocks: { type: int, low: 1, high: 2 }
  layers1: { type: int, low: 1, high: 2 }
  layers2: { type: int, low: 1, high: 2 }
  filters1: { type: int, low: 4, high: 16, log: true }
  filters2: { type: int, low: 4, high: 24, log: true }
  denseUnits: { type: int, low: 8, high: 96, log: true }
  batchSize: { type: constant, value: 64 }${fixed}
`,
  },
];

interface Method {
  readonly name: string;
  readonly search: string;
  /** Of `diagnostics.rtd`. */
  readonly rtd?: string;
}

const searches = [
  ["TPE", "sampler: { kind: tpe, startupTrials: 5 }"],
  ["BOHB", "sampler: bohb\nscheduler: { kind: bohb, eta: 3 }"],
] as const;
const variants = [
  ["noise", "variant: one-to-noise, use: second-objective"],
  ["top performer", "variant: one-to-top-performer, use: second-objective"],
  ["all", "variant: one-to-all, use: second-objective"],
  ["noise alone", "variant: one-to-noise, use: objective"],
] as const;

const methods: readonly Method[] = [
  { name: "random", search: "sampler: random" },
  { name: "Hyperband", search: "sampler: random\nscheduler: { kind: hyperband, eta: 3 }" },
  ...searches.flatMap(([name, search]) => [
    { name, search },
    ...variants
      .filter(([variant]) => variant !== "noise alone" || name === "TPE")
      .map(([variant, rtd]) => ({ name: `${name} + ${variant}`, search, rtd })),
  ]),
];

export interface Run {
  readonly task: string;
  readonly method: string;
  readonly seed: number;
  /** Best validation accuracy after each epoch of the study. */
  readonly best: readonly number[];
  /** Test accuracy of the complete trial with the best validation accuracy. */
  readonly test: number;
  readonly trials: number;
  readonly cpuSeconds: number;
}

function studyOf(task: Task, { search, rtd }: Method, seed: number): string {
  const diagnostics = rtd === undefined ? "" : `diagnostics: { rtd: { samples: 100, ${rtd} } }\n`;
  return `study: topohyperdrive
objective: { metric: val_accuracy, direction: maximize }
${task.study}${search}
budget: { trials: 500, epochs: ${task.epochs * task.trainings}, parallel: 1 }
seed: ${seed}
${diagnostics}`;
}

function runOf(task: Task, method: Method, seed: number, study: PlayedStudy): Run {
  const total = task.epochs * task.trainings;
  const best: number[] = [];
  for (const { value } of study.epochs) best.push(Math.max(best.at(-1) ?? 0, Number.isNaN(value) ? 0 : value));
  while (best.length < total) best.push(best.at(-1) ?? 0);
  const complete = study.trials.filter(({ state }) => state === "complete");
  const winner = complete.toSorted((a, b) => b.values[0]! - a.values[0]! || a.number - b.number)[0];
  return {
    task: task.name,
    method: method.name,
    seed,
    best: best.slice(0, total),
    test: winner?.metrics["test_accuracy"] ?? Number.NaN,
    trials: study.trials.length,
    cpuSeconds: study.trainingCpuSeconds,
  };
}

async function play(): Promise<Run[]> {
  const runs = values.keep === undefined ? [] : keptRecords<Run>(values.keep);
  const wanted = values.tasks.split(",");
  for (const task of tasks.filter(({ name }) => wanted.includes(name))) {
    const player = await openPlayer({ files: [path.join(root, task.file)], samplerThread: samplerThreadFile() });
    // Seed by seed, so that a run that is cut off has all methods of the seeds it has.
    for (let seed = 0; seed < Number(values.seeds); seed++) {
      for (const method of methods) {
        if (runs.some((run) => run.task === task.name && run.method === method.name && run.seed === seed)) continue;
        const run = runOf(task, method, seed, await player.play(studyOf(task, method, seed)));
        runs.push(run);
        if (values.keep !== undefined) appendFileSync(values.keep, `${JSON.stringify(run)}\n`);
        console.error(
          `${task.name} ${method.name} ${seed}: ${run.best.at(-1)?.toFixed(4)}, test ${run.test.toFixed(4)}, ${run.trials} trials, ${run.cpuSeconds.toFixed(1)} s`,
        );
      }
    }
    await player.close();
  }
  return runs;
}

function meanAndError(numbers: readonly number[]): readonly [mean: number, error: number] {
  const own = numbers.filter((value) => !Number.isNaN(value));
  const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1);
  return [mean, Math.sqrt(variance / own.length)];
}

function shown([mean, error]: readonly [number, number]): string {
  return `${mean.toFixed(4)} ± ${error.toFixed(4)}`;
}

function print(runs: readonly Run[]): void {
  for (const task of tasks) {
    const own = runs.filter((run) => run.task === task.name);
    if (own.length === 0) continue;
    const total = task.epochs * task.trainings;
    const marks = [0.1, 0.25, 0.5, 1].map((share) => Math.max(1, Math.round(share * total)));
    const seeds = new Set(own.map(({ seed }) => seed)).size;
    console.log(`\n### ${task.name}: ${total} epochs, ${seeds} seeds\n`);
    console.log(`| method | ${marks.map((mark) => `@${mark}`).join(" | ")} | test | p against without | trials |`);
    console.log(`|---|${marks.map(() => "---").join("|")}|---|---|---|`);
    for (const { name } of methods) {
      const mine = own.filter(({ method }) => method === name);
      const plain = own.filter(({ method }) => method === name.split(" + ")[0]);
      const end = (list: readonly Run[]): number[] => list.map(({ best }) => best.at(-1)!);
      const p = mine === plain || !name.includes(" + ") ? "" : mannWhitney(end(mine), end(plain)).p.toFixed(2);
      const cells = marks.map((mark) => shown(meanAndError(mine.map(({ best }) => best[mark - 1]!))));
      const test = shown(meanAndError(mine.map((run) => run.test)));
      const [trials] = meanAndError(mine.map((run) => run.trials));
      console.log(`| ${name} | ${cells.join(" | ")} | ${test} | ${p} | ${trials.toFixed(0)} |`);
    }
  }
}

const runs = values.read === undefined ? await play() : keptRecords<Run>(values.read);
print(runs);
if (values.json !== undefined) {
  const rounded = runs.map((run) => ({ ...run, best: run.best.map((value) => Number(value.toFixed(4))) }));
  writeFileSync(values.json, `${JSON.stringify(rounded)}\n`);
}
if (values.svg !== undefined) writeFileSync(values.svg, figureOf(runs));
