/**
 * The hyperparameters that enter the training objective as smooth terms, each with the derivative of the objective by it.
 * Everything else (learning rate, momentum, batch size, epochs, dropout, sizes) steers how the objective is minimised or which
 * model it is of, and has no such derivative. Adding one: an entry here, and its case in hypergradients.contract.ts.
 */
import { rngForKey } from "../../../core/rng.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { HyperparameterTable } from "../hyperparameterTable.ts";
import type { Scalar, Tensor, Tf } from "../tf.ts";
import type { HeadOptions } from "../training/head.ts";
import { tensorLoss } from "../training/tensorHead.ts";

/** d(objective)/d(lambda) as a function of the weights: half their squared norm where they are decayed, or a mean over rows. */
export type ObjectiveSlope =
  | { readonly kind: "halfSquares" }
  | {
      readonly kind: "rows";
      /** Mean over the rows of `output`; `targets` holds class indices or values. */
      readonly meanOf: (tf: Tf, output: Tensor, targets: Float32Array) => Scalar;
    };

/** Their names. */
export const differentiableNames = [
  "weightDecay",
  "labelSmoothing",
  "huberDelta",
] as const satisfies readonly (keyof HyperparameterTable)[];

/** Metrics that are smooth functions of the validation loss, by task. */
export const smoothMetrics = {
  classification: ["val_loss"],
  regression: ["val_loss", "val_rmse", "val_r2"],
} as const;

export interface Differentiable {
  readonly name: (typeof differentiableNames)[number];
  readonly slope: ObjectiveSlope;
}

/** Those of them that the trial was given and that its objective depends on. */
export function differentiableOf(h: Hyperparameters, head: HeadOptions): Differentiable[] {
  const found: Differentiable[] = [];
  const value = head.output === "value";
  // Decoupled decay is a part of AdamW's step and of no objective.
  if (h.given.has("weightDecay") && h.optimizer !== "adamw")
    found.push({ name: "weightDecay", slope: { kind: "halfSquares" } });
  if (h.given.has("labelSmoothing") && !value)
    found.push({ name: "labelSmoothing", slope: { kind: "rows", meanOf: smoothingSlope(head) } });
  if (h.given.has("huberDelta") && value && h.huberDelta > 0)
    found.push({ name: "huberDelta", slope: { kind: "rows", meanOf: huberSlope(h.huberDelta) } });
  return found;
}

/** The cross-entropy is linear in the smoothing: its slope is its value at 1 less that at 0. */
function smoothingSlope(head: HeadOptions): Extract<ObjectiveSlope, { kind: "rows" }>["meanOf"] {
  return (tf, output, targets) =>
    tf.sub(
      tensorLoss(tf, output, targets, { ...head, labelSmoothing: 1 }),
      tensorLoss(tf, output, targets, { ...head, labelSmoothing: 0 }),
    );
}

/** delta (|r| - delta / 2) beyond delta: |r| - delta there, 0 below. */
function huberSlope(delta: number): Extract<ObjectiveSlope, { kind: "rows" }>["meanOf"] {
  return (tf, output, targets) =>
    tf.mean(tf.relu(tf.sub(tf.abs(tf.sub(output, tf.tensor(targets, output.shape))), delta)));
}

/**
 * The derivative of a metric by the mean validation loss, from the metrics themselves; undefined where the metric is no smooth
 * function of it. val_rmse = s sqrt(loss), val_r2 = 1 - loss / variance.
 */
export function metricByLoss(metric: string, metrics: Readonly<Record<string, number>>): number | undefined {
  const loss = metrics["val_loss"] ?? Number.NaN;
  if (metric === "val_loss") return 1;
  const own = metrics[metric] ?? Number.NaN;
  const slope = metric === "val_rmse" ? own / (2 * loss) : metric === "val_r2" ? (own - 1) / loss : Number.NaN;
  return Number.isFinite(slope) ? slope : undefined;
}

/** Rows of the training part that stand for all of it: the same for every trial of a study, in increasing order. */
export function probeRows(rows: number, most: number): Int32Array {
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  if (rows <= most) return all;
  return Int32Array.from(
    rngForKey("hypergradient probe")
      .shuffle([...all])
      .slice(0, most),
  ).sort();
}
