/**
 * The optimizer's rules as tensor operations, for back ends whose values lie elsewhere (GPU, libtensorflow).
 * Invariant: computes what `applyUpdate` computes, to float32 rounding, and reads nothing back.
 */
import type { Scalar, Tensor, Tf, Variable } from "../tf.ts";
import { fusedAdam } from "./fusedAdam.ts";
import { effectiveRule, slotCount, withMomentum, type OptimizerPlan } from "./optimizer.ts";
import { tensorRates } from "./tensorRates.ts";
import { decaysWeights, type Updater } from "./updater.ts";

/** Rates of one step: plain numbers, or scalars on the device where hypergradients move them. */
interface StepRates {
  readonly learningRate: number | Scalar;
  readonly momentum: number | Scalar;
  readonly beta1: number;
}

export function tensorUpdater(tf: Tf, variables: readonly Variable[], plan: OptimizerPlan): Updater {
  const rule = effectiveRule(plan);
  const count = slotCount(plan);
  const zeroVariable = (shape: readonly number[]): Variable => {
    const zeros = tf.zeros([...shape]);
    const slot = tf.variable(zeros, false);
    zeros.dispose();
    return slot;
  };
  const slots = variables.map((variable) => Array.from({ length: count }, () => zeroVariable(variable.shape)));
  const adaptive = plan.hypergradient === undefined ? undefined : tensorRates(tf, plan, plan.hypergradient);
  const fused = adaptive === undefined ? fusedAdam(tf) : undefined;
  let time = 0;
  let now = plan;

  const clipFactor = (gradients: readonly (Tensor | undefined)[]): Tensor | undefined => {
    if (plan.gradClip <= 0) return undefined;
    const squares = gradients
      .filter((gradient) => gradient !== undefined)
      .map((gradient) => tf.sum(tf.square(gradient)));
    return tf.div(plan.gradClip, tf.maximum(tf.sqrt(tf.addN(squares)), plan.gradClip));
  };

  /** The gradient as the rule sees it: clipped, with L2. */
  const effective = (variable: Variable, gradient: Tensor, clip: Tensor | undefined): Tensor => {
    const g = clip === undefined ? gradient : tf.mul(gradient, clip);
    return plan.weightDecay > 0 && rule !== "adamw" && decaysWeights(variable)
      ? tf.add(g, tf.mul(variable, plan.weightDecay))
      : g;
  };

  /** One update. `usable`, a boolean scalar: where it is false nothing changes. */
  const updateOne = (
    variable: Variable,
    g: Tensor,
    own: readonly Variable[],
    rates: StepRates,
    usable: Tensor | undefined,
  ): void => {
    const { learningRate: rate, momentum: mu } = rates;
    const [first, second] = own;
    const set = (slot: Variable, value: Tensor): Tensor => {
      slot.assign(usable === undefined ? value : tf.where(usable, value, slot));
      return value;
    };
    /** theta -= rate * u, where u is also what hypergradients keep. */
    const move = (u: Tensor): void => {
      if (adaptive !== undefined) set(own.at(-1)!, u);
      set(variable, tf.sub(variable, tf.mul(u, rate)));
    };
    switch (rule) {
      case "sgd":
        move(g);
        return;
      case "momentum":
      case "nesterov": {
        if (adaptive !== undefined && rule === "momentum") {
          const d = set(first!, tf.sub(tf.mul(first!, mu), tf.mul(g, rate)));
          set(second!, g);
          set(variable, tf.add(variable, d));
          return;
        }
        const v = set(first!, tf.add(tf.mul(first!, mu), g));
        move(rule === "nesterov" ? tf.add(g, tf.mul(v, mu)) : v);
        return;
      }
      case "adam":
      case "adamw": {
        const { beta1 } = rates;
        const { beta2, epsilon } = plan;
        const decays = rule === "adamw" && plan.weightDecay > 0 && decaysWeights(variable);
        if (fused !== undefined && typeof rate === "number") {
          const m = set(first!, fused.mean(first!, g, beta1, 1));
          const v = set(second!, fused.mean(second!, g, beta2, 2));
          const [firstScale, secondScale] = [1 / (1 - beta1 ** time), 1 / (1 - beta2 ** time)];
          const decay = decays ? plan.weightDecay : 0;
          set(variable, fused.move(variable, m, v, { rate, firstScale, secondScale, epsilon, decay }));
          return;
        }
        const m = set(first!, tf.add(tf.mul(first!, beta1), tf.mul(g, 1 - beta1)));
        const v = set(second!, tf.add(tf.mul(second!, beta2), tf.mul(tf.square(g), 1 - beta2)));
        const root = tf.add(tf.sqrt(tf.mul(v, 1 / (1 - beta2 ** time))), epsilon);
        const u = tf.div(tf.mul(m, 1 / (1 - beta1 ** time)), root);
        move(decays ? tf.add(u, tf.mul(variable, plan.weightDecay)) : u);
        return;
      }
      case "rmsprop": {
        const s = set(first!, tf.add(tf.mul(first!, plan.rho), tf.mul(tf.square(g), 1 - plan.rho)));
        const step = tf.div(g, tf.add(tf.sqrt(s), plan.epsilon));
        move(second === undefined ? step : set(second, tf.add(tf.mul(second, mu), step)));
      }
    }
  };

  return {
    get time() {
      return time;
    },
    apply(gradients, learningRate) {
      time++;
      tf.tidy(() => {
        const clip = clipFactor(gradients);
        const present = variables.flatMap((variable, i) => {
          const gradient = gradients[i];
          return gradient === undefined ? [] : [{ variable, own: slots[i]!, g: effective(variable, gradient, clip) }];
        });
        const usable = adaptive?.adapt(
          present.map(({ g, own }) => ({ g, direction: own.at(-1)!, move: rule === "momentum" ? own[0] : undefined })),
        );
        const rates: StepRates = {
          learningRate: adaptive?.learningRate ?? learningRate,
          momentum: adaptive?.momentum ?? now.momentum,
          beta1: now.beta1,
        };
        for (const { variable, g, own } of present) updateOne(variable, g, own, rates, usable);
      });
    },
    setMomentum(momentum) {
      if (adaptive === undefined) now = withMomentum(plan, momentum);
    },
    rates: () => adaptive?.read() ?? Promise.resolve(undefined),
    save: () => Promise.all(slots.flat().map(async (slot) => Float32Array.from(await slot.data()))),
    restore(saved, at, rates) {
      time = at;
      slots.flat().forEach((slot, i) => {
        const values = tf.tensor(saved[i]!, slot.shape);
        slot.assign(values);
        values.dispose();
      });
      if (rates !== undefined) adaptive?.write(rates);
    },
    dispose() {
      for (const slot of slots.flat()) slot.dispose();
      adaptive?.dispose();
    },
  };
}
