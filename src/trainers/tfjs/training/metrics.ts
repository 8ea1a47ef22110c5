/**
 * Names under which the trainer reports what it measures; docs/trainer.md lists them.
 */
import type { Dataset } from "../data/dataset.ts";
import type { Evaluation } from "./evaluate.ts";

/** Metrics of one part of the data; `prefix` is "val_" or "test_". */
export function metricsOf(evaluation: Evaluation, prefix: string, task: Dataset["task"]): Record<string, number> {
  const { accuracy, f1, loss, mae, r2, rmse } = evaluation;
  return task === "classification"
    ? { [`${prefix}loss`]: loss, [`${prefix}accuracy`]: accuracy, [`${prefix}f1`]: f1 }
    : { [`${prefix}loss`]: loss, [`${prefix}rmse`]: rmse, [`${prefix}mae`]: mae, [`${prefix}r2`]: r2 };
}
