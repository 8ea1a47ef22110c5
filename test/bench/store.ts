/**
 * Storage: CPU per trial with 5 parameters, without and with 20 reports, and opening and reading 100,000 trials.
 * Bar (BENCHMARKS.md 3): <= 0.5 ms, <= 1 ms, <= 1 s. Usage: node test/bench/store.ts [--json FILE]
 * The life of a trial is what the engine does: suggested, started, process known, reports in four batches, finished
 * (synced to the disk), process gone.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { rngForKey } from "../../src/core/rng.ts";
import { openSqliteStore, type SqliteStore } from "../../src/storage/sqliteStore.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "basin-bench-store-"));
const rng = rngForKey("bench/store");
const params = () => ({
  depth: 1 + rng.int(4),
  width: 16 + rng.int(500),
  learningRate: 10 ** (-5 + 5 * rng.next()),
  optimizer: rng.choice(["sgd", "adam"]),
  momentum: rng.next(),
});

function live(store: SqliteStore, studyId: number, reports: number): void {
  const { number } = store.addTrial(studyId, params(), "l/g = 2.1 among 24 candidates", 1);
  store.startTrial(studyId, number, { slot: number % 2, marker: `basin-0123456789abcdef-${number}-1`, at: 2 });
  store.setTrialProcess(studyId, number, { pid: 4711, placement: "wasm, 1 thread" });
  const size = reports / 4;
  for (let batch = 0; batch < (size > 0 ? 4 : 0); batch++) {
    store.addReports(
      studyId,
      number,
      Array.from({ length: size }, (_, i) => ({
        step: batch * size + i + 1,
        metric: "val_accuracy",
        value: rng.next(),
        at: 3,
      })),
    );
  }
  const value = rng.next();
  store.finishTrial(studyId, number, {
    state: "complete",
    values: [value],
    metrics: { val_accuracy: value, val_loss: 1 - value },
    reason: "",
    at: 4,
    processLeft: true,
  });
  store.clearTrialProcess(studyId, number);
}

function cpuPerTrial(reports: number, trials: number): { cpuMs: number; wallMs: number } {
  const store = openSqliteStore({ file: path.join(folder, `cpu-${reports}.db`) });
  const { id } = store.createStudy({
    name: "b",
    path: "/b",
    text: "",
    format: "yaml",
    createdAt: 0,
    objective: "val_accuracy",
  });
  for (let i = 0; i < 200; i++) live(store, id, reports);
  const cpu = process.cpuUsage();
  const wall = performance.now();
  for (let i = 0; i < trials; i++) live(store, id, reports);
  const used = process.cpuUsage(cpu);
  const result = { cpuMs: (used.user + used.system) / 1000 / trials, wallMs: (performance.now() - wall) / trials };
  store.close();
  return result;
}

/** 100,000 trials written in few transactions, then opened and read in pages as the engine does. */
function openLarge(count: number): { openMs: number; longestPageMs: number } {
  const file = path.join(folder, "large.db");
  const store = openSqliteStore({ file });
  const { id } = store.createStudy({
    name: "b",
    path: "/b",
    text: "",
    format: "yaml",
    createdAt: 0,
    objective: "val_accuracy",
  });
  for (let i = 0; i < count; i++) live(store, id, 0);
  store.close();
  const begin = performance.now();
  const reader = openSqliteStore({ file });
  let longest = 0;
  let read = 0;
  while (read < count) {
    const page = performance.now();
    read += reader.trials(id, read, 1000).length;
    longest = Math.max(longest, performance.now() - page);
  }
  const openMs = performance.now() - begin;
  reader.close();
  return { openMs, longestPageMs: longest };
}

try {
  const only = process.argv.includes("--quick");
  const plain = cpuPerTrial(0, 2000);
  const reported = cpuPerTrial(20, 2000);
  const large = openLarge(only ? 10_000 : 100_000);
  const rows = [
    { measure: "CPU ms per trial, 5 parameters", value: plain.cpuMs, bar: 0.5 },
    { measure: "CPU ms per trial, with 20 reports", value: reported.cpuMs, bar: 1 },
    { measure: "wall ms per trial, 5 parameters", value: plain.wallMs, bar: Number.NaN },
    { measure: "wall ms per trial, with 20 reports", value: reported.wallMs, bar: Number.NaN },
    { measure: "ms to open and read 100,000 trials", value: large.openMs, bar: 1000 },
    { measure: "ms of the longest page of 1,000", value: large.longestPageMs, bar: 50 },
  ];
  console.table(rows.map((row) => ({ ...row, value: Number(row.value.toFixed(3)) })));
  const out = process.argv.indexOf("--json");
  if (out > 0) writeFileSync(process.argv[out + 1] ?? "store.json", JSON.stringify(rows, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
