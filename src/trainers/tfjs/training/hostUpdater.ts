/**
 * Optimizer updates on the values themselves, for back ends whose tensors lie in this process's memory: one loop a variable
 * in place of a dozen tensor operations.
 */
import type { HostMemory } from "../backends/backend.ts";
import type { Tf, Variable } from "../tf.ts";
import { applyUpdate, clipScale, slotCount, squaredNorm, type OptimizerPlan } from "./optimizer.ts";
import { decaysWeights, type Updater } from "./updater.ts";

export function hostUpdater(tf: Tf, host: HostMemory, variables: readonly Variable[], plan: OptimizerPlan): Updater {
  const count = slotCount(plan);
  const slots = variables.map((variable) => Array.from({ length: count }, () => new Float32Array(variable.size)));
  let time = 0;
  return {
    get time() {
      return time;
    },
    apply(gradients, learningRate) {
      time++;
      let scale = 1;
      if (plan.gradClip > 0) {
        let sum = 0;
        for (const gradient of gradients) if (gradient !== undefined) sum += squaredNorm(host.view(gradient));
        scale = clipScale(plan.gradClip, Math.sqrt(sum));
      }
      variables.forEach((variable, i) => {
        const gradient = gradients[i];
        if (gradient === undefined) return;
        // A fresh array: back ends may cache packed weights by tensor, and the JavaScript one keeps the array itself.
        const out = new Float32Array(variable.size);
        applyUpdate(plan, {
          weights: host.view(variable),
          gradient: host.view(gradient),
          slots: slots[i]!,
          out,
          learningRate,
          time,
          scale,
          decays: decaysWeights(variable),
        });
        const updated = tf.tensor(out, variable.shape);
        variable.assign(updated);
        updated.dispose();
      });
    },
    save: () => Promise.resolve(slots.flat().map((slot) => slot.slice())),
    restore(saved, at) {
      time = at;
      slots.flat().forEach((slot, i) => slot.set(saved[i]!));
    },
    dispose: () => undefined,
  };
}
