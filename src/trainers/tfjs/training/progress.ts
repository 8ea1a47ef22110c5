/**
 * Follows one metric from epoch to epoch, for plateau drops and early stopping.
 * Invariant: plain data that a checkpoint can hold; the same values in the same order give the same decisions.
 */
import { BasinError } from "../../../core/errors.ts";
import type { Hyperparameters } from "../hyperparameters.ts";
import type { MonitorName } from "../hyperparameterTable.ts";

export interface Progress {
  /** Best value so far, and its epoch; null before the first one. */
  best: number | null;
  bestEpoch: number;
  /** What early stopping compares with, and the epochs since it last became better by the least change. */
  stopReference: number | null;
  sinceBest: number;
  /** The same for plateaus; a drop starts the count again. */
  plateauReference: number | null;
  sinceDrop: number;
  drops: number;
}

export interface ProgressPlan {
  readonly monitor: MonitorName;
  /** Epochs; 0 = never. */
  readonly stopPatience: number;
  /** The least absolute change that counts for stopping. */
  readonly stopMinDelta: number;
  readonly plateauPatience: number;
  /** The least change that counts for plateaus, relative to the value compared with. */
  readonly plateauThreshold: number;
  /** Plateaus are not looked for up to this epoch. */
  readonly plateauAfter: number;
}

/** @throws BasinError "invalid-params" when the task does not have the metric */
export function progressPlan(
  h: Hyperparameters,
  task: "classification" | "regression",
  warmupEpochs: number,
): ProgressPlan {
  const available =
    task === "classification" ? ["val_loss", "val_accuracy", "val_f1"] : ["val_loss", "val_rmse", "val_mae", "val_r2"];
  if (!available.includes(h.monitor))
    throw new BasinError(
      "invalid-params",
      `monitor is ${h.monitor}, which a ${task} does not have.`,
      `It is one of ${available.join(", ")}.`,
    );
  return {
    monitor: h.monitor,
    stopPatience: h.earlyStoppingPatience,
    stopMinDelta: h.earlyStoppingMinDelta,
    plateauPatience: h.lrSchedule === "plateau" ? h.plateauPatience : 0,
    plateauThreshold: h.plateauThreshold,
    plateauAfter: warmupEpochs,
  };
}

export function newProgress(): Progress {
  return {
    best: null,
    bestEpoch: 0,
    stopReference: null,
    sinceBest: 0,
    plateauReference: null,
    sinceDrop: 0,
    drops: 0,
  };
}

/** Whether `value` is better than `reference` by more than `least`. What is no number is never better. */
function improves(monitor: MonitorName, value: number, reference: number | null, least: number): boolean {
  if (Number.isNaN(value)) return false;
  if (reference === null) return true;
  const more = monitor === "val_accuracy" || monitor === "val_f1" || monitor === "val_r2";
  return more ? value > reference + least : value < reference - least;
}

/** Takes in the metric of an epoch (1-based). Says whether it is the best so far and whether patience has run out. */
export function observeEpoch(
  progress: Progress,
  epoch: number,
  value: number,
  plan: ProgressPlan,
): { readonly best: boolean; readonly stop: boolean } {
  const { monitor } = plan;
  const best = improves(monitor, value, progress.best, 0);
  if (best) {
    progress.best = value;
    progress.bestEpoch = epoch;
  }
  if (improves(monitor, value, progress.stopReference, plan.stopMinDelta)) {
    progress.stopReference = value;
    progress.sinceBest = 0;
  } else {
    progress.sinceBest++;
  }
  if (plan.plateauPatience > 0 && epoch > plan.plateauAfter) {
    const least = plan.plateauThreshold * Math.abs(progress.plateauReference ?? 0);
    if (improves(monitor, value, progress.plateauReference, least)) {
      progress.plateauReference = value;
      progress.sinceDrop = 0;
    } else if (++progress.sinceDrop >= plan.plateauPatience) {
      progress.drops++;
      progress.sinceDrop = 0;
    }
  }
  return { best, stop: patienceIsOver(progress, plan) };
}

/** Whether early stopping ends the run here. */
export function patienceIsOver(progress: Progress, plan: ProgressPlan): boolean {
  return plan.stopPatience > 0 && progress.sinceBest >= plan.stopPatience;
}
