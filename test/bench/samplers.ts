/**
 * Sample efficiency on synthetic functions: `node test/bench/samplers.ts [--trials 100] [--seeds 20] [--peer python]`.
 * Mean log10 of the simple regret (floored at 1e-9) after 25, 50 and all trials. With --peer (a Python that has Optuna 5)
 * Optuna's TPE runs beside ours on the same functions.
 */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";
import { rngFor } from "../../src/core/rng.ts";
import type { FinishedTrial } from "../../src/core/trial.ts";
import { samplerStream } from "../../src/samplers/sampler.ts";
import { samplers } from "../../src/samplers/registry.ts";
import { functions, type TestFunction } from "./functions.ts";

interface Run {
  readonly sampler: string;
  readonly function: string;
  readonly seed: number;
  readonly best: readonly number[];
}

const { values } = parseArgs({
  options: {
    trials: { type: "string", default: "100" },
    seeds: { type: "string", default: "20" },
    peer: { type: "string" },
    only: { type: "string" },
    options: { type: "string", default: "{}" },
  },
});
const trials = Number(values.trials);
const seeds = Number(values.seeds);

async function run(kind: string, target: TestFunction, seed: number): Promise<Run> {
  const entry = samplers.find((candidate) => candidate.kind === kind)!;
  const options = JSON.parse(values.options) as Record<string, unknown>;
  const sampler = entry.create(
    {
      space: target.space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      budgetTrials: trials,
      parallel: 1,
      rng: samplerStream(seed),
    },
    kind === "random" ? {} : options,
  );
  const history: FinishedTrial[] = [];
  const best: number[] = [];
  for (let number = 0; number < trials; number++) {
    const { params } = await sampler.suggest({ history, pending: [], number, rng: rngFor(seed, number, "suggest") });
    const value = target.evaluate(params);
    history.push({ number, state: "complete", params, values: [value] });
    best.push(Math.min(value, best.at(-1) ?? Infinity));
  }
  return { sampler: kind, function: target.name, seed, best };
}

const runs: Run[] = [];
for (const entry of samplers) {
  if (values.only !== undefined && entry.kind !== values.only) continue;
  for (const target of functions)
    for (let seed = 0; seed < seeds; seed++) runs.push(await run(entry.kind, target, seed));
}
if (values.peer !== undefined) {
  const script = path.join(import.meta.dirname, "peers", "optuna_peer.py");
  const out = execFileSync(values.peer, [script, String(trials), String(seeds)], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  for (const line of out.split("\n")) if (line.startsWith("{")) runs.push(JSON.parse(line) as Run);
}

const rows = [];
for (const target of functions) {
  for (const sampler of new Set(runs.map((entry) => entry.sampler))) {
    const own = runs.filter((entry) => entry.function === target.name && entry.sampler === sampler);
    const regret = (at: number): string => {
      const logs = own.map((entry) =>
        Math.log10(Math.max(1e-9, entry.best[Math.min(at, trials) - 1]! - target.minimum)),
      );
      const mean = logs.reduce((a, b) => a + b, 0) / logs.length;
      const spread = Math.sqrt(
        logs.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, logs.length - 1) / logs.length,
      );
      return `${mean.toFixed(2)} +- ${spread.toFixed(2)}`;
    };
    rows.push({ function: target.name, sampler, "@25": regret(25), "@50": regret(50), [`@${trials}`]: regret(trials) });
  }
}
console.table(rows);
