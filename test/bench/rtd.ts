/**
 * How fast representation topology divergence is, beside Ripser on the same matrices (where PYTHON, or python3, has the package
 * `ripser`), what memory it takes, and whether the engine stays free meanwhile. Prints the tables of docs/benchmarks.md; writes
 * results/rtd.json. Usage: node test/bench/rtd.ts [--sizes 100,250,500,1000] [--seconds 60]
 * [--rest] (which keeps the rows of the last results and measures what stands below the table)
 * All times are processor time, the least of several runs; Ripser runs once, and not where it would take longer than --seconds.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs, promisify } from "node:util";
import { systemClock } from "../../src/engine/clock.ts";
import { type Embedding, RtdPool } from "../../src/engine/diagnostics/rtdPool.ts";
import { rngForKey } from "../../src/core/rng.ts";
import { computeRtd } from "../../src/topology/computeRtd.ts";
import { noiseCloud } from "../../src/topology/noise.ts";
import { pointCloud, type PointCloud } from "../../src/topology/pointCloud.ts";
import { cloudPairs } from "./rtdClouds.ts";

const { values: options } = parseArgs({
  options: {
    sizes: { type: "string", default: "100,250,500,1000" },
    seconds: { type: "string", default: "60" },
    rest: { type: "boolean", default: false },
  },
});
const root = path.resolve(import.meta.dirname, "../..");
const sizes = options.sizes.split(",").map(Number);
const limit = Number(options.seconds);
const python = process.env["PYTHON"] ?? "python3";
const run = promisify(execFile);
const folder = await mkdtemp(path.join(tmpdir(), "basin-rtd-bench-"));

interface Ours {
  readonly kind: string;
  readonly count: number;
  readonly prepare: number;
  readonly walk: number;
  readonly typescript: number;
  readonly lite: number;
  readonly peakMiB: number;
  readonly score: number;
  readonly sums: readonly number[];
  readonly bars: readonly number[];
}

interface Ripsers {
  readonly cpuMs: number;
  readonly sums: readonly number[];
  readonly bars: readonly number[];
  readonly peakMiB: number;
}

interface Row extends Ours {
  readonly ripser?: Ripsers;
  /** Why there is no `ripser`. */
  readonly cutOff?: string;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const hasRipser = await run(python, ["-c", "import ripser"]).then(
  () => true,
  () => false,
);
if (!hasRipser) console.log(`${python} has no package ripser: its columns are left out.`);

async function ripserOf(count: number, file: string): Promise<Ripsers> {
  const { stdout } = await run(python, [
    path.join(root, "test/bench/rtdRipser.py"),
    String(count),
    file,
    String(limit),
  ]);
  return JSON.parse(stdout) as Ripsers;
}

/** Ripser's time grows about as n^3.3, so a size that would take too long is not begun. */
function expectedMs(earlier: readonly Row[], kind: string, count: number): number {
  const last = earlier.findLast((row) => row.kind === kind && row.ripser !== undefined);
  return last?.ripser === undefined ? 0 : last.ripser.cpuMs * (count / last.count) ** 3.3;
}

async function measure(earlier: readonly Row[], kind: string, count: number): Promise<Row> {
  const file = path.join(folder, "distances");
  const { stdout } = await run(process.execPath, [
    path.join(root, "test/bench/rtdMeasure.ts"),
    kind,
    String(count),
    file,
  ]);
  const ours = JSON.parse(stdout) as Ours;
  if (!hasRipser) return { ...ours, cutOff: "not installed" };
  const expected = expectedMs(earlier, kind, count);
  if (expected > limit * 1000) return { ...ours, cutOff: `about ${Math.round(expected / 1000)} s` };
  try {
    return { ...ours, ripser: await ripserOf(count, file) };
  } catch {
    return { ...ours, cutOff: `above ${limit} s` };
  }
}

const target = path.join(root, "test/bench/results/rtd.json");
const rows: Row[] = options.rest ? (JSON.parse(await readFile(target, "utf8")) as { rows: Row[] }).rows : [];
for (const count of options.rest ? [] : sizes) {
  for (const { name } of cloudPairs) {
    const row = await measure(rows, name, count);
    rows.push(row);
    console.log(
      `${name} ${count}: walk ${row.walk.toFixed(1)} ms, Ripser ${row.ripser === undefined ? row.cutOff : row.ripser.cpuMs.toFixed(0)}`,
    );
  }
}

/** The usual measurement: the mean over ten subsets of 500. */
function subsets(): { readonly points: number; readonly firstMs: number; readonly ms: number }[] {
  return [1000, 5000].map((points) => {
    const rng = rngForKey(`rtd/subsets/${points}`);
    const cloud = (): PointCloud =>
      pointCloud(
        Float32Array.from({ length: points * 128 }, () => rng.normal()),
        points,
        128,
      );
    const [p, q] = [cloud(), cloud()];
    const times = Array.from({ length: 20 }, () => {
      const before = cpuMs();
      computeRtd(p, q, { batch: 500 });
      return cpuMs() - before;
    });
    return { points, firstMs: times[0] ?? Number.NaN, ms: Math.min(...times) };
  });
}

/** One embedding against 16 references in the engine's threads, prepared anew, with the longest turn of the event loop. */
async function references(): Promise<{ readonly cpuMs: number; readonly longestTurnMs: number }> {
  const pool = new RtdPool({
    file: path.join(root, "src/engine/diagnostics/rtdThread.ts"),
    clock: systemClock,
    warn: console.warn,
  });
  const clouds = Array.from({ length: 22 }, (_, seed) => noiseCloud(seed, 500, 64));
  const embedding = (seed: number): Embedding => ({
    key: String(seed),
    source: { kind: "cloud", cloud: clouds[seed] ?? noiseCloud(seed, 500, 64) },
  });
  // The thread starts, and its code is compiled.
  await Promise.all([1, 2, 3, 4].map((seed) => pool.compare(embedding(seed), embedding(0))));
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const before = cpuMs();
  await Promise.all(Array.from({ length: 16 }, (_, k) => pool.compare(embedding(6 + k), embedding(5))));
  const spent = cpuMs() - before;
  delays.disable();
  await pool.end();
  return { cpuMs: spent, longestTurnMs: delays.max / 1e6 };
}

const result = {
  cores: cpus().length,
  processor: cpus()[0]?.model,
  node: process.version,
  load: loadavg()[0],
  ripserLimitSeconds: limit,
  rows,
  subsets: subsets(),
  references: await references(),
};
await writeFile(target, `${JSON.stringify(result, undefined, 2)}\n`);
await rm(folder, { recursive: true, force: true });

const figure = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
const lines = [
  "| clouds, points | prepare both | walk | TypeScript | RTD-Lite | Ripser | times | MiB, Ripser's |",
  "|---|---|---|---|---|---|---|---|",
  ...rows.map((row) => {
    const { ripser } = row;
    const theirs =
      ripser === undefined
        ? [row.cutOff ?? "", "", `${figure(row.peakMiB)}, -`]
        : [
            figure(ripser.cpuMs),
            Math.round(ripser.cpuMs / (row.prepare + row.walk)).toLocaleString("en"),
            `${figure(row.peakMiB)}, ${figure(ripser.peakMiB)}`,
          ];
    const ours = [row.prepare, row.walk, row.typescript, row.lite].map(figure);
    return `| ${row.kind}, ${row.count.toLocaleString("en")} | ${[...ours, ...theirs].join(" | ")} |`;
  }),
];
const differences = rows.flatMap(({ sums, ripser }) =>
  sums.map((sum, k) => Math.abs(sum / (ripser?.sums[k] ?? sum) - 1)),
);
console.log(
  [
    ...lines,
    "",
    `Largest difference of a direction's sum from Ripser's: ${Math.max(...differences).toExponential(1)} of it.`,
    ...result.subsets.map(
      ({ points, ms, firstMs }) =>
        `10 subsets of 500 of ${points} points, 128 dimensions: ${figure(ms)} ms (the first time ${figure(firstMs)}).`,
    ),
    `16 references at 500 points in a thread: ${figure(result.references.cpuMs)} ms of processor, longest turn of the event loop ${figure(result.references.longestTurnMs)} ms.`,
    `Load ${result.load?.toFixed(1)}, ${result.processor}.`,
  ].join("\n"),
);
