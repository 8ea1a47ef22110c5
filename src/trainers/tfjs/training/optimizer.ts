/**
 * Update rules of the built-in trainer, each as one function over the numbers of one variable.
 * Sources: momentum Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013; Adam Kingma and Ba 2015; AdamW
 * Loshchilov and Hutter 2019; RMSprop Tieleman and Hinton 2012.
 * Invariant: weights and slots after n updates depend only on the gradients, so a restored state goes on exactly.
 */
import type { Hyperparameters } from "../hyperparameters.ts";

export type OptimizerPlan = Pick<
  Hyperparameters,
  "optimizer" | "momentum" | "beta1" | "beta2" | "rho" | "epsilon" | "weightDecay" | "gradClip"
> & {
  /** Whether `momentum` was given: `sgd` and `rmsprop` use it only then. */
  readonly momentumGiven: boolean;
};

export function optimizerPlan(h: Hyperparameters): OptimizerPlan {
  return { ...h, momentumGiven: h.given.has("momentum") };
}

/** The rule that is meant: "sgd" with a momentum is "momentum". */
export function effectiveRule(plan: OptimizerPlan): OptimizerPlan["optimizer"] {
  return plan.optimizer === "sgd" && plan.momentumGiven && plan.momentum > 0 ? "momentum" : plan.optimizer;
}

/** Numbers kept for each weight. */
export function slotCount(plan: OptimizerPlan): number {
  switch (effectiveRule(plan)) {
    case "sgd":
      return 0;
    case "momentum":
    case "nesterov":
      return 1;
    case "rmsprop":
      return plan.momentumGiven && plan.momentum > 0 ? 2 : 1;
    case "adam":
    case "adamw":
      break;
  }
  return 2;
}

export interface Update {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly slots: readonly Float32Array[];
  /** Receives the new weights; may be `weights`. */
  readonly out: Float32Array;
  readonly learningRate: number;
  /** 1 for the first update. */
  readonly time: number;
  /** Multiplies the gradient first (clipping). */
  readonly scale: number;
  /** Whether weight decay applies to this variable. */
  readonly decays: boolean;
}

const none = new Float32Array(0);

/** One update of one variable. O(weights), no allocation. */
export function applyUpdate(plan: OptimizerPlan, update: Update): void {
  const { weights, gradient, out, learningRate: rate, time, scale } = update;
  const rule = effectiveRule(plan);
  const decay = update.decays ? plan.weightDecay : 0;
  const l2 = rule === "adamw" ? 0 : decay;
  const n = weights.length;
  const first = update.slots[0] ?? none;
  const second = update.slots[1] ?? none;
  switch (rule) {
    case "sgd":
      for (let i = 0; i < n; i++) out[i] = weights[i]! - rate * (scale * gradient[i]! + l2 * weights[i]!);
      return;
    case "momentum":
    case "nesterov": {
      const mu = plan.momentum;
      const ahead = rule === "nesterov";
      for (let i = 0; i < n; i++) {
        const g = scale * gradient[i]! + l2 * weights[i]!;
        const v = mu * first[i]! + g;
        first[i] = v;
        out[i] = weights[i]! - rate * (ahead ? g + mu * v : v);
      }
      return;
    }
    case "adam":
    case "adamw": {
      const { beta1, beta2, epsilon } = plan;
      const meanScale = rate / (1 - beta1 ** time);
      const squareScale = 1 / (1 - beta2 ** time);
      const keep = rule === "adamw" ? 1 - rate * decay : 1;
      for (let i = 0; i < n; i++) {
        const g = scale * gradient[i]! + l2 * weights[i]!;
        const m = beta1 * first[i]! + (1 - beta1) * g;
        const v = beta2 * second[i]! + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        out[i] = keep * weights[i]! - (meanScale * m) / (Math.sqrt(v * squareScale) + epsilon);
      }
      return;
    }
    case "rmsprop": {
      const { rho, epsilon } = plan;
      const mu = update.slots.length > 1 ? plan.momentum : 0;
      for (let i = 0; i < n; i++) {
        const g = scale * gradient[i]! + l2 * weights[i]!;
        const s = rho * first[i]! + (1 - rho) * g * g;
        first[i] = s;
        const direction = g / (Math.sqrt(s) + epsilon);
        if (mu === 0) {
          out[i] = weights[i]! - rate * direction;
        } else {
          const v = mu * second[i]! + direction;
          second[i] = v;
          out[i] = weights[i]! - rate * v;
        }
      }
    }
  }
}

/** Square of the Euclidean norm. O(n). */
export function squaredNorm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

/** Factor that brings a gradient of this norm down to the limit; 1 where there is no limit or it is kept. */
export function clipScale(limit: number, norm: number): number {
  return limit > 0 && norm > limit ? limit / norm : 1;
}
