/**
 * Update rules of the built-in trainer, each as one function over the numbers of one variable.
 * Sources: momentum Polyak 1964; Nesterov 1983 in the form of Sutskever et al. 2013; Adam Kingma and Ba 2015; AdamW
 * Loshchilov and Hutter 2019; RMSprop Tieleman and Hinton 2012; hypergradients see `hypergradient.ts`.
 * Invariant: weights and slots after n updates depend only on the gradients and rates, so a restored state goes on exactly.
 */
import type { Hyperparameters } from "../hyperparameters.ts";
import { hypergradientPlan, type HypergradientPlan } from "./hypergradient.ts";

export type OptimizerPlan = Pick<
  Hyperparameters,
  "optimizer" | "learningRate" | "momentum" | "beta1" | "beta2" | "rho" | "epsilon" | "weightDecay" | "gradClip"
> & {
  /** Whether `momentum` was given: `sgd` and `rmsprop` use it only then. */
  readonly momentumGiven: boolean;
  /** Present where each step adapts its rates; the rates given to `apply` are then not used. */
  readonly hypergradient?: HypergradientPlan;
};

/** @param steps of the whole run, on which the pace of hypergradients depends */
export function optimizerPlan(h: Hyperparameters, steps = 0): OptimizerPlan {
  const { optimizer, learningRate, momentum, beta1, beta2, rho, epsilon, weightDecay, gradClip } = h;
  const hypergradient = hypergradientPlan(h, steps);
  return {
    optimizer,
    learningRate,
    momentum,
    beta1,
    beta2,
    rho,
    epsilon,
    weightDecay,
    gradClip,
    momentumGiven: h.given.has("momentum"),
    ...(hypergradient === undefined ? {} : { hypergradient }),
  };
}

/** The rule that is meant: "sgd" with a momentum is "momentum". With hypergradients a momentum of 0 may grow. */
export function effectiveRule(plan: OptimizerPlan): OptimizerPlan["optimizer"] {
  const moves = plan.momentumGiven && (plan.momentum > 0 || plan.hypergradient !== undefined);
  return plan.optimizer === "sgd" && moves ? "momentum" : plan.optimizer;
}

/** Whether the rule has a momentum that a schedule or a hypergradient can move. */
export function hasMomentum(plan: OptimizerPlan): boolean {
  const rule = effectiveRule(plan);
  return rule === "momentum" || rule === "nesterov" || (rule === "rmsprop" && plan.momentumGiven && plan.momentum > 0);
}

/** The plan with another momentum: `beta1` for Adam; rules without one stay as they are. */
export function withMomentum(plan: OptimizerPlan, momentum: number): OptimizerPlan {
  if (plan.optimizer === "adam" || plan.optimizer === "adamw") return { ...plan, beta1: momentum };
  return hasMomentum(plan) ? { ...plan, momentum } : plan;
}

/**
 * What is kept for each weight, in order. With hypergradients the last one is the direction p of the last update, and heavy
 * ball keeps its move d in place of a velocity.
 */
export function slotNames(plan: OptimizerPlan): readonly string[] {
  const direction = plan.hypergradient === undefined ? [] : ["direction"];
  switch (effectiveRule(plan)) {
    case "sgd":
      return direction;
    case "momentum":
      return [plan.hypergradient === undefined ? "velocity" : "move", ...direction];
    case "nesterov":
      return ["velocity", ...direction];
    case "rmsprop":
      return hasMomentum(plan) ? ["square", "velocity"] : ["square"];
    case "adam":
    case "adamw":
      break;
  }
  return ["mean", "square", ...direction];
}

/** Numbers kept for each weight. */
export function slotCount(plan: OptimizerPlan): number {
  return slotNames(plan).length;
}

/** What the slots of a plan mean, as text: slots are taken over only where it is equal. */
export function slotKind(plan: OptimizerPlan): string {
  return `${effectiveRule(plan)}:${slotNames(plan).join(",")}`;
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
  const direction = plan.hypergradient === undefined ? undefined : update.slots.at(-1)!;
  switch (rule) {
    case "sgd":
      for (let i = 0; i < n; i++) {
        const g = scale * gradient[i]! + l2 * weights[i]!;
        if (direction !== undefined) direction[i] = g;
        out[i] = weights[i]! - rate * g;
      }
      return;
    case "momentum":
    case "nesterov": {
      const mu = plan.momentum;
      const ahead = rule === "nesterov";
      if (direction !== undefined && !ahead) {
        // Heavy ball by displacements, so that a new rate does not rescale the moves already made.
        for (let i = 0; i < n; i++) {
          const g = scale * gradient[i]! + l2 * weights[i]!;
          const d = mu * first[i]! - rate * g;
          first[i] = d;
          direction[i] = g;
          out[i] = weights[i]! + d;
        }
        return;
      }
      for (let i = 0; i < n; i++) {
        const g = scale * gradient[i]! + l2 * weights[i]!;
        const v = mu * first[i]! + g;
        first[i] = v;
        const u = ahead ? g + mu * v : v;
        if (direction !== undefined) direction[i] = u;
        out[i] = weights[i]! - rate * u;
      }
      return;
    }
    case "adam":
    case "adamw": {
      const { beta1, beta2, epsilon } = plan;
      const meanScale = 1 / (1 - beta1 ** time);
      const squareScale = 1 / (1 - beta2 ** time);
      const apart = rule === "adamw" ? decay : 0;
      for (let i = 0; i < n; i++) {
        const g = scale * gradient[i]! + l2 * weights[i]!;
        const m = beta1 * first[i]! + (1 - beta1) * g;
        const v = beta2 * second[i]! + (1 - beta2) * g * g;
        first[i] = m;
        second[i] = v;
        const u = (meanScale * m) / (Math.sqrt(v * squareScale) + epsilon) + apart * weights[i]!;
        if (direction !== undefined) direction[i] = u;
        out[i] = weights[i]! - rate * u;
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
        const step = g / (Math.sqrt(s) + epsilon);
        if (mu === 0) {
          out[i] = weights[i]! - rate * step;
        } else {
          const v = mu * second[i]! + step;
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
