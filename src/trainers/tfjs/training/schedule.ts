/**
 * The learning rate at each step: warm-up, then constant, step, exponential, cosine, one-cycle or plateau.
 * Sources: cosine Loshchilov and Hutter 2017; one-cycle Smith and Topin 2018.
 * Invariant: apart from plateau the rate is a pure function of the step; plateau's only state is how often it dropped.
 */
import type { Hyperparameters } from "../hyperparameters.ts";

export type SchedulePlan = Pick<
  Hyperparameters,
  | "lrSchedule"
  | "learningRate"
  | "lrDecay"
  | "lrStepEpochs"
  | "lrFinal"
  | "plateauMinLr"
  | "oneCycleWarmup"
  | "oneCycleDiv"
  | "oneCycleFinalDiv"
  | "oneCycleMomentum"
  | "warmupEpochs"
>;

/** How long a run is. */
export interface RunLength {
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

const defaultDecay = 0.1;
const defaultExponentialDecay = 0.95;

/** From `from` to `to` along half a cosine; share 0 .. 1. */
const alongCosine = (from: number, to: number, share: number): number =>
  to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;

/** Steps of warm-up. */
function warmupSteps(plan: SchedulePlan, run: RunLength): number {
  return plan.warmupEpochs * run.stepsPerEpoch;
}

/** Epochs that belong to the warm-up at least in part: a plateau is not looked for in them. */
export function warmupEpochs(plan: SchedulePlan): number {
  return Math.ceil(plan.warmupEpochs);
}

/**
 * Where in a one-cycle a step stands: rising or falling, and how far. The rise ends one step before its share of the steps,
 * the fall at the last step.
 */
function cycleAt(
  plan: SchedulePlan,
  step: number,
  run: RunLength,
): { readonly rising: boolean; readonly share: number } {
  const warmup = warmupSteps(plan, run);
  const total = run.epochs * run.stepsPerEpoch - warmup;
  const done = Math.max(0, step - warmup);
  const peak = Math.max(0, plan.oneCycleWarmup * total - 1);
  if (done <= peak && peak > 0) return { rising: true, share: done / peak };
  const rest = total - 1 - peak;
  return { rising: false, share: rest <= 0 ? 1 : Math.min(1, (done - peak) / rest) };
}

/**
 * @param step 0-based, over all epochs
 * @param drops how often a plateau has been met so far
 */
export function learningRateAt(plan: SchedulePlan, step: number, run: RunLength, drops: number): number {
  const base = plan.learningRate;
  const { stepsPerEpoch, epochs } = run;
  const warmup = warmupSteps(plan, run);
  const { rising, share } = cycleAt(plan, step, run);
  const first = plan.lrSchedule === "oneCycle" ? base / plan.oneCycleDiv : base;
  if (step < warmup) return (first * (step + 1)) / (Math.floor(warmup) + 1);
  // The schedule's own clock begins when the warm-up is over.
  const epoch = Math.floor((step - warmup) / stepsPerEpoch + 1e-9);
  const decay = plan.lrDecay > 0 ? plan.lrDecay : defaultDecay;
  switch (plan.lrSchedule) {
    case "constant":
      return base;
    case "step": {
      const every =
        plan.lrStepEpochs > 0 ? plan.lrStepEpochs : Math.max(1, Math.ceil((epochs - plan.warmupEpochs) / 3));
      return base * decay ** Math.floor(epoch / every);
    }
    case "exponential":
      return base * (plan.lrDecay > 0 ? plan.lrDecay : defaultExponentialDecay) ** epoch;
    case "cosine": {
      const total = epochs * stepsPerEpoch;
      const done = total - warmup <= 1 ? 1 : Math.min(1, (step - warmup) / (total - warmup));
      return alongCosine(base, base * plan.lrFinal, done);
    }
    case "oneCycle":
      return rising ? alongCosine(first, base, share) : alongCosine(base, first / plan.oneCycleFinalDiv, share);
    case "plateau":
      break;
  }
  return Math.max(base * decay ** drops, Math.min(base, plan.plateauMinLr));
}

/** The momentum at both ends of a one-cycle: `beta1` is Adam's. */
export function largestMomentum(h: Hyperparameters): number {
  return h.optimizer === "adam" || h.optimizer === "adamw" ? h.beta1 : h.momentum;
}

/** The momentum of a one-cycle whose momentum moves; undefined where it stays as it is. `most` is the one at both ends. */
export function momentumAt(plan: SchedulePlan, most: number, step: number, run: RunLength): number | undefined {
  if (plan.lrSchedule !== "oneCycle" || plan.oneCycleMomentum === 0) return undefined;
  const { rising, share } = cycleAt(plan, step, run);
  return rising ? alongCosine(most, plan.oneCycleMomentum, share) : alongCosine(plan.oneCycleMomentum, most, share);
}
