/**
 * A steady-state evolutionary search: the best trials so far are the population, each new trial is a child of two of them,
 * and a trial that finishes takes the place of the worst if it is better.
 * Steady state in place of generations: no slot waits for a generation to end, and a good trial has children at once.
 * Invariant: the population is a fold over the history in the order of finishing. O(population^2) a trial.
 */
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import { bestFirst } from "../ranking.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { childOf, type Variation } from "./variation.ts";

export interface EvolutionOptions extends Variation {
  readonly population: number;
  /** Members drawn for each parent, of which the best is taken. */
  readonly tournament: number;
}

/** Keeps the best `size` trials, best first. */
export type Survival = (members: readonly FinishedTrial[], size: number) => readonly FinishedTrial[];

/** Children that were tried before are bred again this often; then a repeat is accepted where nothing else is left. */
const breedings = 40;

/** @param survival which trials of population and newcomer stay; default: the best by `bestFirst` */
export function evolutionSampler(context: SamplerContext, options: EvolutionOptions, survival?: Survival): Sampler {
  const { space, objectives, isFeasible } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const survive: Survival = survival ?? ((members, size) => bestFirst(members, objectives).slice(0, size));
  let population: readonly FinishedTrial[] = [];
  let tried = new Map<string, number>();
  let ranked = 0;
  let seen = 0;
  let last: FinishedTrial | undefined;

  const learn = (history: readonly FinishedTrial[]): void => {
    if (seen > history.length || (seen > 0 && history[seen - 1]?.number !== last?.number)) {
      population = [];
      tried = new Map();
      ranked = 0;
      seen = 0;
    }
    for (; seen < history.length; seen++) {
      last = history[seen]!;
      const key = paramsKey(last.params);
      tried.set(key, (tried.get(key) ?? 0) + 1);
      if (bestFirst([last], objectives).length === 0) continue;
      ranked++;
      population = survive([...population, last], options.population);
    }
  };

  const parent = (rng: Rng): FinishedTrial => {
    let best = population.length - 1;
    // The population is in order: the least index is the best member.
    for (let i = 0; i < options.tournament; i++) best = Math.min(best, rng.int(population.length));
    return population[best]!;
  };

  const isNew = (params: Params, pending: readonly PendingTrial[]): boolean => {
    const key = paramsKey(params);
    return !tried.has(key) && !pending.some((trial) => paramsKey(trial.params) === key);
  };

  return {
    suggest({ history, pending, rng }) {
      learn(history);
      if (ranked + pending.length < options.population || population.length < 2) {
        const count = Math.min(ranked + pending.length + 1, options.population);
        return { params: feasible.draw(rng), reason: `first population, ${count} of ${options.population}` };
      }
      let repeat: { readonly params: Params; readonly reason: string } | undefined;
      for (let i = 0; i < breedings; i++) {
        const [first, second] = [parent(rng), parent(rng)];
        const params = childOf(space, first.params, second.params, options, rng);
        if (!isFeasible(params)) continue;
        const reason =
          first === second ? `child of trial ${first.number}` : `child of trials ${first.number} and ${second.number}`;
        if (isNew(params, pending)) return { params, reason };
        repeat ??= { params, reason: `${reason}, tried before` };
      }
      for (let i = 0; i < breedings; i++) {
        const params = feasible.draw(rng);
        if (isNew(params, pending)) return { params, reason: "uniform draw: all children have been tried" };
      }
      return repeat ?? { params: feasible.draw(rng), reason: "uniform draw: no child satisfies the constraints" };
    },
  };
}
