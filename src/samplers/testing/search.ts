/**
 * Small searches for tests of samplers: a sampler asked and told, one trial at a time.
 * Invariant: a function of the seed; every objective is minimised.
 */
import { rngFor, rngForKey } from "../../core/rng.ts";
import { uniformParams } from "../../core/space/configuration.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import type { SamplerEntry } from "../entry.ts";
import { samplerStream, type Sampler, type Suggestion } from "../sampler.ts";

export interface Searcher {
  readonly create: (space: Space, parallel?: number, objectives?: number) => Sampler;
  readonly ask: (
    sampler: Sampler,
    history: readonly FinishedTrial[],
    pending?: readonly PendingTrial[],
  ) => Promise<Suggestion>;
  /** The history of a study of `f` from its beginning; a number is one objective. */
  readonly search: (
    space: Space,
    f: (params: Params) => number | readonly number[],
    trials: number,
  ) => Promise<FinishedTrial[]>;
}

export function searcher(entry: SamplerEntry, options: Readonly<Record<string, unknown>> = {}, seed = 2): Searcher {
  const create: Searcher["create"] = (space, parallel = 1, objectives = 1) => {
    const own = Array.from({ length: objectives }, (_, i) => ({ metric: `m${i}`, direction: "minimize" as const }));
    return entry.create(
      { space, objectives: [own[0]!, ...own.slice(1)], isFeasible: () => true, parallel, rng: samplerStream(seed) },
      options,
    );
  };
  const ask: Searcher["ask"] = async (sampler, history, pending = []) => {
    const number = history.length + pending.length;
    return sampler.suggest({ history, pending, number, rng: rngFor(seed, number, "suggest") });
  };
  return {
    create,
    ask,
    search: async (space, f, trials) => {
      const objectives = [f(uniformParams(space, rngForKey("width")))].flat().length;
      const sampler = create(space, 1, objectives);
      const history: FinishedTrial[] = [];
      for (let number = 0; number < trials; number++) {
        const { params } = await ask(sampler, history);
        history.push({ number, state: "complete", params, values: [f(params)].flat() });
      }
      return history;
    },
  };
}

/** The lowest first value of a history. */
export function lowest(history: readonly FinishedTrial[]): number {
  return Math.min(...history.map(({ values }) => values[0]!));
}
