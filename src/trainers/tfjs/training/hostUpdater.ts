/**
 * Optimizer updates on the values themselves, for back ends whose tensors lie in this process's memory: one loop a variable
 * in place of a dozen tensor operations.
 */
import type { HostMemory } from "../backends/backend.ts";
import type { Tensor, Tf, Variable } from "../tf.ts";
import { adaptRates, addSignals, firstRates, halvedRates, isUsable, type Rates } from "./hypergradient.ts";
import {
  applyUpdate,
  clipScale,
  effectiveRule,
  slotCount,
  squaredNorm,
  withMomentum,
  type OptimizerPlan,
} from "./optimizer.ts";
import { decaysWeights, type Updater } from "./updater.ts";

export function hostUpdater(tf: Tf, host: HostMemory, variables: readonly Variable[], plan: OptimizerPlan): Updater {
  const count = slotCount(plan);
  const rule = effectiveRule(plan);
  const { hypergradient } = plan;
  const slots = variables.map((variable) => Array.from({ length: count }, () => new Float32Array(variable.size)));
  let time = 0;
  let now = plan;
  let rates: Rates | undefined = hypergradient === undefined ? undefined : firstRates(hypergradient, plan);

  const clipOf = (gradients: readonly (Tensor | undefined)[]): number => {
    if (plan.gradClip <= 0) return 1;
    let sum = 0;
    for (const gradient of gradients) if (gradient !== undefined) sum += squaredNorm(host.view(gradient));
    return clipScale(plan.gradClip, Math.sqrt(sum));
  };

  /** Moves the rates by the new gradient. Says whether the gradient can be used. */
  const adapt = (gradients: readonly (Tensor | undefined)[], scale: number): boolean => {
    if (hypergradient === undefined || rates === undefined) return true;
    const sums = { gradient: 0, along: 0, direction: 0, ahead: 0, move: 0 };
    variables.forEach((variable, i) => {
      const gradient = gradients[i];
      if (gradient === undefined) return;
      const values = host.view(gradient);
      const weights = host.view(variable);
      const l2 = rule !== "adamw" && decaysWeights(variable) ? plan.weightDecay : 0;
      const direction = slots[i]!.at(-1)!;
      const move = rule === "momentum" ? slots[i]![0] : undefined;
      const gradientAt = (j: number): number => scale * values[j]! + l2 * weights[j]!;
      addSignals(sums, gradientAt, direction, move, rates!.learningRate);
    });
    const usable = isUsable(sums.gradient);
    rates = usable ? adaptRates(hypergradient, rates, sums) : halvedRates(hypergradient, rates);
    if (rule === "momentum" || rule === "nesterov") now = withMomentum(plan, rates.momentum);
    return usable;
  };

  return {
    get time() {
      return time;
    },
    apply(gradients, learningRate) {
      time++;
      const scale = clipOf(gradients);
      if (!adapt(gradients, scale)) return;
      variables.forEach((variable, i) => {
        const gradient = gradients[i];
        if (gradient === undefined) return;
        // A fresh array: back ends may cache packed weights by tensor, and the JavaScript one keeps the array itself.
        const out = new Float32Array(variable.size);
        applyUpdate(now, {
          weights: host.view(variable),
          gradient: host.view(gradient),
          slots: slots[i]!,
          out,
          learningRate: rates?.learningRate ?? learningRate,
          time,
          scale,
          decays: decaysWeights(variable),
        });
        const updated = tf.tensor(out, variable.shape);
        variable.assign(updated);
        updated.dispose();
      });
    },
    setMomentum(momentum) {
      if (hypergradient === undefined) now = withMomentum(plan, momentum);
    },
    rates: () => Promise.resolve(rates),
    save: () => Promise.resolve(slots.flat().map((slot) => slot.slice())),
    restore(saved, at, savedRates) {
      time = at;
      slots.flat().forEach((slot, i) => slot.set(saved[i]!));
      if (hypergradient !== undefined && savedRates !== undefined) rates = savedRates;
    },
    dispose: () => undefined,
  };
}
