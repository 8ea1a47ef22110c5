/**
 * Sample efficiency: every sampler on tables of real trainings and on functions with known minima, Optuna beside them.
 * `npm run bench:samplers -- [--data FOLDER] [--seeds 20] [--first-seed 0] [--trials 100] [--peer python] [--only tpe,random]
 *  [--peers tpe,gp] [--tasks branin,nasbench201_cifar10] [--options '{"multivariate":false}'] [--keep FILE] [--json FILE]
 *  [--workers 2]`, or `-- --read FILE` to print the comparison of runs that `--keep` collected, whoever's seeds they had.
 * --first-seed: settings that were chosen on some seeds are judged on others.
 * --data: the folder of the tables (see its README); without it, functions only. --peer: a Python that has Optuna 5, by default
 * that of .venv-test or python3 if it has it; none leaves Optuna out.
 * --keep: a file of runs, one a line, that grows as they end; what is in it is not played again. The peers' runs do not
 * change with our code, and hours of them need not be repeated; runs of ours belong into one only while the code stands.
 */
import { fork } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { samplers } from "../../../src/samplers/registry.ts";
import { keptRecords, recordsIn } from "../keptRecords.ts";
import { ownContender, optunaContender, type Contender } from "./contenders.ts";
import { findPeer } from "./peer.ts";
import { printReport, type Run } from "./report.ts";
import { functionTasks, tableTasks, tradeOffTasks, type Task } from "./tasks.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    trials: { type: "string", default: "100" },
    seeds: { type: "string", default: "20" },
    "first-seed": { type: "string", default: "0" },
    peer: { type: "string" },
    peers: { type: "string", default: "random,tpe,tpe univariate,gp,cmaes,nsga2,sobol" },
    only: { type: "string" },
    tasks: { type: "string" },
    options: { type: "string", default: "{}" },
    keep: { type: "string" },
    json: { type: "string" },
    workers: { type: "string", default: "1" },
    shard: { type: "string" },
    read: { type: "string" },
  },
});
const trials = Number(values.trials);
const seeds = Number(values.seeds);
const firstSeed = Number(values["first-seed"]);
const lastSeed = firstSeed + seeds - 1;

const keyOf = (run: Pick<Run, "contender" | "task" | "seed">): string => `${run.contender}|${run.task}|${run.seed}`;
/** By who, what and how. */
const kept = new Map<string, Run>();
if (values.keep !== undefined) {
  for (const run of keptRecords<Run>(values.keep)) if (run.regrets.length >= trials) kept.set(keyOf(run), run);
}

async function play(contender: Contender, task: Task, seed: number): Promise<Run> {
  const player = contender.start({ space: task.space, objectives: task.objectives, trials }, seed);
  const evaluate = task.play(seed);
  const regrets: number[] = [];
  let cpuMs = 0;
  for (let number = 0; number < trials; number++) {
    const asked = await player.ask();
    // Nothing left to try: the study ends here and stands as it is.
    if (asked === undefined) {
      regrets.push(regrets.at(-1) ?? Infinity);
      continue;
    }
    cpuMs += asked.cpuMs;
    const { values: told, regret } = evaluate(asked.params);
    player.tell(asked.params, told);
    regrets.push(regret);
  }
  return { contender: contender.name, task: task.name, family: task.family, seed, regrets, cpuMs: cpuMs / trials };
}

const wanted = values.only?.split(",");
const options = JSON.parse(values.options) as Record<string, unknown>;
const peer = values.read === undefined ? findPeer(values.peer) : undefined;
const contenders: Contender[] = [
  ...samplers
    .filter(({ kind }) => wanted === undefined || wanted.includes(kind))
    .map((entry) => ownContender(entry, entry.kind, wanted?.length === 1 ? options : {})),
  ...(peer === undefined ? [] : values.peers.split(",").map((name) => optunaContender(peer, name))),
];
const chosen = values.tasks?.split(",");
const tasks = [
  ...(values.data === undefined ? [] : tableTasks(values.data)),
  ...functionTasks(),
  ...tradeOffTasks(),
].filter(({ name }) => chosen === undefined || chosen.includes(name));

/** One study to play. */
interface Job {
  readonly contender: Contender;
  readonly task: Task;
  readonly seed: number;
}

const jobs: Job[] = contenders.flatMap((contender) =>
  tasks
    .filter((task) => contender.singleObjective !== true || task.objectives === 1)
    .flatMap((task) => Array.from({ length: seeds }, (_, k) => ({ contender, task, seed: firstSeed + k }))),
);
const workers = Number(values.workers);
const [shard, shards] = (values.shard ?? "0/1").split("/").map(Number) as [number, number];
const runs: Run[] = [];
const finish = (run: Run): void => {
  runs.push(run);
  const known = kept.has(keyOf(run));
  if (!known && values.keep !== undefined) appendFileSync(values.keep, `${JSON.stringify(run)}\n`);
};

/** Every `shards`-th job, told to the parent. */
async function work(): Promise<void> {
  for (const [index, { contender, task, seed }] of jobs.entries()) {
    if (index % shards !== shard || kept.has(keyOf({ contender: contender.name, task: task.name, seed }))) continue;
    process.send!(await play(contender, task, seed));
  }
}

/** Shares the jobs among processes of this script. */
async function lead(): Promise<void> {
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const args = [...process.argv.slice(2), "--shard", `${index}/${workers}`];
      const child = fork(import.meta.filename, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      child.on("message", (run: Run) => {
        finish(run);
        if (run.seed === lastSeed) process.stderr.write(`${run.contender}: ${run.task}\n`);
      });
      const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
      if (status !== 0) throw new Error(`A worker ended with status ${status}; its error is above.`);
    }),
  );
}

if (values.read !== undefined) {
  printReport(recordsIn<Run>(readFileSync(values.read, "utf8")), trials);
} else if (values.shard !== undefined) {
  await work();
} else {
  for (const { contender, task, seed } of jobs) {
    const known = kept.get(keyOf({ contender: contender.name, task: task.name, seed }));
    if (known !== undefined) finish(known);
    else if (workers === 1) finish(await play(contender, task, seed));
    if (workers === 1 && seed === lastSeed) process.stderr.write(`${contender.name}: ${task.name}\n`);
  }
  if (workers > 1) await lead();
  const order = contenders.map(({ name }) => name);
  runs.sort((a, b) => order.indexOf(a.contender) - order.indexOf(b.contender));
  printReport(runs, trials);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ trials, seeds, runs })}\n`);
}
for (const contender of contenders) contender.close();
// A worker's channel to its parent would keep it waiting.
process.disconnect?.();
