/**
 * What a network has learned from a history: a fold over generations of trials, each of which is trained on in turn.
 * Invariant: the result is a function of history and seed alone, so a study that goes on in another process has the same
 * network; it is reached there by at most `mostGenerations` steps, however long the history, since generations double in size
 * whenever there would be more.
 */
import type { Rng } from "../../core/rng.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { historyFold } from "../historyFold.ts";

/** A network on its way. */
export interface Learner {
  /** Trains on all trials so far, of which those from `from` on are new. @param rng of this generation alone */
  learn(trials: readonly FinishedTrial[], from: number, rng: Rng): void;
}

/** Generations at most: the cost of going on in another process. */
export const mostGenerations = 32;

/** Trials of a generation when there are `count`: `first`, doubled as long as there would be too many generations. */
export function generationSize(count: number, first: number): number {
  let size = first;
  while (Math.floor(count / size) > mostGenerations) size *= 2;
  return size;
}

/** The learner after all whole generations of a history, and how many those were. */
export type Generations<T extends Learner> = (history: readonly FinishedTrial[]) => {
  readonly learner: T;
  readonly count: number;
};

/**
 * @param create a learner that knows nothing, from a stream of its own
 * @param first trials of a generation to begin with @param rng the study's own stream
 */
export function generations<T extends Learner>(create: (rng: Rng) => T, first: number, rng: Rng): Generations<T> {
  interface State {
    readonly trials: FinishedTrial[];
    trained: { readonly learner: T; readonly size: number; readonly count: number } | undefined;
  }
  const collect = historyFold<State>(
    () => ({ trials: [], trained: undefined }),
    ({ trials }, trial) => trials.push(trial),
  );
  return (history) => {
    const state = collect(history);
    const size = generationSize(state.trials.length, first);
    const count = Math.floor(state.trials.length / size);
    const begun = state.trained?.size === size ? state.trained : undefined;
    const learner = begun?.learner ?? create(rng.fork(`learner ${size}`));
    for (let generation = begun?.count ?? 0; generation < count; generation++) {
      const from = generation * size;
      learner.learn(state.trials.slice(0, from + size), from, rng.fork(`generation ${generation} of ${size}`));
    }
    state.trained = { learner, size, count };
    return { learner, count };
  };
}
