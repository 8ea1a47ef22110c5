/**
 * A steady-state evolutionary search: the best trials so far are the population, each new trial is a child of two of them,
 * and a trial that finishes takes the place of the worst if it is better.
 * Steady state in place of generations: no slot waits for a generation to end, and a good trial has children at once. The
 * population grows with the trials: one that is as large from the start is, in a study of a hundred trials, hardly selected.
 * Invariant: the population is a fold over the history in the order of finishing. O(population^2) a trial.
 */
import type { Rng } from "../../core/rng.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { historyFold } from "../historyFold.ts";
import { firstNew, newcomerTest, type Candidate } from "../proposals.ts";
import { bestFirst } from "../ranking.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { childOf, type Variation } from "./variation.ts";

export interface EvolutionOptions extends Variation {
  /** Most members. */
  readonly population: number;
  /** Members drawn for each parent, of which the best is taken. */
  readonly tournament: number;
}

/** Keeps `size` of the trials, best first. The newcomer is the last of them. */
export type Survival = (members: readonly FinishedTrial[], size: number) => readonly FinishedTrial[];

/** Trials drawn uniformly before the first child, unless the population is smaller; and the least population. */
const founders = 10;
/** Trials for each member that the population may have. */
const trialsPerMember = 8;

interface State {
  population: readonly FinishedTrial[];
  readonly survive: Survival;
  readonly tried: Set<string>;
  /** Trials so far that could be ranked. */
  ranked: number;
}

/**
 * @param survival makes what decides which trials of population and newcomer stay, anew for each fold: it may remember;
 *   default: the best by `bestFirst`
 */
export function evolutionSampler(
  context: SamplerContext,
  options: EvolutionOptions,
  survival?: () => Survival,
): Sampler {
  const { space, objectives, isFeasible } = context;
  const feasible = feasibleSampler(space, isFeasible);
  const best: Survival = (members, size) => bestFirst(members, objectives).slice(0, size);
  const startup = Math.min(options.population, founders);

  const learn = historyFold<State>(
    () => ({ population: [], survive: survival?.() ?? best, tried: new Set(), ranked: 0 }),
    (state, trial) => {
      state.tried.add(paramsKey(trial.params));
      if (bestFirst([trial], objectives).length === 0) return;
      state.ranked++;
      const size = Math.min(options.population, Math.max(startup, Math.ceil(state.ranked / trialsPerMember)));
      state.population = state.survive([...state.population, trial], size);
    },
  );

  const parent = (population: readonly FinishedTrial[], rng: Rng): FinishedTrial => {
    let index = population.length - 1;
    // The population is in order: the least index is the best member.
    for (let i = 0; i < options.tournament; i++) index = Math.min(index, rng.int(population.length));
    return population[index]!;
  };

  const child = (population: readonly FinishedTrial[], rng: Rng): Candidate => {
    const [first, second] = [parent(population, rng), parent(population, rng)];
    const reason =
      first === second ? `child of trial ${first.number}` : `child of trials ${first.number} and ${second.number}`;
    return { params: childOf(space, first.params, second.params, options, rng), reason };
  };

  return {
    suggest({ history, pending, rng }) {
      const { population, tried, ranked } = learn(history);
      if (ranked + pending.length < startup || population.length < 2) {
        const count = Math.min(ranked + pending.length + 1, startup);
        return { params: feasible.draw(rng), reason: `first population, ${count} of ${startup}` };
      }
      return firstNew(() => child(population, rng), isFeasible, newcomerTest(tried, pending), feasible, rng);
    },
  };
}
