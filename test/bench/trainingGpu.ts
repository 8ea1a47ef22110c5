/**
 * Training on a machine with a GPU: the two yardsticks on every back end that loads there and on PyTorch with CUDA, as a table
 * and as test/bench/results/trainingGpu.json. Needs the checkout after `npm ci`, and what `--needs` lists.
 * Usage: node test/bench/trainingGpu.ts [--seconds 5] [--batches 128,1024] [--only webgpu,torch] [--kernels] [--needs]
 */
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import { build } from "esbuild";
import { nodeBundle, trainerExternals } from "../../scripts/bundleOptions.ts";
import { backends } from "../../src/trainers/tfjs/backends/select.ts";
import { needs, nvidiaGpus } from "./trainingGpuNeeds.ts";

const root = path.resolve(import.meta.dirname, "../..");
const bundles = path.join(root, "node_modules", ".cache", `basin-bench-gpu-${process.pid}`);
const runFile = promisify(execFile);
const yardsticks = ["mlp", "cnn"] as const;

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    batches: { type: "string", default: "128,1024" },
    only: { type: "string" },
    kernels: { type: "boolean", default: false },
    needs: { type: "boolean", default: false },
  },
});

interface Row {
  readonly backend: string;
  readonly yardstick: string;
  readonly batch: number;
  readonly device?: string;
  readonly threads?: number;
  readonly stepMs?: number;
  readonly cpuMs?: number;
  readonly gigaflops?: number;
  readonly kernels?: readonly { readonly kernel: string; readonly dispatches: number; readonly ms: number }[];
  readonly error?: string;
}
type Measured = Omit<Row, "backend" | "yardstick" | "batch">;

/** The last line a program prints, as JSON; what went wrong as `error`. A measurement that hangs is ended. */
async function lastLine(program: string, args: readonly string[]): Promise<Measured> {
  const limitMs = 60_000 + 20_000 * Number(options.seconds);
  const env = { ...process.env, BENCH_KERNELS: options.kernels ? "1" : "0" };
  try {
    const { stdout } = await runFile(program, args, { env, timeout: limitMs, maxBuffer: 64 * 1024 ** 2 });
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as Measured;
  } catch (error) {
    const { killed, signal, stderr } = error as { killed?: boolean; signal?: string | null; stderr?: string };
    if (killed === true) return { error: `no end after ${limitMs / 1000} s` };
    const reason = stderr?.trim().split("\n").at(-1) ?? "";
    return { error: reason === "" ? `ended by ${signal ?? "an error"}` : reason };
  }
}

function show(row: Row): void {
  const head = `${row.backend.padEnd(14)}${row.yardstick.padEnd(6)}${String(row.batch).padStart(6)}`;
  if (row.error !== undefined || row.stepMs === undefined) {
    console.log(`${head}  ${row.error ?? "no figure"}`);
    return;
  }
  const figures = [row.stepMs.toFixed(2).padStart(12), (row.gigaflops ?? Number.NaN).toFixed(0).padStart(12)];
  console.log(`${head}${figures.join("")}  ${row.device ?? ""}`);
  for (const { kernel, dispatches, ms } of row.kernels?.slice(0, 12) ?? [])
    console.log(`    ${kernel.padEnd(40)}${String(dispatches).padStart(6)} dispatches${ms.toFixed(2).padStart(10)} ms`);
}

function wanted(name: string): boolean {
  return options.only === undefined || options.only.split(",").includes(name);
}

/** Rows of one contestant, until it turns out that it does not load. */
async function contest(name: string, measure: (yardstick: string, batch: number) => Promise<Measured>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const yardstick of yardsticks) {
    for (const batch of options.batches.split(",").map(Number)) {
      const row: Row = { backend: name, yardstick, batch, ...(await measure(yardstick, batch)) };
      show(row);
      rows.push(row);
      if (rows.length === 1 && row.error !== undefined) return rows;
    }
  }
  return rows;
}

async function main(): Promise<number> {
  for (const { what, found, advice } of needs())
    console.log(
      `${found === undefined ? "✗" : "✓"} ${what.padEnd(18)}${found?.replaceAll("\n", "; ") ?? `missing; ${advice}`}`,
    );
  if (options.needs) return 0;
  await build({
    entryPoints: [path.join(root, "test/bench/trainingGpuWorker.ts")],
    outdir: bundles,
    ...nodeBundle,
    external: trainerExternals,
    logLevel: "error",
  });
  const worker = path.join(bundles, "trainingGpuWorker.cjs");
  const torch = path.join(root, "test/bench/trainingGpuTorch.py");
  const onBackend = (name: string) => (yardstick: string, batch: number) =>
    lastLine(process.execPath, [worker, name, yardstick, String(batch), options.seconds]);

  console.log(
    `\n${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}. Adam; ms a step over ${options.seconds} s:\n`,
  );
  console.log(`${"".padEnd(14)}${"".padEnd(6)}${"batch".padStart(6)}${"ms".padStart(12)}${"GFLOP/s".padStart(12)}`);
  const rows: Row[] = [];
  const gpuBackends = ["webgpu", "tfjs-node-gpu"].filter(wanted);
  for (const name of gpuBackends) rows.push(...(await contest(name, onBackend(name))));
  if (nvidiaGpus() === undefined && rows.every((row) => row.error !== undefined)) {
    console.error(
      "\nThis machine has no GPU that a back end can train on; there is nothing to measure. See the list above.",
    );
    return 1;
  }
  for (const { name } of backends) {
    // The plain JavaScript one would take minutes a step.
    if (name === "cpu" || gpuBackends.includes(name) || !wanted(name)) continue;
    rows.push(...(await contest(name, onBackend(name))));
  }
  if (wanted("torch")) {
    for (const [name, tf32] of [
      ["torch", "0"],
      ["torch tf32", "1"],
    ] as const) {
      const flops = (row: Pick<Row, "yardstick" | "batch">): number => {
        const other = rows.find(
          ({ yardstick, batch, gigaflops }) =>
            yardstick === row.yardstick && batch === row.batch && gigaflops !== undefined,
        );
        return (other?.gigaflops ?? Number.NaN) * (other?.stepMs ?? Number.NaN);
      };
      rows.push(
        ...(await contest(name, async (yardstick, batch) => {
          const measured = await lastLine("python3", [torch, yardstick, String(batch), options.seconds, tf32]);
          // The models are the same, so the work of a step is.
          return measured.stepMs === undefined
            ? measured
            : { ...measured, gigaflops: flops({ yardstick, batch }) / measured.stepMs };
        })),
      );
    }
  }
  const results = path.join(root, "test/bench/results");
  await mkdir(results, { recursive: true });
  const file = path.join(results, "trainingGpu.json");
  const machine = { gpus: nvidiaGpus()?.split("\n") ?? [], cores: cpus().length, processor: cpus()[0]?.model ?? "" };
  const text = {
    measured: new Date().toISOString(),
    machine,
    node: process.version,
    seconds: Number(options.seconds),
    rows,
  };
  await writeFile(file, `${JSON.stringify(text, null, 2)}\n`);
  console.log(`\nWritten to ${path.relative(process.cwd(), file)}`);
  return 0;
}

try {
  process.exitCode = await main();
} finally {
  await rm(bundles, { recursive: true, force: true });
}
