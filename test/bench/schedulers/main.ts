/**
 * Real trainings under every scheduler, with learning rate and momentum searched, tuned online, or fixed.
 * `npm run bench:schedulers -- [--seeds 5] [--first-seed 1] [--tasks digits,shapes] [--only random,asha] [--arms searched,online]
 *  [--keep FILE] [--json FILE] [--workers 2]`, or `-- --read FILE` to print the comparison of runs that `--keep` collected.
 * Every study gets the same number of epochs, over all its trials; a copy of another trial is charged its own epochs only.
 * --keep: a file of runs, one a line, that grows as they end; what is in it is not played again. Seeds are the outermost loop, so
 * a run that is broken off is a comparison of fewer seeds.
 */
import { fork } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { openPlayer, type StudyPlayer } from "../trainings/playStudy.ts";
import { type Arm, arms, budgetOf, type Method, methods, studyOf, type Task, tasks } from "./contenders.ts";
import { printReport } from "./report.ts";
import { improvementsOf, jsonOf, type Run, runsOf } from "./runs.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    "first-seed": { type: "string", default: "1" },
    tasks: { type: "string" },
    only: { type: "string" },
    arms: { type: "string", default: "searched,online" },
    keep: { type: "string" },
    json: { type: "string" },
    workers: { type: "string", default: "1" },
    shard: { type: "string" },
    read: { type: "string" },
  },
});

interface Job {
  readonly task: Task;
  readonly method: Method;
  readonly arm: Arm;
  readonly seed: number;
}

const chosen = <T extends { readonly name: string }>(all: readonly T[], names: string | undefined): readonly T[] =>
  names === undefined ? all : all.filter(({ name }) => names.split(",").includes(name));
const wantedArms = arms.filter((arm) => values.arms.split(",").includes(arm));
const jobs: Job[] = Array.from({ length: Number(values.seeds) }, (_, k) => Number(values["first-seed"]) + k).flatMap(
  (seed) =>
    chosen(tasks, values.tasks).flatMap((task) =>
      chosen(methods, values.only).flatMap((method) => wantedArms.map((arm) => ({ task, method, arm, seed }))),
    ),
);

const keyOf = (run: Pick<Run, "task" | "method" | "arm" | "seed">): string =>
  [run.task, run.method, run.arm, run.seed].join("|");
const keyOfJob = ({ task, method, arm, seed }: Job): string =>
  keyOf({ task: task.name, method: method.name, arm, seed });

const players = new Map<Task, StudyPlayer>();

/** A player whose data and back end are loaded, so that no study is charged for that. */
async function playerOf(task: Task): Promise<StudyPlayer> {
  const known = players.get(task);
  if (known !== undefined) return known;
  const samplerThread = path.resolve(import.meta.dirname, "../../../dist/sampler.cjs");
  const player = await openPlayer({ files: [task.file], samplerThread });
  players.set(task, player);
  await player.play(studyOf(task, methods[0]!, "fixed", 0, 1));
  return player;
}

async function play({ task, method, arm, seed }: Job): Promise<Run> {
  const player = await playerOf(task);
  const begun = process.cpuUsage();
  const { epochs, trials, reason } = await player.play(studyOf(task, method, arm, seed), budgetOf(task));
  const { user, system } = process.cpuUsage(begun);
  if (epochs.length < budgetOf(task))
    throw new Error(`${method.name} ended after ${epochs.length} epochs of ${task.name}: ${reason}`);
  const complete = trials.filter(({ state }) => state === "complete");
  const best = complete.toSorted((a, b) => b.values[0]! - a.values[0]!).at(0);
  return {
    task: task.name,
    method: method.name,
    arm,
    seed,
    epochs: epochs.length,
    improvements: improvementsOf(epochs.map(({ value }) => value)),
    trials: trials.length,
    complete: complete.length,
    ...(best === undefined ? {} : { test: best.metrics["test_accuracy"]! }),
    cpuSeconds: (user + system) / 1e6,
  };
}

const kept = new Map<string, Run>();
if (values.keep !== undefined && existsSync(values.keep))
  for (const run of runsOf(readFileSync(values.keep, "utf8"))) kept.set(keyOf(run), run);

function finish(run: Run): void {
  kept.set(keyOf(run), run);
  if (values.keep !== undefined) appendFileSync(values.keep, `${JSON.stringify(run)}\n`);
  const best = run.improvements.at(-1)?.[1] ?? Number.NaN;
  const line = [run.task, run.method, run.arm, `seed ${run.seed}`, best.toFixed(4), `${run.cpuSeconds.toFixed(1)} s`];
  process.stderr.write(`${line.join("  ")}\n`);
}

/** Shares the jobs among processes of this script. */
async function lead(workers: number): Promise<void> {
  await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const args = [...process.argv.slice(2), "--shard", `${index}/${workers}`];
      const child = fork(import.meta.filename, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
      child.on("message", (run: Run) => finish(run));
      const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
      if (status !== 0) throw new Error(`A worker ended with status ${status}; its error is above.`);
    }),
  );
}

/** Plays every `shards`-th open job. */
async function work(shard: number, shards: number, done: (run: Run) => void): Promise<void> {
  for (const [index, job] of jobs.entries())
    if (index % shards === shard && !kept.has(keyOfJob(job))) done(await play(job));
  for (const player of players.values()) await player.close();
}

function tell(runs: readonly Run[]): void {
  printReport(runs);
  if (values.json !== undefined) writeFileSync(values.json, jsonOf(runs));
}

const workers = Number(values.workers);
if (values.read !== undefined) {
  tell(runsOf(readFileSync(values.read, "utf8")));
} else if (values.shard !== undefined) {
  const [shard, shards] = values.shard.split("/").map(Number) as [number, number];
  await work(shard, shards, (run) => process.send!(run));
  process.disconnect();
} else {
  if (workers > 1) await lead(workers);
  else await work(0, 1, finish);
  tell(jobs.flatMap((job) => kept.get(keyOfJob(job)) ?? []));
}
