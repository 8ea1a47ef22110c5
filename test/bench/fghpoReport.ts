/**
 * What the runs of the FGHPO benchmark come to: accuracies with wins, ties and losses, cost, what each part of the method brings,
 * and what one-epoch signals tell of curvature and of the end.
 * Invariant: pure; a repeat counts once random search and FGHPO have played it, another method with the repeats that it has played.
 */
import { spearman } from "../../src/core/rankCorrelation.ts";
import type { Run, TrialRecord } from "./fghpoRun.ts";
import { benjaminiHochberg, mannWhitney, meanInterval, varghaDelaney, wilcoxonSignedRank } from "./statistics.ts";

const alpha = 0.05;

export interface Verdict {
  readonly method: string;
  readonly median: number;
  readonly mean: number;
  /** Adjusted p against the best; 1 for the best itself. */
  readonly p: number;
  /** How often the best is ahead, ties counting half. */
  readonly bestAhead: number;
  readonly verdict: "win" | "tie" | "loss";
}

export const rule =
  "Win: the best median (then mean), and significantly different from every other method. Tie: not significantly different from the one with the best median. Loss: the rest. Two-sided Mann-Whitney tests of all pairs, Benjamini-Hochberg over the pairs of a data set, 5 %.";

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** Who wins on one data set, by `rule`. @param scores larger is better; O(methods^2 repeats log repeats) */
export function verdictsOf(scores: ReadonlyMap<string, readonly number[]>): Verdict[] {
  const names = [...scores.keys()];
  const own = (name: string): readonly number[] => scores.get(name) ?? [];
  const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b] as const));
  const adjusted = benjaminiHochberg(pairs.map(([a, b]) => mannWhitney(own(a), own(b)).p));
  const between = (a: string, b: string): number => {
    const i = pairs.findIndex(([x, y]) => (x === a && y === b) || (x === b && y === a));
    return adjusted[i] ?? 1;
  };
  const [best = ""] = names.toSorted(
    (a, b) => medianOf(own(b)) - medianOf(own(a)) || mean(own(b)) - mean(own(a)) || names.indexOf(a) - names.indexOf(b),
  );
  return names.map((method): Verdict => {
    const p = between(method, best);
    const wins = method === best && names.every((other) => other === best || between(best, other) < alpha);
    const verdict = wins ? "win" : method === best || p >= alpha ? "tie" : "loss";
    return {
      method,
      median: medianOf(own(method)),
      mean: mean(own(method)),
      p,
      bestAhead: varghaDelaney(own(best), own(method)),
      verdict,
    };
  });
}

const contenders = ["random", "random, same cost", "FGHPO", "FGHPO paper", "TPE", "TuRBO", "HEBO", "BOHB"] as const;
const played = ["random", "FGHPO", "FGHPO paper", "TPE", "TuRBO", "HEBO", "BOHB"] as const;

/** Methods with fewer repeats are left out: no test could say anything of them. */
const fewestRepeats = 3;

/** One seed of one data set. */
interface Repeat {
  readonly data: string;
  readonly seed: number;
  readonly runs: ReadonlyMap<string, Run>;
}

function repeatsOf(runs: readonly Run[]): Repeat[] {
  const keys = new Map<string, Map<string, Run>>();
  for (const run of runs) {
    const key = `${run.data} ${run.seed}`;
    const known = keys.get(key) ?? new Map<string, Run>();
    keys.set(key, known.set(run.method, run));
  }
  return [...keys.values()].flatMap((own) => {
    const random = own.get("random");
    return random !== undefined && own.has("FGHPO") && own.has("FGHPO paper")
      ? [{ data: random.data, seed: random.seed, runs: own }]
      : [];
  });
}

/** Test accuracy of the one chosen by validation among some of random search's trials. */
function chosen(all: readonly TrialRecord[], numbers: Iterable<number>): number {
  const some = [...numbers].flatMap((number) => all.filter((trial) => trial.number === number));
  const [winner] = some.toSorted(
    (a, b) =>
      (b.validation ?? -1) - (a.validation ?? -1) ||
      (a.validationLoss ?? Infinity) - (b.validationLoss ?? Infinity) ||
      a.number - b.number,
  );
  return winner?.test ?? Number.NaN;
}

const trialsOf = (repeat: Repeat, method: string): readonly TrialRecord[] => repeat.runs.get(method)?.trials ?? [];

/** Random search with the epochs that FGHPO took. */
function sameCost(repeat: Repeat): number {
  const random = repeat.runs.get("random")!;
  const trials = Math.floor((repeat.runs.get("FGHPO")!.epochs / random.epochs) * random.complete + 1e-9);
  return chosen(
    trialsOf(repeat, "random"),
    Array.from({ length: trials }, (_, i) => i),
  );
}

/** A way to choose ten of the same fifty, by what they show after one epoch. */
interface Choice {
  readonly name: string;
  readonly gate: boolean;
  readonly by?: { readonly method: "FGHPO" | "FGHPO paper"; readonly metric: string; readonly highest?: boolean };
}

const choices: readonly Choice[] = [
  { name: "the first ten", gate: false },
  { name: "the first ten that pass the gate", gate: true },
  ...(
    [
      ["FGHPO", "exact-frobenius", "exact-frobenius"],
      ["FGHPO", "rms", "rms, batches of 64"],
      ["FGHPO paper", "penultimate", "penultimate, own batches"],
      ["FGHPO paper", "theorem1", "theorem1, own batches"],
      ["FGHPO paper", "product", "product, own batches"],
    ] as const
  ).flatMap(([method, id, label]): Choice[] => [
    { name: `lowest ${label}`, gate: false, by: { method, metric: `sharpness.${id}` } },
    { name: `gate, lowest ${label}`, gate: true, by: { method, metric: `sharpness.${id}` } },
  ]),
  {
    name: "gate, highest exact-frobenius",
    gate: true,
    by: { method: "FGHPO", metric: "sharpness.exact-frobenius", highest: true },
  },
  { name: "lowest validation loss", gate: false, by: { method: "FGHPO", metric: "val_loss" } },
];

const kept = 10;

function chooses(repeat: Repeat, { gate, by }: Choice): number {
  const judged = trialsOf(repeat, "FGHPO");
  const ranked = trialsOf(repeat, by?.method ?? "FGHPO");
  const sign = by?.highest === true ? -1 : 1;
  const keyOf = (number: number): number => {
    if (by === undefined) return number;
    const value = ranked.find((trial) => trial.number === number)?.first[by.metric] ?? Number.NaN;
    return Number.isFinite(value) && (value > 0 || by.metric === "val_loss") ? sign * value : Infinity;
  };
  // The gate as the scheduler has it: 0.98 of the loss of who knows nothing.
  const passes = ({ first }: TrialRecord): boolean =>
    !gate || (first["loss"] ?? Infinity) < 0.98 * (first["baseline_loss"] ?? 0);
  const able = judged.filter((trial) => passes(trial) && keyOf(trial.number) < Infinity).map(({ number }) => number);
  return chosen(trialsOf(repeat, "random"), able.toSorted((a, b) => keyOf(a) - keyOf(b) || a - b).slice(0, kept));
}

interface Correlation {
  readonly signal: string;
  /** Means of Spearman's coefficients over data sets and seeds; `n` of them. */
  readonly frobenius: number;
  readonly top: number;
  readonly test: number;
  readonly half: number;
  readonly n: number;
  readonly topN: number;
}

const signals = [
  ["FGHPO paper", "sharpness.theorem1", "theorem1, own batches"],
  ["FGHPO paper", "sharpness.penultimate", "penultimate, own batches"],
  ["FGHPO paper", "sharpness.product", "product, own batches"],
  ["FGHPO paper", "sharpness.rms", "rms, own batches"],
  ["FGHPO", "sharpness.rms", "rms, batches of 64"],
  ["FGHPO", "sharpness.exact-trace", "exact-trace"],
  ["FGHPO", "sharpness.exact-frobenius", "exact-frobenius"],
  ["spectrum", "sharpness.top-eigenvalue", "top-eigenvalue"],
  ["FGHPO", "loss", "training loss"],
  ["FGHPO", "val_loss", "validation loss"],
] as const;

function correlationsOf(repeats: readonly Repeat[]): Correlation[] {
  const series = (repeat: Repeat, method: string, value: (trial: TrialRecord) => number | undefined): number[] => {
    const byNumber = new Map(trialsOf(repeat, method).map((trial) => [trial.number, value(trial)]));
    return trialsOf(repeat, "random").map(({ number }) => byNumber.get(number) ?? Number.NaN);
  };
  return signals.map(([method, metric, signal]): Correlation => {
    const against = (other: string, value: (trial: TrialRecord) => number | undefined): number[] =>
      repeats.flatMap((repeat) => {
        const own = series(repeat, method, ({ first }) => first[metric]);
        const { rho } = spearman(own, series(repeat, other, value));
        return Number.isNaN(rho) ? [] : [rho];
      });
    const test = against("random", (trial) => trial.test);
    const top = against("spectrum", ({ first }) => first["sharpness.top-eigenvalue"]);
    const interval = meanInterval(test);
    return {
      signal,
      frobenius: mean(against("FGHPO", ({ first }) => first["sharpness.exact-frobenius"])),
      top: mean(top),
      test: interval.mean,
      half: interval.half,
      n: test.length,
      topN: top.length,
    };
  });
}

export function summaryOf(runs: readonly Run[]) {
  const repeats = repeatsOf(runs);
  const names = [...new Set(repeats.map(({ data }) => data))];
  const scoresOf = (own: readonly Repeat[], method: string): number[] =>
    own.flatMap((repeat) => {
      if (method === "random, same cost") return [sameCost(repeat)];
      const run = repeat.runs.get(method);
      return run === undefined ? [] : [run.test];
    });
  const data = names.map((name) => {
    const own = repeats.filter((repeat) => repeat.data === name);
    const scores = new Map(
      contenders
        .map((method) => [method as string, scoresOf(own, method)] as const)
        .filter(([, list]) => list.length >= fewestRepeats),
    );
    const share = (method: string, of: (run: Run) => number): number =>
      mean(
        own.flatMap(({ runs: all }) => {
          const run = all.get(method);
          return run === undefined ? [] : [of(run) / of(all.get("random")!)];
        }),
      );
    return {
      name,
      seeds: own.map(({ seed }) => seed),
      scores: Object.fromEntries(scores),
      verdicts: verdictsOf(scores),
      cost: played.map((method) => ({
        method,
        epochs: share(method, (run) => run.epochs),
        trainingCpu: share(method, (run) => run.trainingCpuSeconds),
        cpu: share(method, (run) => run.cpuSeconds),
      })),
      passed: mean(own.map((repeat) => trialsOf(repeat, "FGHPO").filter(({ gated }) => gated !== true).length)),
    };
  });
  const reference = repeats.map((repeat) => chooses(repeat, choices[1]!));
  const parts = choices.map((choice) => {
    const found = repeats.map((repeat) => chooses(repeat, choice));
    const differences = found.map((value, i) => value - reference[i]!).filter((value) => !Number.isNaN(value));
    return {
      choice: choice.name,
      test: mean(found.filter((value) => !Number.isNaN(value))),
      none: found.filter((value) => Number.isNaN(value)).length,
      difference: differences.length === 0 ? Number.NaN : mean(differences),
      p: wilcoxonSignedRank(differences),
    };
  });
  const odd = repeats.flatMap((repeat) =>
    trialsOf(repeat, "FGHPO").filter(
      ({ number, test }) =>
        test !== undefined && trialsOf(repeat, "random").find((one) => one.number === number)?.test !== test,
    ),
  ).length;
  return { rule, data, parts, correlations: correlationsOf(repeats), trainedOtherwise: odd };
}

export type Summary = ReturnType<typeof summaryOf>;

const percent = (value: number): string => (100 * value).toFixed(1);
const signed = (value: number): string =>
  Number.isNaN(value) ? "–" : `${value >= 0 ? "+" : "-"}${Math.abs(value).toFixed(2)}`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The summary as Markdown. */
export function reportOf({ data, parts, correlations, trainedOtherwise }: Summary): string {
  if (data.length === 0) return "No data set has a seed that all methods have played.";
  const shown = contenders.filter((method) => data.some(({ scores }) => scores[method] !== undefined));
  const accuracy = table(
    ["test accuracy, median (mean), %", ...data.map(({ name }) => name), "wins / ties / losses"],
    shown.map((method) => {
      const own = data.map(({ verdicts }) => verdicts.find((verdict) => verdict.method === method));
      const count = (verdict: string): number => own.filter((one) => one?.verdict === verdict).length;
      const cells = own.map((one, i) =>
        one === undefined
          ? "–"
          : `${percent(one.median)} (${percent(one.mean)}), ${data[i]!.scores[method]!.length} repeats: ${one.verdict}`,
      );
      return [method, ...cells, `${count("win")} / ${count("tie")} / ${count("loss")}`];
    }),
  );
  const ahead = table(
    ["FGHPO is ahead (A12)", ...data.map(({ name }) => name)],
    shown
      .filter((method) => method !== "FGHPO")
      .map((method) => [
        `of ${method}`,
        ...data.map(({ scores }) => {
          const [a, b] = [scores["FGHPO"] ?? [], scores[method] ?? []];
          if (a.length === 0 || b.length === 0) return "–";
          return `${varghaDelaney(a, b).toFixed(2)} (p ${mannWhitney(a, b).p.toFixed(2)})`;
        }),
      ]),
  );
  const cost = table(
    ["% of random search: epochs, CPU of trainings, all CPU", ...data.map(({ name }) => name)],
    played.map((method) => [
      method,
      ...data.map((one) => {
        const own = one.cost.find((entry) => entry.method === method)!;
        if (Number.isNaN(own.epochs)) return "–";
        return `${percent(own.epochs)}, ${percent(own.trainingCpu)}, ${percent(own.cpu)}`;
      }),
    ]),
  );
  const brings = table(
    [
      "ten of the same fifty",
      "mean test accuracy, %",
      "against the first ten that pass (points)",
      "p (Wilcoxon)",
      "chose nobody",
    ],
    parts.map(({ choice, difference, none, p, test }) => [
      choice,
      percent(test),
      signed(100 * difference),
      p.toFixed(3),
      String(none),
    ]),
  );
  const tells = table(
    ["after one epoch", "exact-frobenius", "top eigenvalue", "final test accuracy"],
    correlations.map(({ frobenius, half, signal, test, top }) => [
      signal,
      signed(frobenius),
      signed(top),
      `${signed(test)} ± ${half.toFixed(2)}`,
    ]),
  );
  const passed = data.map(({ name, passed: count }) => `${name} ${count.toFixed(0)}`).join(", ");
  return [
    accuracy,
    rule,
    ahead,
    cost,
    brings,
    `Of 50 configurations passed the gate on average: ${passed}. Trials that FGHPO trained otherwise than random search: ${trainedOtherwise}.`,
    tells,
    `Means of Spearman's coefficients over data sets and repeats; those with the top eigenvalue of ${correlations[0]?.topN ?? 0} repeats.`,
  ].join("\n\n");
}
