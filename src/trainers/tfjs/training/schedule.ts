/**
 * The learning rate at each step: warm-up, then constant, step, exponential, cosine or plateau.
 * Invariant: apart from plateau the rate is a pure function of the step; plateau's only state is how often it dropped.
 */
import type { Hyperparameters } from "../hyperparameters.ts";

export type SchedulePlan = Pick<
  Hyperparameters,
  "lrSchedule" | "learningRate" | "lrDecay" | "lrStepEpochs" | "lrFinal" | "warmupEpochs"
>;

const defaultDecay = { step: 0.1, exponential: 0.95, plateau: 0.5, constant: 1, cosine: 1 } as const;

/**
 * @param step 0-based, over all epochs
 * @param drops how often a plateau has been met so far
 */
export function learningRateAt(
  plan: SchedulePlan,
  step: number,
  stepsPerEpoch: number,
  epochs: number,
  drops: number,
): number {
  const base = plan.learningRate;
  const warmup = plan.warmupEpochs * stepsPerEpoch;
  if (step < warmup) return (base * (step + 1)) / (Math.floor(warmup) + 1);
  const decay = plan.lrDecay > 0 ? plan.lrDecay : defaultDecay[plan.lrSchedule];
  const epoch = Math.floor(step / stepsPerEpoch);
  switch (plan.lrSchedule) {
    case "constant":
      return base;
    case "step":
      return (
        base *
        decay ** Math.floor(epoch / (plan.lrStepEpochs > 0 ? plan.lrStepEpochs : Math.max(1, Math.ceil(epochs / 3))))
      );
    case "exponential":
      return base * decay ** epoch;
    case "cosine": {
      const total = epochs * stepsPerEpoch;
      const done = total - warmup <= 1 ? 1 : Math.min(1, (step - warmup) / (total - warmup));
      return base * (plan.lrFinal + ((1 - plan.lrFinal) * (1 + Math.cos(Math.PI * done))) / 2);
    }
    case "plateau":
      break;
  }
  return base * decay ** drops;
}

/** Follows val_loss for plateau drops and early stopping. Plain data, so that a checkpoint can hold it. */
export interface Progress {
  bestLoss: number;
  bestEpoch: number;
  /** Epochs since the last best, and since the last best or drop. */
  sinceBest: number;
  sinceDrop: number;
  drops: number;
}

export function newProgress(): Progress {
  return { bestLoss: Number.POSITIVE_INFINITY, bestEpoch: 0, sinceBest: 0, sinceDrop: 0, drops: 0 };
}

/** Takes in an epoch's val_loss. Says whether it is the best so far and whether patience has run out. */
export function observeEpoch(
  progress: Progress,
  epoch: number,
  loss: number,
  patience: { readonly plateau: number; readonly stop: number },
): { readonly best: boolean; readonly stop: boolean } {
  const best = loss < progress.bestLoss;
  if (best) {
    progress.bestLoss = loss;
    progress.bestEpoch = epoch;
    progress.sinceBest = 0;
    progress.sinceDrop = 0;
  } else {
    progress.sinceBest++;
    progress.sinceDrop++;
    if (patience.plateau > 0 && progress.sinceDrop >= patience.plateau) {
      progress.drops++;
      progress.sinceDrop = 0;
    }
  }
  return { best, stop: patience.stop > 0 && progress.sinceBest >= patience.stop };
}
