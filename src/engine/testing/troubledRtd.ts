/**
 * A thread of topology with trouble on demand: before it loads an embedding it looks for files in BASIN_TEST_TROUBLE.
 * The width of a noise names it: `hang-w` computes while that file is there, `crash-w` ends the thread (and is removed: it
 * happens once), `deadly-w` always does. Each load adds a line to the file `loaded`.
 */
import { appendFileSync, existsSync, rmSync } from "node:fs";
import path from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import type { RtdThreadData } from "../diagnostics/rtdMessages.ts";
import { loadEmbedding, serveRtd } from "../diagnostics/serveRtd.ts";

const folder = process.env["BASIN_TEST_TROUBLE"] ?? "";

serveRtd(parentPort!, workerData as RtdThreadData, (source) => {
  const name = source.kind === "noise" ? String(source.width) : source.kind;
  const trouble = (kind: string): string => path.join(folder, `${kind}-${name}`);
  appendFileSync(path.join(folder, "loaded"), `${name}\n`);
  if (existsSync(trouble("deadly"))) process.exit(7);
  if (existsSync(trouble("crash"))) {
    rmSync(trouble("crash"));
    process.exit(7);
  }
  while (existsSync(trouble("hang")));
  return loadEmbedding(source);
});
