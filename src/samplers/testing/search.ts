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
  /** A study of `f` from its beginning. */
  readonly walk: (space: Space, f: Losses, trials: number) => Promise<Walk>;
  /** Its history alone. */
  readonly search: (space: Space, f: Losses, trials: number) => Promise<FinishedTrial[]>;
  /** What parallel slots get, one after the other, after so many uniform trials of `f`. */
  readonly fill: (space: Space, f: Losses, trials: number, slots: number) => Promise<Slots>;
}

/** A number is one objective. */
export type Losses = (params: Params) => number | readonly number[];

export interface Walk {
  readonly history: readonly FinishedTrial[];
  /** What the sampler said of each trial. */
  readonly reasons: readonly string[];
}

export interface Slots {
  readonly pending: readonly PendingTrial[];
  readonly reasons: readonly string[];
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
  const walk: Searcher["walk"] = async (space, f, trials) => {
    const objectives = [f(uniformParams(space, rngForKey("width")))].flat().length;
    const sampler = create(space, 1, objectives);
    const history: FinishedTrial[] = [];
    const reasons: string[] = [];
    for (let number = 0; number < trials; number++) {
      const { params, reason } = await ask(sampler, history);
      history.push({ number, state: "complete", params, values: [f(params)].flat() });
      reasons.push(reason);
    }
    return { history, reasons };
  };
  return {
    create,
    ask,
    walk,
    search: async (space, f, trials) => [...(await walk(space, f, trials)).history],
    fill: async (space, f, trials, slots) => {
      const history = Array.from({ length: trials }, (_, number): FinishedTrial => {
        const params = uniformParams(space, rngForKey(`parallel ${number}`));
        return { number, state: "complete", params, values: [f(params)].flat() };
      });
      const sampler = create(space, slots, history[0]!.values.length);
      const pending: PendingTrial[] = [];
      const reasons: string[] = [];
      for (let slot = 0; slot < slots; slot++) {
        const { params, reason } = await ask(sampler, history, pending);
        pending.push({ number: trials + slot, state: "running", params });
        reasons.push(reason);
      }
      return { pending, reasons };
    },
  };
}

/** Two losses of a point of the unit square; their front is y = 0, x between 0.2 and 0.8. */
export const tradeOff = {
  space: ["x", "y"].map((name): Space[number] => ({ name, type: "float", low: 0, high: 1, log: false })),
  losses: ({ x, y }: Params): number[] => [(Number(x) - 0.2) ** 2 + Number(y), (Number(x) - 0.8) ** 2 + Number(y)],
};

/** The lowest first value of a history. */
export function lowest(history: readonly FinishedTrial[]): number {
  return Math.min(...history.map(({ values }) => values[0]!));
}
