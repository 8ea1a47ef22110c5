/**
 * Prints the comparison of schedulers as Markdown tables.
 * Invariant: every figure is a mean over seeds with its standard error; what did not get there is counted and said.
 */
import { estimate, mannWhitney, wilcoxonSignedRank } from "../statistics.ts";
import { type Arm, arms, methods, tasks } from "./contenders.ts";
import { bestAfter, epochsTo, type Run } from "./runs.ts";

const earlyShare = 0.25;
/** Of the best that any method has found with the same data. */
const targetShare = 0.99;

const text = (values: readonly number[], digits: number): string => {
  if (values.length === 0) return "";
  const { mean, error } = estimate(values);
  return `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
};
const pText = (a: readonly number[], b: readonly number[]): string => mannWhitney(a, b).p.toFixed(3);
const head = (columns: readonly string[]): string =>
  `| ${columns.join(" | ")} |\n|${columns.map(() => "---").join("|")}|`;
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);

class Comparison {
  readonly runs: readonly Run[];
  constructor(runs: readonly Run[]) {
    this.runs = runs;
  }

  /** By seed. */
  of(task: string, method: string, arm: Arm): Run[] {
    return this.runs
      .filter((run) => run.task === task && run.method === method && run.arm === arm)
      .toSorted((a, b) => a.seed - b.seed);
  }

  /** The best that any method has found with the data of a task and seed. */
  best({ task, seed }: Run): number {
    const same = this.runs.filter((run) => run.task === task && run.seed === seed);
    return Math.max(...same.map((run) => bestAfter(run, run.epochs)));
  }

  /** The best that random search without a scheduler has found with the same data and rates. */
  alone({ task, arm, seed }: Run): number {
    const same = this.of(task, methods[0]!.name, arm).find((run) => run.seed === seed);
    return same === undefined ? Infinity : bestAfter(same, same.epochs);
  }
}

interface Times {
  /** Epochs; of those that never came there their whole budget. */
  readonly times: readonly number[];
  readonly reached: number;
}

function timesTo(runs: readonly Run[], target: (run: Run) => number): Times {
  const found = runs.map((run) => epochsTo(run, target(run)));
  return {
    times: found.map((at, i) => at ?? runs[i]!.epochs),
    reached: found.filter((at) => at !== undefined).length,
  };
}

const timesText = ({ times, reached }: Times): string =>
  `${reached < times.length ? "≥ " : ""}${text(times, 0)} (${reached}/${times.length})`;

const early = (run: Run): number => bestAfter(run, Math.floor(run.epochs * earlyShare));
const late = (run: Run): number => bestAfter(run, run.epochs);

/** Two arms side by side, early and late, as tables 3 and 4 of the paper on hypergradients have them. */
function printArms(all: Comparison, task: string, [first, second]: readonly [Arm, Arm]): void {
  const rows = methods
    .map(({ name }) => ({ name, a: all.of(task, name, first), b: all.of(task, name, second) }))
    .filter(({ a, b }) => a.length > 0 && b.length > 0);
  const some = rows[0]?.a[0];
  if (some === undefined) return;
  const marks = [
    { name: `after ${Math.floor(some.epochs * earlyShare)} epochs`, of: early },
    { name: `after ${some.epochs}`, of: late },
  ];
  console.log(`\n### ${task}: best validation accuracy, learning rate and momentum ${first} or ${second}\n`);
  const columns = marks.flatMap(({ name }) => [`${first} ${name}`, `${second} ${name}`, "ratio", "p"]);
  console.log(head(["method", ...columns, `test, ${first}`, `test, ${second}`, "seeds"]));
  const ratios: number[][] = marks.map(() => []);
  for (const { name, a, b } of rows) {
    const cells = marks.flatMap(({ of }, i) => {
      const [one, other] = [a.map(of), b.map(of)];
      const ratio = estimate(other).mean / estimate(one).mean;
      ratios[i]!.push(ratio);
      return [text(one, 4), text(other, 4), ratio.toFixed(3), pText(one, other)];
    });
    const tests = [a, b].map((runs) =>
      text(
        runs.flatMap(({ test }) => test ?? []),
        4,
      ),
    );
    row([name, ...cells, ...tests, String(Math.min(a.length, b.length))]);
  }
  const means = ratios.map((values) => estimate(values).mean.toFixed(3));
  row(["mean of ratios", "", "", means[0]!, "", "", "", means[1]!, "", "", "", ""]);
}

interface Side {
  readonly arm: Arm;
  /** Undefined: the row's own. */
  readonly method?: string;
}

/** Paired by task and seed, whose data are the same. */
function printPairs(all: Comparison, title: string, first: Side, second: Side): void {
  const rows = methods.flatMap(({ name }) => {
    const pairs = tasks.flatMap(({ name: task }) => {
      const others = new Map(all.of(task, second.method ?? name, second.arm).map((run) => [run.seed, run]));
      return all.of(task, first.method ?? name, first.arm).flatMap((run) => {
        const other = others.get(run.seed);
        return other === undefined || other === run ? [] : [[run, other] as const];
      });
    });
    return pairs.length === 0 ? [] : [{ name, pairs }];
  });
  if (rows.length === 0) return;
  console.log(`\n### ${title}, paired by task and seed: mean difference, Wilcoxon\n`);
  console.log(head(["method", "early", "p", "late", "p", "pairs"]));
  for (const { name, pairs } of rows) {
    const cells = [early, late].flatMap((of) => {
      const differences = pairs.map(([run, other]) => of(other) - of(run));
      return [text(differences, 4), wilcoxonSignedRank(differences).toFixed(3)];
    });
    row([name, ...cells, String(pairs.length)]);
  }
}

function printTimes(all: Comparison, task: string, arm: Arm): void {
  const rows = methods
    .map(({ name }) => ({ name, runs: all.of(task, name, arm) }))
    .filter(({ runs }) => runs.length > 0);
  const base = all.of(task, methods[0]!.name, arm);
  if (rows.length === 0 || base.length === 0) return;
  const targets = [
    { name: "99 % of the best of all", of: (run: Run) => targetShare * all.best(run) },
    { name: "random search's last best", of: (run: Run) => all.alone(run) },
  ];
  console.log(
    `\n### ${task}, rates ${arm}: epochs to a target (seeds that came there; the others count as the budget)\n`,
  );
  const columns = targets.flatMap(({ name }) => [`to ${name}`, "random's / these", "p"]);
  console.log(head(["method", ...columns, "trials", "complete", "CPU s", "CPU ms an epoch"]));
  for (const { name, runs } of rows) {
    const cells = targets.flatMap(({ of }) => {
      const [own, others] = [timesTo(runs, of), timesTo(base, of)];
      const ratio = estimate(others.times).mean / estimate(own.times).mean;
      return [timesText(own), ratio.toFixed(2), name === methods[0]!.name ? "" : pText(own.times, others.times)];
    });
    const cpu = runs.map(({ cpuSeconds }) => cpuSeconds);
    row([
      name,
      ...cells,
      estimate(runs.map(({ trials }) => trials)).mean.toFixed(0),
      estimate(runs.map(({ complete }) => complete)).mean.toFixed(0),
      text(cpu, 1),
      ((1000 * estimate(cpu).mean) / runs[0]!.epochs).toFixed(0),
    ]);
  }
}

/** Prints all tables that the runs have figures for. */
export function printReport(runs: readonly Run[]): void {
  const all = new Comparison(runs);
  const pairs = [
    ["searched", "online"],
    ["fixed", "online"],
  ] as const;
  for (const { name } of tasks) for (const pair of pairs) printArms(all, name, pair);
  for (const [first, second] of pairs)
    printPairs(all, `${second} against ${first} rates`, { arm: first }, { arm: second });
  for (const arm of arms)
    printPairs(all, `against random search, rates ${arm}`, { arm, method: methods[0]!.name }, { arm });
  for (const { name } of tasks) for (const arm of arms) printTimes(all, name, arm);
  console.log("\np: Mann and Whitney's test over seeds, two-sided, of no difference; of pairs Wilcoxon's.");
}
