/**
 * How fast training is, and what the trainer process costs over a bare TensorFlow.js loop.
 * Usage: node test/bench/training.ts [--seconds 5] [--epochs 300] [--only steps|overhead]
 * Processor time is what to compare on a busy machine; wall-clock figures hold only on a quiet one.
 */
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    epochs: { type: "string", default: "300" },
    only: { type: "string" },
    repeats: { type: "string", default: "3" },
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

async function steps(): Promise<void> {
  console.log(`Milliseconds a step, batch 128, Adam (${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)})`);
  for (const [backend, threads] of [
    ["wasm", 1],
    ["wasm", 2],
    ["tfjs-node", 1],
    ["tfjs-node-gpu", 1],
    ["cpu", 1],
  ] as const) {
    const { lines } = await run("worker.cjs", ["steps", backend, String(threads), options.seconds], {});
    for (const line of lines) {
      const figures =
        "error" in line
          ? String(line["error"])
          : `${String(line["yardstick"]).padEnd(14)} wall ${(line["wallMs"] as number).toFixed(2).padStart(9)}  cpu ${(line["cpuMs"] as number).toFixed(2).padStart(9)}  (${String(line["steps"])} steps)`;
      console.log(`  ${backend} x${threads}`.padEnd(18), figures);
    }
  }
}

async function overhead(): Promise<void> {
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
  const share = (a: string, b: string): string => `${(100 * (best[a]!.cpuMs / best[b]!.cpuMs - 1)).toFixed(1)}%`;
  console.log(
    `MLP 64-256-128-10 on digits, ${options.epochs} epochs, start and end of the process included; least of ${options.repeats}:`,
  );
  for (const [mode, ran] of Object.entries(best))
    console.log(`  ${mode.padEnd(8)} cpu ${(ran.cpuMs / 1000).toFixed(2)} s, wall ${(ran.wallMs / 1000).toFixed(2)} s`);
  console.log(`  trainer process over the bare TensorFlow.js loop: ${share("trainer", "bare")} processor time`);
  console.log(`  trainer process over its own loop alone: ${share("trainer", "inner")} processor time`);
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
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    keepNames: true,
    mainFields: ["module", "main"],
    external: ["@tensorflow/tfjs-node", "@tensorflow/tfjs-node-gpu"],
    logLevel: "error",
  });
  if (options.only !== "overhead") await steps();
  if (options.only !== "steps") await overhead();
} finally {
  await rm(bundles, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
}
