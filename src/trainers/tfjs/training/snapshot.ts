/**
 * A model's variables and optimizer as named plain values and back: what a checkpoint holds of them.
 * Invariant: names depend on the model alone, not on what else the process has built.
 */
import type { TrainableModel } from "../models/trainable.ts";
import type { Tf, Variable } from "../tf.ts";
import type { Checkpoint, NamedValues } from "./checkpoint.ts";
import { architectureDifference } from "./takeOver.ts";
import type { Updater } from "./updater.ts";

interface Named {
  readonly name: string;
  readonly variable: Variable;
}

export interface Snapshots {
  weights(): Promise<NamedValues[]>;
  setWeights(values: readonly NamedValues[]): void;
  /** @param names of the slots of one variable, in order */
  slots(updater: Updater, names: readonly string[]): Promise<NamedValues[]>;
  /** Why weights of this checkpoint cannot be used for the model; undefined if they can. */
  misfit(checkpoint: Checkpoint): string | undefined;
}

/** Twice the same name becomes `name`, `name_1`. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = seen.get(name) ?? 0;
    seen.set(name, times + 1);
    return times === 0 ? name : `${name}_${times}`;
  });
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

export function createSnapshots(tf: Tf, trainable: TrainableModel): Snapshots {
  const { model, architecture } = trainable;
  const named = (weights: typeof model.weights): Named[] => {
    const names = distinct(weights.map((weight) => weight.originalName));
    return weights.map((weight, i) => ({ name: names[i]!, variable: weight.read() as Variable }));
  };
  const all = named(model.weights);
  const nameOf = new Map(all.map(({ name, variable }) => [variable, name]));
  const trained = model.trainableWeights.map((weight) => weight.read() as Variable);
  return {
    weights: () =>
      Promise.all(
        all.map(async ({ name, variable }) => ({
          name,
          shape: [...variable.shape],
          values: Float32Array.from(await variable.data()),
        })),
      ),
    setWeights(values) {
      all.forEach(({ variable }, i) => {
        const tensor = tf.tensor(values[i]!.values.slice(), variable.shape);
        variable.assign(tensor);
        tensor.dispose();
      });
    },
    async slots(updater, names) {
      const values = await updater.save();
      return values.map((slot, i) => {
        const variable = trained[Math.floor(i / names.length)]!;
        const name = nameOf.get(variable) ?? variable.name;
        return { name: `${name}/${names[i % names.length]!}`, shape: [...variable.shape], values: slot };
      });
    },
    misfit({ state, weights }) {
      const fits =
        weights.length === all.length && weights.every(({ shape }, i) => sameShape(shape, all[i]!.variable.shape));
      const same =
        state.architecture === undefined || architecture === undefined || state.architecture === architecture;
      if (fits && same) return undefined;
      const known = !same && state.architecture !== undefined && architecture !== undefined;
      return `it is of another model${known ? ` (${architectureDifference(state.architecture, architecture)})` : ""}`;
    },
  };
}
