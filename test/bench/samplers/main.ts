/**
 * Sample efficiency: every sampler on tables of real trainings and on functions with known minima, Optuna beside them.
 * `npm run bench:samplers -- [--data FOLDER] [--seeds 20] [--trials 100] [--peer python] [--only tpe,random]
 *  [--peers tpe,gp] [--tasks branin,nasbench201_cifar10] [--options '{"multivariate":false}'] [--json FILE]`
 * --data: the folder of the tables (see its README); without it, functions only. --peer: a Python that has Optuna 5.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { samplers } from "../../../src/samplers/registry.ts";
import { ownContender, optunaContender, type Contender } from "./contenders.ts";
import { printReport, type Run } from "./report.ts";
import { functionTasks, tableTasks, type Task } from "./tasks.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    trials: { type: "string", default: "100" },
    seeds: { type: "string", default: "20" },
    peer: { type: "string" },
    peers: { type: "string", default: "random,tpe,tpe univariate,gp,cmaes,nsga2,sobol" },
    only: { type: "string" },
    tasks: { type: "string" },
    options: { type: "string", default: "{}" },
    json: { type: "string" },
  },
});
const trials = Number(values.trials);
const seeds = Number(values.seeds);

/** GP samplers of the peer take minutes a run: fewer seeds for them, as the published comparison has. */
const seedsOf = (contender: Contender): number => (contender.name === "Optuna gp" ? Math.min(seeds, 3) : seeds);

async function play(contender: Contender, task: Task, seed: number): Promise<Run> {
  const player = contender.start(task.space, seed, trials);
  const regrets: number[] = [];
  let best = Infinity;
  let cpuMs = 0;
  for (let number = 0; number < trials; number++) {
    const asked = await player.ask();
    if (asked !== undefined) {
      cpuMs += asked.cpuMs;
      const value = task.evaluate(asked.params);
      player.tell(asked.params, value);
      best = Math.min(best, value);
    }
    regrets.push(task.regret(best));
  }
  return { contender: contender.name, task: task.name, family: task.family, seed, regrets, cpuMs: cpuMs / trials };
}

const wanted = values.only?.split(",");
const options = JSON.parse(values.options) as Record<string, unknown>;
const contenders: Contender[] = [
  ...samplers
    .filter(({ kind }) => wanted === undefined || wanted.includes(kind))
    .map((entry) => ownContender(entry, entry.kind, wanted?.length === 1 ? options : {})),
  ...(values.peer === undefined ? [] : values.peers.split(",").map((name) => optunaContender(values.peer!, name))),
];
const chosen = values.tasks?.split(",");
const tasks = [...(values.data === undefined ? [] : tableTasks(values.data)), ...functionTasks()].filter(
  ({ name }) => chosen === undefined || chosen.includes(name),
);

const runs: Run[] = [];
for (const contender of contenders) {
  for (const task of tasks) {
    for (let seed = 0; seed < seedsOf(contender); seed++) runs.push(await play(contender, task, seed));
    process.stderr.write(`${contender.name}: ${task.name}\n`);
  }
  contender.close();
}
printReport(runs, trials);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ trials, seeds, runs })}\n`);
