/**
 * CPU per suggestion against the length of the history, for every registered sampler: `npm run bench:overhead`.
 * Prints a table; `--json FILE` writes it, `--only tpe,gp` measures these alone. Bars with 10 parameters: TPE 1 ms at 1,000
 * trials and 10 ms at 10,000, the Gaussian process 20 ms at 100 and 100 ms at 500.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { BasinError } from "../../../src/core/errors.ts";
import { rngFor } from "../../../src/core/rng.ts";
import { uniformParams } from "../../../src/core/space/configuration.ts";
import type { Space } from "../../../src/core/space/parameter.ts";
import type { FinishedTrial } from "../../../src/core/trial.ts";
import type { SamplerEntry } from "../../../src/samplers/entry.ts";
import { samplerStream } from "../../../src/samplers/sampler.ts";
import { samplers } from "../../../src/samplers/registry.ts";

const spaces: Record<string, Space> = {
  "10 floats": Array.from({ length: 10 }, (_, k) => ({
    name: `x${k}`,
    type: "float",
    low: 0,
    high: 1,
    log: false,
  })),
  "10 mixed": [
    { name: "lr", type: "float", low: 1e-5, high: 1, log: true },
    { name: "decay", type: "float", low: 1e-8, high: 1e-2, log: true },
    { name: "dropout", type: "float", low: 0, high: 0.8, log: false },
    { name: "momentum", type: "float", low: 0, high: 1, log: false, step: 0.01 },
    { name: "width", type: "int", low: 16, high: 1024, log: true },
    { name: "layers", type: "int", low: 1, high: 8, log: false },
    { name: "batch", type: "int", low: 16, high: 512, log: false, step: 16 },
    { name: "warmup", type: "int", low: 0, high: 1000, log: false },
    { name: "optimizer", type: "categorical", choices: ["sgd", "adam", "rmsprop"] },
    { name: "bias", type: "categorical", choices: [true, false] },
  ],
};

interface Row {
  readonly sampler: string;
  readonly space: string;
  readonly trials: number;
  /** CPU of the first suggestion of a fresh instance (a resumed study), ms. */
  readonly firstMs: number;
  /** CPU of a later one, the new trial's intake included, ms. */
  readonly msPerSuggestion: number;
}

async function measure(entry: SamplerEntry, label: string, trials: number, repeats: number): Promise<Row> {
  const space = spaces[label]!;
  const history: FinishedTrial[] = [];
  const add = (number: number): void => {
    const params = uniformParams(space, rngFor(0, number, "bench"));
    history.push({ number, state: "complete", params, values: [rngFor(0, number, "value").next()] });
  };
  for (let number = 0; number < trials; number++) add(number);
  const sampler = entry.create(
    {
      space,
      objectives: [{ metric: "loss", direction: "minimize" }],
      isFeasible: () => true,
      parallel: 1,
      rng: samplerStream(0),
    },
    {},
  );
  const suggest = (): unknown =>
    sampler.suggest({ history, pending: [], number: history.length, rng: rngFor(0, history.length, "suggest") });
  const cpu = (): number => process.threadCpuUsage().user / 1000;
  const start = cpu();
  await suggest();
  const first = cpu() - start;
  const from = cpu();
  for (let k = 0; k < repeats; k++) {
    add(history.length);
    await suggest();
  }
  return {
    sampler: entry.kind,
    space: label,
    trials,
    firstMs: Number(first.toFixed(2)),
    msPerSuggestion: Number(((cpu() - from) / repeats).toFixed(3)),
  };
}

const { values } = parseArgs({ options: { json: { type: "string" }, only: { type: "string" } } });
const wanted = values.only?.split(",");
const rows: Row[] = [];
for (const entry of samplers) {
  if (wanted !== undefined && !wanted.includes(entry.kind)) continue;
  // Heavy ones take so long that a few say enough.
  const repeats = entry.heavy === true ? 20 : 100;
  for (const label of Object.keys(spaces)) {
    try {
      // A study of this length has long been compiled.
      await measure(entry, label, 500, 3 * repeats);
    } catch (error) {
      // A grid of ten parameters has millions of points.
      if (!(error instanceof BasinError) || error.code !== "invalid-study") throw error;
      process.stderr.write(`${entry.kind}: ${label}: refused: ${error.message}\n`);
      continue;
    }
    for (const trials of [100, 500, 1000, 10_000]) rows.push(await measure(entry, label, trials, repeats));
    process.stderr.write(`${entry.kind}: ${label}\n`);
  }
}
console.table(rows);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(rows, undefined, 2));
