/**
 * Engine: CPU per trial with 20 reports through an executor without processes (sampler, store, columns, notifications
 * included), and the longest stop of the event loop while 100,000 trials are opened and pulled by a client over the socket.
 * Bar: <= 1 ms, <= 50 ms. Usage: node test/bench/engine.ts [--json FILE]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { ensureBasinFolder } from "../../src/client/workspaceFiles.ts";
import { startEngine } from "../../src/engine/engine.ts";
import { silentLog } from "../../src/engine/log.ts";
import { createFakeExecutor, curve } from "../../src/engine/testing/fakeExecutor.ts";
import { studyText } from "../../src/engine/testing/engineFixture.ts";
import { generateStudy } from "../../src/storage/testing/generateStudy.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "basin-bench-engine-"));

/** CPU milliseconds per trial of a whole study. */
async function perTrial(trials: number, reports: number, parallel: number): Promise<number> {
  const workspace = path.join(folder, `run-${reports}-${parallel}`);
  const place = mkdtempSync(`${workspace}-`);
  const values = Array.from({ length: Math.max(1, reports) }, (_, i) => 1 / (i + 1));
  const executor = createFakeExecutor((job) =>
    reports === 0 ? [{ type: "done", metrics: { loss: Number(job.params["x"]) } }] : curve("loss", values),
  );
  const engine = await startEngine({ workspace: place, foreground: true, executor, log: silentLog });
  const ended = new Promise<void>((resolve) => {
    engine.onNotification("study.ended", () => resolve());
  });
  const file = path.join(place, "test.study.yaml");
  const cpu = process.cpuUsage();
  await engine.request("study.start", { path: file, text: studyText({ trials, parallel }), mode: "continue" });
  await ended;
  const used = process.cpuUsage(cpu);
  await engine.close("done");
  return (used.user + used.system) / 1000 / trials;
}

/** Opens a large study through the socket; the client is another thread, so that only the engine's loop is watched. */
async function large(trials: number): Promise<{ openMs: number; columnsMs: number; longestMs: number }> {
  const workspace = mkdtempSync(path.join(folder, "large-"));
  const { database } = ensureBasinFolder(workspace);
  generateStudy({
    file: database,
    name: "large",
    path: path.join(workspace, "large.study.yaml"),
    trials,
    reports: 20,
    reported: 2000,
  });
  const engine = await startEngine({
    workspace,
    foreground: true,
    executor: createFakeExecutor(() => []),
    log: silentLog,
  });
  const client = path.resolve(import.meta.dirname, "../../src/client/engineClient.ts");
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     import(${JSON.stringify(client)}).then(async ({ connectEngine }) => {
       const client = await connectEngine({ workspace: ${JSON.stringify(workspace)}, client: "bench", start: "never" });
       parentPort.postMessage("ready");
       await new Promise((resolve) => parentPort.once("message", resolve));
       const begin = performance.now();
       await client.request("study.list", {});
       const opened = performance.now();
       const columns = await client.request("trial.columns", { studyId: 1 });
       const pulled = performance.now();
       await client.request("trial.rows", { studyId: 1, sort: "best", offset: 0, limit: 200 });
       await client.request("trial.curves", { studyId: 1, metric: "val_accuracy", maxTrials: 2000 });
       parentPort.postMessage({ count: columns.count, openMs: opened - begin, columnsMs: pulled - opened });
       client.dispose();
     });`,
    { eval: true },
  );
  const message = <T>(): Promise<T> =>
    new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  await message();
  delay.enable();
  worker.postMessage("go", []);
  const result = await message<{ count: number; openMs: number; columnsMs: number }>();
  delay.disable();
  await engine.close("done");
  await worker.terminate();
  if (result.count !== trials) throw new Error(`pulled ${result.count} trials`);
  return { openMs: result.openMs, columnsMs: result.columnsMs, longestMs: delay.max / 1e6 };
}

try {
  await perTrial(300, 20, 1); // warm-up
  const plain = await perTrial(2000, 0, 2);
  const reported = await perTrial(2000, 20, 2);
  const opened = await large(100_000);
  const rows = [
    { measure: "CPU ms per trial, no reports", value: plain, bar: Number.NaN },
    { measure: "CPU ms per trial, 20 reports", value: reported, bar: 1 },
    { measure: "ms until 100,000 trials are listed", value: opened.openMs, bar: 1000 },
    { measure: "ms to read them and pull their columns", value: opened.columnsMs, bar: Number.NaN },
    { measure: "ms of the longest stop of the loop", value: opened.longestMs, bar: 50 },
  ];
  console.table(rows.map((row) => ({ ...row, value: Number(row.value.toFixed(3)) })));
  const out = process.argv.indexOf("--json");
  if (out > 0) writeFileSync(process.argv[out + 1] ?? "engine.json", JSON.stringify(rows, null, 2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
