/** Sharpness among a study's metrics, by estimator. Invariant: offers only what at least one trial has a value of. */
import type { TrialColumns } from "../../src/core/columns.ts";
import type { SharpnessRequest } from "../../src/core/flatness.ts";
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

/** Numbers of one kind, told apart by an id. */
interface Found {
  readonly id: string;
  readonly metric: string;
  readonly values: Float64Array;
}

/** In the order of the estimators' list, other ones after them. */
function described(found: readonly Found[], note: string): readonly SharpnessColumn[] {
  const order = Object.keys(estimators);
  const rank = (id: string): number => (isEstimator(id) ? order.indexOf(id) : order.length);
  return found
    .toSorted((a, b) => rank(a.id) - rank(b.id))
    .map(({ id, metric, values }) => {
      const known = isEstimator(id)
        ? estimators[id]
        : { label: id, formula: "", measures: "", dependsOnBatchSize: false };
      return { ...known, metric, values, label: `${known.label}${note}` };
    });
}

/** What trials reported, as the study asked for it. */
export function sharpnessColumns(columns: TrialColumns): readonly SharpnessColumn[] {
  const found = columns.metrics
    .filter(
      ({ metric, values }) =>
        metric.startsWith(prefix) && !beside.test(metric) && values.some((value) => !Number.isNaN(value)),
    )
    .map(({ metric, values }) => ({ id: metric.slice(prefix.length), metric, values }));
  return described(found, "");
}

/** A trial that was measured on request. */
export interface Measured {
  readonly number: number;
  readonly request: SharpnessRequest;
  readonly values: Readonly<Record<string, number>>;
}

/**
 * What was measured on request. It is kept apart from what trials reported, and of different probes only the most used one
 * is taken: values of different samples or batches do not compare.
 * @param rowOf row of a trial, -1 = unknown
 */
export function measuredColumns(
  measured: readonly Measured[],
  count: number,
  rowOf: (number: number) => number,
): readonly SharpnessColumn[] {
  const byProbe = Map.groupBy(measured, ({ request: { samples, batch } }) => `${samples} samples, batches of ${batch}`);
  let probe = "";
  let most: readonly Measured[] = [];
  for (const [name, group] of byProbe) if (group.length > most.length) [probe, most] = [name, group];
  const byId = new Map<string, Float64Array>();
  for (const { number, values } of most) {
    const row = rowOf(number);
    if (row < 0) continue;
    for (const [id, value] of Object.entries(values)) {
      if (beside.test(id)) continue;
      let column = byId.get(id);
      if (column === undefined) byId.set(id, (column = new Float64Array(count).fill(Number.NaN)));
      column[row] = value;
    }
  }
  const found = [...byId].map(([id, values]) => ({ id, metric: `on request: ${id}`, values }));
  return described(found, ` (${probe})`);
}
