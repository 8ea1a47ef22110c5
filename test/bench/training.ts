/**
 * How fast training is on this machine's processor, beside plain TensorFlow.js and PyTorch (where PYTHON, or python3, has it),
 * and what the trainer process costs over a bare loop. Prints the tables of docs/benchmarks.md; writes results/training.json.
 * Usage: node test/bench/training.ts [--seconds 5] [--epochs 300] [--only steps|overhead] [--kernels]
 * Processor time is what to compare on a busy machine; wall-clock figures hold only on a quiet one.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { nodeBundle, trainerExternals } from "../../scripts/bundleOptions.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    epochs: { type: "string", default: "300" },
    only: { type: "string" },
    repeats: { type: "string", default: "3" },
    kernels: { type: "boolean", default: false },
  },
});
const root = path.resolve(import.meta.dirname, "../..");
const bundles = path.join(root, "node_modules", ".cache", `basin-bench-${process.pid}`);
const folder = await mkdtemp(path.join(tmpdir(), "basin-bench-"));

interface Ran {
  readonly lines: Record<string, unknown>[];
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Runs a bundle to its end and learns its processor time from inside. */
async function run(bundle: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const usage = path.join(folder, "usage.json");
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ["--require", path.join(folder, "usage.cjs"), path.join(bundles, bundle), ...args],
    {
      env: { ...process.env, ...env, BENCH_USAGE: usage },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  await new Promise((resolve) => child.once("close", resolve));
  const wallMs = performance.now() - started;
  const { user, system } = JSON.parse(await readFile(usage, "utf8")) as { user: number; system: number };
  const lines = text.split("\n").filter((line) => line !== "");
  return {
    lines: lines.map((line) => JSON.parse(line.replace("\u001E", "")) as Record<string, unknown>),
    wallMs,
    cpuMs: (user + system) / 1000,
  };
}

type Line = Record<string, unknown>;

/** What is measured, row by row: what it is called, and the worker's arguments. */
const measured: readonly (readonly [string, readonly string[]])[] = [
  ["trainer, wasm, 1 thread", ["steps", "wasm", "1"]],
  ["trainer, wasm, 2 threads", ["steps", "wasm", "2"]],
  ["plain loop on our wasm, 1 thread", ["raw", "wasm", "1"]],
  ["plain loop on TensorFlow.js's wasm", ["raw", "stock", "1"]],
  ["trainer, tfjs-node, 1 thread", ["steps", "tfjs-node", "1"]],
  ["trainer, tfjs-node, 2 threads", ["steps", "tfjs-node", "2"]],
  ["trainer, cpu (JavaScript)", ["steps", "cpu", "1"]],
];

const columns = ["mlp", "cnn", "cnn-batchnorm", "cnn-dropout"] as const;
/** Floating-point operations of a step of the CNN: two a multiplication, forward and both gradients. */
const cnnGigaflops = 19;

/** "12.3", or with GFLOP/s for the CNN; "-" where it does not run. */
function cell(line: Line | undefined, column: string): string {
  const ms = line?.["wallMs"];
  if (typeof ms !== "number") return "-";
  const digits = ms < 100 ? ms.toFixed(2) : ms.toFixed(0);
  return column === "cnn" ? `${digits} (${((1000 * cnnGigaflops) / ms).toFixed(0)})` : digits;
}

function printRow(name: string, lines: readonly Line[]): void {
  const of = (column: string): Line | undefined => lines.find((line) => line["yardstick"] === column);
  const peak = lines.find((line) => typeof line["sgemm"] === "number")?.["sgemm"] as number | undefined;
  const cells = [...columns.map((column) => cell(of(column), column)), peak === undefined ? "-" : peak.toFixed(0)];
  console.log(`| ${name} | ${cells.join(" | ")} |`);
  for (const line of lines) {
    for (const { kernel, ms, calls } of (line["kernels"] ?? []) as { kernel: string; ms: number; calls: number }[])
      console.error(
        `    ${String(line["yardstick"]).padEnd(14)} ${kernel.padEnd(28)} ${ms.toFixed(0).padStart(8)} ms in ${calls} calls`,
      );
  }
}

/** PyTorch on this processor; no line where Python has none. */
function torch(threads: number): Line[] {
  const script = path.join(root, "test/bench/trainingTorch.py");
  const ran = spawnSync(process.env["PYTHON"] ?? "python3", [script, String(threads), options.seconds], {
    encoding: "utf8",
  });
  if (ran.status !== 0) return [{ error: "this Python has no torch" }];
  return ran.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line)
    .map((line) => ("peak" in line ? { ...line, sgemm: line["peak"] } : line));
}

async function steps(): Promise<Line[]> {
  const all: Line[] = [];
  console.log(
    `Wall-clock milliseconds a step, batch 128, Adam (${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}).\n`,
  );
  console.log("| what runs | MLP | CNN (GFLOP/s) | CNN + batch norm | CNN + dropout | sgemm GFLOP/s |");
  console.log("|---|---|---|---|---|---|");
  const env: Record<string, string> = options.kernels ? { BENCH_KERNELS: "1" } : {};
  for (const [name, args] of measured) {
    const { lines } = await run("worker.cjs", [...args, options.seconds], env);
    printRow(name, lines);
    all.push(...lines.map((line) => ({ what: name, ...line })));
  }
  for (const threads of [1, 2]) {
    const lines = torch(threads);
    const name = `PyTorch, ${threads} thread${threads === 1 ? "" : "s"}`;
    printRow(name, lines);
    all.push(...lines.map((line) => ({ what: name, ...line })));
  }
  const missing = all.filter((line) => "error" in line);
  if (missing.length > 0) console.log("");
  for (const line of missing)
    console.log(
      `- ${String(line["what"])}${"yardstick" in line ? `, ${String(line["yardstick"])}` : ""}: ${String(line["error"]).split("\n")[0]!.slice(0, 160)}`,
    );
  console.log("");
  return all;
}

async function overhead(): Promise<Line[]> {
  const spec = {
    kind: "tfjs",
    model: "mlp",
    data: { csv: "./digits.csv", label: "target", validation: 0.2, test: 0, standardize: true, task: "classification" },
    epochs: Number(options.epochs),
    backend: "wasm",
    threads: 1,
  };
  await writeFile(path.join(folder, "trainer.json"), JSON.stringify(spec));
  await writeFile(
    path.join(folder, "params.json"),
    JSON.stringify({ depth: 2, width1: 256, width2: 128, batchSize: 128, learningRate: 1e-4 }),
  );
  const env = {
    BASIN_TRAINER_FILE: path.join(folder, "trainer.json"),
    BASIN_PARAMS_FILE: path.join(folder, "params.json"),
    BASIN_DATA_ROOT: path.join(root, "examples", "digits"),
    BASIN_SEED: "1",
  };
  const best: Record<string, Ran> = {};
  for (let repeat = 0; repeat < Number(options.repeats); repeat++) {
    for (const mode of ["bare", "inner", "trainer"]) {
      const checkpoints = path.join(folder, `checkpoints-${repeat}`);
      await mkdir(checkpoints, { recursive: true });
      const ran =
        mode === "trainer"
          ? await run("trainer.cjs", [], { ...env, BASIN_CHECKPOINT_DIR: checkpoints })
          : await run("worker.cjs", [mode], env);
      if (best[mode] === undefined || ran.cpuMs < best[mode].cpuMs) best[mode] = ran;
    }
  }
  const share = (a: string, b: string): string => `${(100 * (best[a]!.cpuMs / best[b]!.cpuMs - 1)).toFixed(1)} %`;
  const names: Record<string, string> = {
    bare: "the loop anybody would write with TensorFlow.js, on our kernels",
    inner: "the trainer's own loop, without process, reports and checkpoints",
    trainer: "the trainer process, with reports and checkpoints",
  };
  console.log(
    `The digits network on WebAssembly, ${options.epochs} epochs, one thread, start and end of the process included, least of ${options.repeats}.\n`,
  );
  console.log("| what runs | CPU | wall |\n|---|---|---|");
  for (const [mode, ran] of Object.entries(best))
    console.log(`| ${names[mode]!} | ${(ran.cpuMs / 1000).toFixed(2)} s | ${(ran.wallMs / 1000).toFixed(2)} s |`);
  console.log(
    `\nThe trainer process over the plain loop: ${share("trainer", "bare")} CPU; over its own loop alone: ${share("trainer", "inner")}.`,
  );
  return Object.entries(best).map(([mode, { cpuMs, wallMs }]) => ({ what: names[mode]!, cpuMs, wallMs }));
}

try {
  await writeFile(
    path.join(folder, "usage.cjs"),
    'process.on("exit", () => require("fs").writeFileSync(process.env.BENCH_USAGE, JSON.stringify(process.cpuUsage())));',
  );
  const entries = {
    worker: path.join(root, "test/bench/trainingWorker.ts"),
    trainer: path.join(root, "src/trainers/tfjs/main.ts"),
  };
  await build({
    entryPoints: entries,
    outdir: bundles,
    ...nodeBundle,
    external: [...trainerExternals, "webgpu"],
    logLevel: "error",
  });
  const resultsFile = path.join(root, "test/bench/results/training.json");
  // What is not measured this time stays as it was.
  const earlier = existsSync(resultsFile) ? (JSON.parse(await readFile(resultsFile, "utf8")) as object) : {};
  const results = {
    ...earlier,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "",
    node: process.version,
    load: loadavg()[0]!,
    ...(options.only === "overhead" ? {} : { steps: await steps() }),
    ...(options.only === "steps" ? {} : { overhead: await overhead() }),
  };
  await mkdir(path.dirname(resultsFile), { recursive: true });
  await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  await rm(bundles, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
