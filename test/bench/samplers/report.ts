/**
 * Tables of a comparison of samplers: mean normalised regret by family with its standard error, mean rank over tasks, CPU.
 * Invariant: a figure is a mean over seeds first and over tasks then, so that every task counts alike.
 */

import { type Estimate, estimate, meanInterval, nemenyiDistance, ranksOf, wilcoxonSignedRank } from "../statistics.ts";

export interface Run {
  readonly contender: string;
  readonly task: string;
  readonly family: string;
  readonly seed: number;
  /** Normalised regret of the best configuration after each trial. */
  readonly regrets: readonly number[];
  /** CPU a suggestion, milliseconds, on one thread. */
  readonly cpuMs: number;
}

/** Mean over tasks of means over seeds. */
function overTasks(estimates: readonly Estimate[]): Estimate {
  const mean = estimates.reduce((sum, { mean: one }) => sum + one, 0) / estimates.length;
  const error = Math.sqrt(estimates.reduce((sum, { error: one }) => sum + one ** 2, 0)) / estimates.length;
  return { mean, error };
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** Regret after `at` trials as families compare it: functions by its decimal logarithm, all else as it is. */
function measured(run: Run, at: number): number {
  const regret = run.regrets[at - 1]!;
  return run.family === "functions" ? Math.log10(regret) : regret;
}

/** Runs that are long enough to have a value after `at` trials. */
const reaching = (runs: readonly Run[], at: number): readonly Run[] => runs.filter((run) => run.regrets.length >= at);

/** Means over seeds by task and contender; a contender's gaps are undefined. */
function meansAt(runs: readonly Run[], at: number): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const sums = new Map<string, Map<string, number[]>>();
  for (const run of reaching(runs, at)) {
    const own = sums.get(run.contender) ?? new Map<string, number[]>();
    sums.set(run.contender, own.set(run.task, [...(own.get(run.task) ?? []), measured(run, at)]));
  }
  return new Map(
    [...sums].map(([contender, own]) => [
      contender,
      new Map([...own].map(([task, values]) => [task, estimate(values).mean])),
    ]),
  );
}

/** Mean rank (1 = best) over tasks of those contenders that have a value on every task after `at` trials. */
function meanRanks(runs: readonly Run[], at: number): ReadonlyMap<string, number> {
  const tasks = unique(runs.map(({ task }) => task));
  const complete = [...meansAt(runs, at)].filter(([, own]) => own.size === tasks.length);
  const totals = new Map(complete.map(([contender]) => [contender, 0]));
  for (const task of tasks) {
    const ranks = ranksOf(complete.map(([, own]) => own.get(task)!));
    complete.forEach(([contender], i) => totals.set(contender, totals.get(contender)! + ranks[i]! / tasks.length));
  }
  return totals;
}

const text = ({ mean, error }: Estimate): string => `${mean.toFixed(3)} ± ${error.toFixed(3)}`;
const tableHead = (columns: readonly string[]): string =>
  `| ${columns.join(" | ")} |\n|${columns.map(() => "---").join("|")}|`;

/** Prints the comparison as Markdown tables: one a family, best at the end first, then one of all tasks. */
export function printReport(runs: readonly Run[], trials: number): void {
  const marks = [25, 50, 100].filter((mark) => mark < trials).concat(trials);
  for (const family of unique(runs.map((run) => run.family))) printFamily(family, runs, marks);
  printAll(runs, marks);
}

function printFamily(family: string, runs: readonly Run[], marks: readonly number[]): void {
  const own = runs.filter((run) => run.family === family);
  const tasks = unique(own.map(({ task }) => task));
  const estimateAt = (contender: string, mark: number): Estimate | undefined => {
    const theirs = reaching(own, mark).filter((run) => run.contender === contender);
    const estimates = tasks.map((task) =>
      estimate(theirs.filter((run) => run.task === task).map((run) => measured(run, mark))),
    );
    return estimates.some(({ mean }) => Number.isNaN(mean)) ? undefined : overTasks(estimates);
  };
  const rows = unique(own.map(({ contender }) => contender)).map((contender) => ({
    contender,
    at: marks.map((mark) => estimateAt(contender, mark)),
  }));
  const last = (row: (typeof rows)[number]): number =>
    row.at.findLast((found) => found !== undefined)?.mean ?? Infinity;
  rows.sort((a, b) => last(a) - last(b));
  const measure = {
    functions: "log10 of the normalised regret",
    "trade-offs": "share of the front's hypervolume that is missing",
  }[family];
  console.log(`\n### ${family}: ${measure ?? "normalised regret"}, ${tasks.length} tasks\n`);
  console.log(tableHead(["sampler", ...marks.map((mark) => `@${mark}`)]));
  for (const { contender, at } of rows)
    console.log(`| ${contender} | ${at.map((found) => (found === undefined ? "" : text(found))).join(" | ")} |`);
}

function printAll(runs: readonly Run[], marks: readonly number[]): void {
  const tasks = unique(runs.map(({ task }) => task));
  const ranks = marks.map((mark) => meanRanks(runs, mark));
  const contenders = unique(runs.map(({ contender }) => contender));
  console.log(`\n### all ${tasks.length} tasks\n`);
  console.log(tableHead(["sampler", ...marks.map((mark) => `mean rank @${mark}`), "CPU ms a suggestion"]));
  const last = (contender: string): number => ranks.findLast((rank) => rank.has(contender))?.get(contender) ?? Infinity;
  for (const contender of contenders.toSorted((a, b) => last(a) - last(b))) {
    const cpu = estimate(runs.filter((run) => run.contender === contender).map((run) => run.cpuMs)).mean;
    const shown = ranks.map((rank) => rank.get(contender)?.toFixed(2) ?? "");
    console.log(`| ${contender} | ${shown.join(" | ")} | ${cpu.toFixed(2)} |`);
  }
  for (const [i, mark] of marks.entries()) {
    const distance = nemenyiDistance(ranks[i]!.size, tasks.length);
    if (distance !== undefined)
      console.log(`\nMean ranks @${mark} closer than ${distance.toFixed(2)} are not told apart (Nemenyi, 5 %).`);
  }
  // Differences are averaged within one measure only.
  const measures = Map.groupBy(runs, ({ family }) =>
    ["functions", "trade-offs"].includes(family) ? family : "tables",
  );
  for (const [measure, own] of measures) printPairs(measure, own, marks);
}

/** Each sampler against the peer's of the same name, and the strongest of ours against the peer's strongest. */
function printPairs(measure: string, runs: readonly Run[], marks: readonly number[]): void {
  const contenders = unique(runs.map(({ contender }) => contender));
  const namesakes = contenders
    .filter((name) => contenders.includes(`Optuna ${name}`))
    .map((name) => [name, `Optuna ${name}`]);
  const strongest = ["auto", "hebo", "turbo", "mes", "smac"]
    .filter((name) => contenders.includes(name) && contenders.includes("Optuna gp"))
    .map((name) => [name, "Optuna gp"]);
  const pairs = [...namesakes, ...strongest] as [string, string][];
  if (pairs.length === 0) return;
  console.log(
    `\n### pairs on ${measure}: mean difference over tasks (below 0: the first is ahead), 95 % interval, Wilcoxon over tasks\n`,
  );
  console.log(tableHead(["pair", ...marks.map((mark) => `@${mark}`)]));
  for (const [own, peer] of pairs) {
    const cells = marks.map((mark) => {
      const means = meansAt(runs, mark);
      const [ours, theirs] = [means.get(own), means.get(peer)];
      const differences = [...(ours ?? [])].flatMap(([task, mean]) => {
        const other = theirs?.get(task);
        return other === undefined ? [] : [mean - other];
      });
      if (differences.length < 2) return "";
      const { mean, half } = meanInterval(differences);
      const p = wilcoxonSignedRank(differences);
      return `${mean.toFixed(3)} ± ${half.toFixed(3)}, p = ${p.toFixed(3)} (${differences.length} tasks)`;
    });
    console.log(`| ${own} / ${peer} | ${cells.join(" | ")} |`);
  }
}
