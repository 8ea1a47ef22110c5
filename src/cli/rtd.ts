/**
 * `basin rtd`: representation topology divergence of two embeddings in files.
 * Invariant: one result on standard output, progress and warnings on standard error; needs no workspace and no engine.
 */
import path from "node:path";
import { SingleBar } from "cli-progress";
import { BasinError } from "../core/errors.ts";
import { formatNumber } from "../core/format.ts";
import { readEmbedding } from "../engine/diagnostics/readEmbedding.ts";
import { computeRtd, type RtdResult } from "../topology/computeRtd.ts";
import { mostPoints } from "../topology/pointCloud.ts";
import { bytesToCompare } from "../topology/preparation.ts";
import type { DirectedDivergence } from "../topology/rtd.ts";
import { exitCodes, type ExitCode } from "./exit.ts";
import { table, toJson } from "./text.ts";

export interface RtdFlags {
  readonly json?: boolean;
  readonly batch?: number;
  readonly trials?: number;
  readonly seed?: number;
  readonly directed?: boolean;
}

/** What was compared, how, and what came of it. */
export interface RtdReport {
  readonly names: readonly [string, string];
  readonly widths: readonly [number, number];
  readonly seed: number;
  readonly directed: boolean;
  readonly result: RtdResult;
  readonly elapsedMs: number;
}

const usualBatch = 500;
/** Bars shown of each direction; all are in `--json`. */
const barsShown = 5;

/** @throws BasinError `invalid-argument` for files and options that cannot be compared */
export async function rtdCommand(a: string, b: string, flags: RtdFlags): Promise<ExitCode> {
  const isBySubsets = flags.batch !== undefined || flags.trials !== undefined || flags.seed !== undefined;
  const batch = isBySubsets ? (flags.batch ?? usualBatch) : undefined;
  const most = batch === undefined ? mostPoints : Number.POSITIVE_INFINITY;
  const clouds = [readEmbedding(path.resolve(a), a, most), readEmbedding(path.resolve(b), b, most)] as const;
  requireMemory(Math.min(clouds[0].count, batch ?? Number.POSITIVE_INFINITY));
  const started = performance.now();
  const progress = createProgress(process.stderr);
  let result: RtdResult;
  try {
    result = computeRtd(...clouds, {
      ...(batch === undefined ? {} : { batch }),
      ...(flags.trials === undefined ? {} : { trials: flags.trials }),
      seed: flags.seed ?? 0,
      onProgress: progress.update,
    });
  } finally {
    progress.close();
  }
  const report: RtdReport = {
    names: [a, b],
    widths: [clouds[0].width, clouds[1].width],
    seed: flags.seed ?? 0,
    directed: flags.directed === true,
    result,
    elapsedMs: performance.now() - started,
  };
  for (const line of collapseLines(report)) process.stderr.write(`${line}\n`);
  const lines = flags.json === true ? [toJson(rtdObject(report))] : rtdLines(report);
  process.stdout.write(`${lines.join("\n")}\n`);
  return exitCodes.done;
}

/** Refuses at once what would be killed after a long time. */
function requireMemory(count: number): void {
  const needed = bytesToCompare(count);
  const there = process.availableMemory();
  if (needed <= there) return;
  const gigabytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  throw new BasinError(
    "invalid-argument",
    `Comparing ${count} points needs up to ${gigabytes(needed)} GiB of memory; ${gigabytes(there)} GiB are free.`,
    "Compare random subsets: `--batch 500 --trials 10`.",
  );
}

/** Warnings about embeddings that are not scored. */
export function collapseLines({ names, result }: RtdReport): string[] {
  return names
    .filter((_, which) => result.collapsed[which])
    .map((name) => `basin: warning: ${name} has collapsed: its points are one point but for rounding, and RTD is 0.`);
}

function scoreOf({ directed, result }: RtdReport): number {
  return directed ? result.directed[0] : result.score;
}

function liteOf({ directed, result }: RtdReport): number {
  return directed ? result.directedLite[0] : result.lite;
}

/** The report as text. */
export function rtdLines(report: RtdReport): string[] {
  const { names, result, seed } = report;
  const { batch, count, trials } = result;
  const how =
    batch === count
      ? `${count} points`
      : `mean of ${trials.length} random subsets of ${batch} of ${count} points, seed ${seed}`;
  const barCount = (which: 0 | 1): string => {
    const bars = trials.reduce((sum, { directions }) => sum + directions[which].births.length, 0) / trials.length;
    return formatNumber(bars);
  };
  const quantile = (which: 0 | 1): string =>
    formatNumber(trials.reduce((sum, { scales }) => sum + scales[which], 0) / trials.length);
  const row = (which: 0 | 1): string[] => [
    `beyond ${names[which]}`,
    formatNumber(result.directed[which]),
    formatNumber(result.directedLite[which]),
    barCount(which),
    quantile(which),
  ];
  const lines = [
    `RTD ${formatNumber(scoreOf(report))}  (${how}${report.directed ? "; one direction" : ""})`,
    `RTD-Lite ${formatNumber(liteOf(report))}`,
    "",
    ...table([["direction", "sum", "RTD-Lite", "bars", "0.9-quantile"], row(0), row(1)]),
  ];
  if (trials.length > 1) {
    const scores = trials.map(({ directions, score }) => (report.directed ? directions[0].total : score));
    lines.push("", `subsets from ${formatNumber(Math.min(...scores))} to ${formatNumber(Math.max(...scores))}`);
  }
  lines.push(...barLines(report), "", `${(report.elapsedMs / 1000).toFixed(2)} s`);
  return lines;
}

/** The longest bars of each direction, of the first subset where there are several. */
function barLines({ names, result }: RtdReport): string[] {
  const [first] = result.trials;
  if (first === undefined) return [];
  const where = result.trials.length > 1 ? " in the first subset" : "";
  return first.directions.flatMap((direction, which) => {
    const bars = barsOf(direction)
      .toSorted((p, q) => q[1] - q[0] - (p[1] - p[0]))
      .slice(0, barsShown);
    if (bars.length === 0) return [];
    return [
      "",
      `longest bars beyond ${names[which] ?? ""}${where}`,
      ...table([
        ["  birth", "death", "length"],
        ...bars.map(([birth, death]) => [`  ${formatNumber(birth)}`, formatNumber(death), formatNumber(death - birth)]),
      ]),
    ];
  });
}

function barsOf({ births, deaths }: DirectedDivergence): [number, number][] {
  return Array.from(births, (birth, k) => [birth, deaths[k] ?? birth]);
}

/** The object that `--json` prints. */
export function rtdObject(report: RtdReport): Record<string, unknown> {
  const { names, widths, seed, directed, result, elapsedMs } = report;
  return {
    a: names[0],
    b: names[1],
    points: result.count,
    widths,
    batch: result.batch,
    seed,
    score: scoreOf(report),
    scoreIs: directed ? "directed" : "symmetric",
    lite: liteOf(report),
    directed: result.directed,
    directedLite: result.directedLite,
    collapsed: result.collapsed,
    elapsedMs: Math.round(elapsedMs),
    trials: result.trials.map(({ score, lite, directions, scales }) => ({
      score,
      lite,
      directed: directions.map(({ total }) => total),
      directedLite: directions.map((direction) => direction.lite),
      quantiles: scales,
      barcodes: directions.map(barsOf),
    })),
  };
}

/** Long comparisons say how far they are: a bar on a terminal, elsewhere a line every ten seconds. */
function createProgress(stream: NodeJS.WriteStream): {
  readonly update: (share: number) => void;
  readonly close: () => void;
} {
  const started = performance.now();
  let said = started;
  let bar: SingleBar | undefined;
  return {
    update: (share) => {
      const now = performance.now();
      if (stream.isTTY && now - started > 500) {
        if (bar === undefined) {
          bar = new SingleBar({
            format: "comparing {bar} {percentage}%",
            barCompleteChar: "━",
            barIncompleteChar: "─",
            barsize: 20,
            // Computing leaves no turn to a handler of Ctrl-C: without one, it ends the process at once.
            gracefulExit: false,
            clearOnComplete: true,
            stream,
          });
          bar.start(1000, 0);
        }
        bar.update(Math.round(1000 * share));
      } else if (!stream.isTTY && now - said > 10_000) {
        said = now;
        stream.write(`comparing: ${Math.round(100 * share)}%\n`);
      }
    },
    close: () => bar?.stop(),
  };
}
