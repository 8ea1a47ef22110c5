/**
 * The optimizer's rules as tensor operations, for back ends whose values lie elsewhere (GPU, libtensorflow).
 * Invariant: computes what `applyUpdate` computes, to float32 rounding.
 */
import type { Tensor, Tf, Variable } from "../tf.ts";
import { effectiveRule, slotCount, type OptimizerPlan } from "./optimizer.ts";
import { decaysWeights, type Updater } from "./updater.ts";

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
  let time = 0;

  const clipFactor = (gradients: readonly (Tensor | undefined)[]): Tensor | undefined => {
    if (plan.gradClip <= 0) return undefined;
    const squares = gradients
      .filter((gradient) => gradient !== undefined)
      .map((gradient) => tf.sum(tf.square(gradient)));
    return tf.div(plan.gradClip, tf.maximum(tf.sqrt(tf.addN(squares)), plan.gradClip));
  };

  const updateOne = (
    variable: Variable,
    gradient: Tensor,
    own: readonly Variable[],
    rate: number,
    clip: Tensor | undefined,
  ): void => {
    const decay = decaysWeights(variable) ? plan.weightDecay : 0;
    let g: Tensor = clip === undefined ? gradient : tf.mul(gradient, clip);
    if (decay > 0 && rule !== "adamw") g = tf.add(g, tf.mul(variable, decay));
    const [first, second] = own;
    const set = (slot: Variable, value: Tensor): Tensor => {
      slot.assign(value);
      return value;
    };
    switch (rule) {
      case "sgd":
        variable.assign(tf.sub(variable, tf.mul(g, rate)));
        return;
      case "momentum":
      case "nesterov": {
        const v = set(first!, tf.add(tf.mul(first!, plan.momentum), g));
        variable.assign(tf.sub(variable, tf.mul(rule === "nesterov" ? tf.add(g, tf.mul(v, plan.momentum)) : v, rate)));
        return;
      }
      case "adam":
      case "adamw": {
        const { beta1, beta2, epsilon } = plan;
        const m = set(first!, tf.add(tf.mul(first!, beta1), tf.mul(g, 1 - beta1)));
        const v = set(second!, tf.add(tf.mul(second!, beta2), tf.mul(tf.square(g), 1 - beta2)));
        const root = tf.add(tf.sqrt(tf.mul(v, 1 / (1 - beta2 ** time))), epsilon);
        const kept = rule === "adamw" && decay > 0 ? tf.mul(variable, 1 - rate * decay) : variable;
        variable.assign(tf.sub(kept, tf.div(tf.mul(m, rate / (1 - beta1 ** time)), root)));
        return;
      }
      case "rmsprop": {
        const s = set(first!, tf.add(tf.mul(first!, plan.rho), tf.mul(tf.square(g), 1 - plan.rho)));
        let direction = tf.div(g, tf.add(tf.sqrt(s), plan.epsilon));
        if (second !== undefined) direction = set(second, tf.add(tf.mul(second, plan.momentum), direction));
        variable.assign(tf.sub(variable, tf.mul(direction, rate)));
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
        variables.forEach((variable, i) => {
          const gradient = gradients[i];
          if (gradient !== undefined) updateOne(variable, gradient, slots[i]!, learningRate, clip);
        });
      });
    },
    save: () => Promise.all(slots.flat().map(async (slot) => Float32Array.from(await slot.data()))),
    restore(saved, at) {
      time = at;
      slots.flat().forEach((slot, i) => {
        const values = tf.tensor(saved[i]!, slot.shape);
        slot.assign(values);
        values.dispose();
      });
    },
    dispose: () => slots.flat().forEach((slot) => slot.dispose()),
  };
}
