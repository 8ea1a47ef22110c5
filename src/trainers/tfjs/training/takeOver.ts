/**
 * Going on from another trial's checkpoint (a population's exploit step, Jaderberg et al. 2017): weights and optimizer state are
 * taken over, hyperparameters are the trial's own; only rates that adapt themselves belong to both, and a policy decides.
 * Invariant: what is taken over depends on the checkpoint and the trial's seed alone, so a repeated attempt does the same; the
 * trial's own checkpoints are never taken for another trial's.
 */
import { rngForKey } from "../../../core/rng.ts";
import type { ParamValue } from "../../../core/space/parameter.ts";
import type { TrainingState } from "./checkpoint.ts";
import { firstRates, type HypergradientPlan, type Rates } from "./hypergradient.ts";

/**
 * Adapted learning rate and momentum after a take-over: `copy` the other trial's; `perturb` the same, each moved by a fifth;
 * `reset` the start values; `keep` the trial's own, which come as its parameters.
 */
export const hdCopyPolicies = ["copy", "perturb", "reset", "keep"] as const;
export type HdCopy = (typeof hdCopyPolicies)[number];

/** Whether the checkpoint is of another trial: every trial trains with a seed of its own. */
export function isTakenOver(state: Pick<TrainingState, "seed">, ownSeed: number): boolean {
  return state.seed !== ownSeed;
}

const factors = [0.8, 1.2] as const;

/**
 * The rates to go on with.
 * @param own what the trial was given
 * @param at steps done by the optimizer: with the seed, it decides the perturbation
 */
export function takenOverRates(
  plan: HypergradientPlan,
  policy: HdCopy,
  theirs: Rates | undefined,
  own: Rates,
  seed: number,
  at: number,
): Rates {
  if (theirs === undefined || policy === "reset" || policy === "keep") return firstRates(plan, own);
  const rng = rngForKey(`${seed}:train:hdCopy:${at}`);
  const factor = (): number => (policy === "perturb" ? factors[rng.int(2)]! : 1);
  const [first, second] = [factor(), factor()];
  return firstRates(plan, {
    // A rate that never moves is a hyperparameter like any other: the trial's own.
    learningRate: plan.beta === 0 ? own.learningRate : theirs.learningRate * first,
    momentum: plan.eta === 0 ? own.momentum : second === 1 ? theirs.momentum : 1 - (1 - theirs.momentum) * second,
  });
}

interface Architecture {
  readonly inputShape: readonly number[];
  readonly layers: readonly Readonly<Record<string, ParamValue>>[];
}

const words = (layer: Readonly<Record<string, ParamValue>> | undefined): string =>
  layer === undefined
    ? "nothing"
    : Object.entries(layer)
        .map(([key, value]) => (key === "kind" || key === layer["kind"] ? String(value) : `${key} ${String(value)}`))
        .join(" ");

/** Where two models differ first, in words; the texts are those of `architectureOf`. */
export function architectureDifference(theirs: string, own: string): string {
  const [a, b] = [JSON.parse(theirs) as Architecture, JSON.parse(own) as Architecture];
  if (a.inputShape.join(" x ") !== b.inputShape.join(" x "))
    return `its samples have the shape ${a.inputShape.join(" x ")}, this trial's ${b.inputShape.join(" x ")}`;
  const most = Math.max(a.layers.length, b.layers.length);
  for (let i = 0; i < most; i++) {
    const [one, other] = [words(a.layers[i]), words(b.layers[i])];
    if (one !== other) return `its layer ${i + 1} is ${one}, this trial's is ${other}`;
  }
  return "its layers are those of this trial";
}
