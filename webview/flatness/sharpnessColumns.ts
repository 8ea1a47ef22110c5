/** Sharpness among a study's metrics, by estimator. Invariant: offers only what at least one trial has a value of. */
import type { TrialColumns } from "../../src/core/columns.ts";
import { estimators, type EstimatorId } from "../../src/core/sharpness.ts";

const prefix = "sharpness.";
/** What is reported beside a measure and is none: standard errors, residuals. */
const beside = /\.(?:se|residual)$/u;

export interface SharpnessColumn {
  /** Name of the metric. */
  readonly metric: string;
  readonly label: string;
  /** Formula and what it does and does not measure; empty for what another trainer sent under a name of its own. */
  readonly formula: string;
  readonly measures: string;
  readonly dependsOnBatchSize: boolean;
  readonly values: Float64Array;
}

function isEstimator(id: string): id is EstimatorId {
  return Object.hasOwn(estimators, id);
}

/** In the order of the estimators' list, other ones after them. */
export function sharpnessColumns(columns: TrialColumns): readonly SharpnessColumn[] {
  const order = Object.keys(estimators);
  const rank = (id: string): number => (isEstimator(id) ? order.indexOf(id) : order.length);
  return columns.metrics
    .filter(
      ({ metric, values }) =>
        metric.startsWith(prefix) && !beside.test(metric) && values.some((value) => !Number.isNaN(value)),
    )
    .map(({ metric, values }) => ({ id: metric.slice(prefix.length), metric, values }))
    .sort((a, b) => rank(a.id) - rank(b.id))
    .map(({ id, metric, values }) =>
      isEstimator(id)
        ? { metric, values, ...estimators[id] }
        : { metric, values, label: id, formula: "", measures: "", dependsOnBatchSize: false },
    );
}
