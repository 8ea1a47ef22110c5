/**
 * What reading data of CIFAR's size costs: preparing it once, opening it in every trial, a shuffled batch, augmentation.
 * Processor time of this process, so that other work on the machine matters less. Usage: node test/bench/data.ts [rows]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { rngForKey } from "../../src/core/rng.ts";
import type { DataSpec } from "../../src/core/study/definition.ts";
import { loadDataset, type Dataset } from "../../src/trainers/tfjs/data/dataset.ts";

const rows = Number(process.argv[2] ?? 50_000);
const batch = 1024;
const folder = mkdtempSync(path.join(tmpdir(), "basin-bench-data-"));
const rng = rngForKey("bench-data");

function milliseconds(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1000;
}

function say(what: string, ms: number): void {
  process.stdout.write(`${what.padEnd(44)} ${ms.toFixed(1).padStart(8)} ms\n`);
}

/** Processor time of one call, over many. */
function each(calls: number, work: () => void): number {
  work();
  const start = milliseconds();
  for (let i = 0; i < calls; i++) work();
  return (milliseconds() - start) / calls;
}

try {
  const record = Buffer.alloc(3073);
  const files = Buffer.concat(
    Array.from({ length: rows }, (_, i) => {
      for (let at = 1; at < record.length; at += 61) record[at] = rng.int(256);
      record[0] = i % 10;
      return Buffer.from(record);
    }),
  );
  writeFileSync(path.join(folder, "data_batch_1.bin"), files);
  const spec: DataSpec = {
    cifar10: ".",
    validation: 0.1,
    standardize: true,
    task: "classification",
    augment: { flip: true, crop: 4, padding: "zero" },
  };
  const load = async (what: string): Promise<Dataset> => {
    const start = milliseconds();
    const dataset = await loadDataset(spec, folder, 1, { cacheFolder: path.join(folder, "cache"), memoryLimit: 0 });
    say(what, milliseconds() - start);
    return dataset;
  };
  await load(`prepare ${rows} images of 32 x 32 x 3`);
  const { train } = await load("open and fit the scaling");
  const { augment, features } = train;
  if (features instanceof Float32Array || augment === undefined) throw new Error("The data is in memory.");
  const out = new Float32Array(batch * 3072);
  const shuffled = (): Int32Array => Int32Array.from({ length: batch }, () => rng.int(train.rows));
  const inOrder = Int32Array.from({ length: batch }, (_, i) => i);
  say(
    `a shuffled batch of ${batch}`,
    each(20, () => features.gather(shuffled(), out)),
  );
  say(
    `a batch of ${batch} in order`,
    each(20, () => features.gather(inOrder, out)),
  );
  say(
    `augmenting a batch of ${batch}`,
    each(20, () => augment(out, batch, rng)),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
