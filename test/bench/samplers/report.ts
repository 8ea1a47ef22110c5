/**
 * Tables of a comparison of samplers: mean normalised regret by family with its standard error, mean rank over tasks, CPU.
 * Invariant: a figure is a mean over seeds first and over tasks then, so that every task counts alike.
 */

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

interface Estimate {
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
}

/** Mean over seeds; infinite error for a single seed is reported as 0 tasks' worth, i.e. left out. */
function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Mean over tasks of means over seeds. */
function overTasks(estimates: readonly Estimate[]): Estimate {
  const mean = estimates.reduce((sum, { mean: one }) => sum + one, 0) / estimates.length;
  const error = Math.sqrt(estimates.reduce((sum, { error: one }) => sum + one ** 2, 0)) / estimates.length;
  return { mean, error };
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];

/** Regret after `at` trials as families compare it: functions by its decimal logarithm, tables as it is. */
function measured(run: Run, at: number): number {
  const regret = run.regrets[Math.min(at, run.regrets.length) - 1]!;
  return run.family === "functions" ? Math.log10(regret) : regret;
}

/** Mean rank (1 = best) over tasks by the mean after `at` trials; ties share their ranks. */
function meanRanks(runs: readonly Run[], at: number): ReadonlyMap<string, number> {
  const contenders = unique(runs.map(({ contender }) => contender));
  const tasks = unique(runs.map(({ task }) => task));
  const totals = new Map(contenders.map((contender) => [contender, 0]));
  for (const task of tasks) {
    const means = contenders.map((contender) => {
      const own = runs.filter((run) => run.task === task && run.contender === contender);
      return estimate(own.map((run) => measured(run, at))).mean;
    });
    contenders.forEach((contender, i) => {
      const below = means.filter((mean) => mean < means[i]!).length;
      const equal = means.filter((mean) => mean === means[i]!).length;
      totals.set(contender, totals.get(contender)! + (below + (equal + 1) / 2) / tasks.length);
    });
  }
  return totals;
}

/** Prints the comparison as Markdown tables: one a family, best at the end first, then one of all tasks. */
export function printReport(runs: readonly Run[], trials: number): void {
  const marks = [25, 50, 100].filter((mark) => mark < trials).concat(trials);
  const contenders = unique(runs.map(({ contender }) => contender));
  const text = ({ mean, error }: Estimate): string => `${mean.toFixed(3)} ± ${error.toFixed(3)}`;
  for (const family of unique(runs.map((run) => run.family))) {
    const own = runs.filter((run) => run.family === family);
    const tasks = unique(own.map(({ task }) => task));
    const rows = contenders.map((contender) => {
      const at = marks.map((mark) =>
        overTasks(
          tasks.map((task) =>
            estimate(
              own.filter((run) => run.task === task && run.contender === contender).map((run) => measured(run, mark)),
            ),
          ),
        ),
      );
      return { contender, at };
    });
    rows.sort((a, b) => a.at.at(-1)!.mean - b.at.at(-1)!.mean);
    const measure = family === "functions" ? "log10 of the normalised regret" : "normalised regret";
    console.log(`\n### ${family}: ${measure}, ${tasks.length} tasks\n`);
    console.log(`| sampler | ${marks.map((mark) => `@${mark}`).join(" | ")} |`);
    console.log(`|---|${marks.map(() => "---").join("|")}|`);
    for (const { contender, at } of rows) console.log(`| ${contender} | ${at.map(text).join(" | ")} |`);
  }
  console.log(
    `\n### all tasks\n\n| sampler | ${marks.map((mark) => `mean rank @${mark}`).join(" | ")} | CPU ms a suggestion |`,
  );
  console.log(`|---|${marks.map(() => "---").join("|")}|---|`);
  const ranks = marks.map((mark) => meanRanks(runs, mark));
  for (const contender of contenders.toSorted((a, b) => ranks.at(-1)!.get(a)! - ranks.at(-1)!.get(b)!)) {
    const cpu = estimate(runs.filter((run) => run.contender === contender).map((run) => run.cpuMs)).mean;
    console.log(
      `| ${contender} | ${ranks.map((rank) => rank.get(contender)!.toFixed(2)).join(" | ")} | ${cpu.toFixed(2)} |`,
    );
  }
}
