/**
 * What a trial's topology can be set against its objective by: the study's own score, or what the matrix of pairs gives.
 * Invariant: a trial without a value has NaN; a mean is over the known pairs of that trial alone.
 */
import type { TopologyMatrix, TopologyReport } from "../../src/protocol/topology.ts";

export const againstChoices = ["plan", "mean", "best"] as const;
export type Against = (typeof againstChoices)[number];

export const againstLabels: Readonly<Record<Against, string>> = {
  plan: "Study's score",
  mean: "Mean to the others",
  best: "To the best trial",
};

/** The choices there is data for. */
export function availableAgainst(report: TopologyReport, matrix: TopologyMatrix | undefined): readonly Against[] {
  const known = matrix !== undefined && matrix.done > 0;
  return againstChoices.filter((choice) => (choice === "plan" ? report.plan !== undefined : known));
}

export interface AgainstValues {
  readonly number: Int32Array;
  readonly values: Float64Array;
  /** Title of the axis. */
  readonly title: string;
  readonly name: string;
}

/** @param best number of the best trial; -1 = none */
export function againstValues(
  choice: Against,
  report: TopologyReport,
  matrix: TopologyMatrix | undefined,
  best: number,
): AgainstValues {
  if (choice === "plan" || matrix === undefined) {
    const title = report.plan === undefined ? "RTD" : `RTD, ${report.plan.variant}`;
    return { number: report.trials.number, values: report.trials.score, title, name: "rtd" };
  }
  const { number, scores } = matrix;
  const n = number.length;
  if (choice === "best") {
    const row = number.indexOf(best);
    const values = Float64Array.from({ length: n }, (_, i) => (row < 0 ? Number.NaN : scores[row * n + i]!));
    return { number, values, title: `RTD to #${best}, the best`, name: `rtd to ${best}` };
  }
  const values = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    let known = 0;
    for (let j = 0; j < n; j++) {
      const score = scores[i * n + j]!;
      if (j === i || Number.isNaN(score)) continue;
      sum += score;
      known++;
    }
    return known === 0 ? Number.NaN : sum / known;
  });
  return { number, values, title: "mean RTD to the other trials", name: "mean rtd" };
}
