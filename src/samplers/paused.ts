/**
 * Trials that a scheduler has paused at a rung: they have shown something, so every sampler learns from them what it learns
 * from a pruned trial that ended there; only what really runs is pending. One place for all samplers.
 * Invariant: a sampler sees an append-only history. A paused trial may go on and show something else, so where one has, an
 * instance that has never seen it answers: caches hold, and answers follow from history and pending trials alone.
 */
import type { FinishedTrial, PendingTrial } from "../core/trial.ts";
import type { Sampler, SuggestRequest } from "./sampler.ts";

/** What a paused trial counts as; undefined for what runs or has shown nothing. */
function observationOf({ number, state, params, last, untilStep, curve }: PendingTrial): FinishedTrial | undefined {
  if (state !== "paused" || last === undefined) return undefined;
  const observation = { number, state: "pruned", params, values: [], last, untilStep } as const;
  return curve === undefined ? observation : { ...observation, curve };
}

/**
 * The request with paused trials behind the finished ones, by number, and no longer among the pending; the request itself when
 * there are none. O(history) where there are some.
 */
export function withPausedObserved(request: SuggestRequest): SuggestRequest {
  const observed: FinishedTrial[] = [];
  const pending: PendingTrial[] = [];
  for (const trial of request.pending) {
    const observation = observationOf(trial);
    if (observation === undefined) pending.push(trial);
    else observed.push(observation);
  }
  if (observed.length === 0) return request;
  observed.sort((a, b) => a.number - b.number);
  return { ...request, history: [...request.history, ...observed], pending };
}

/**
 * A sampler that observes paused trials. A suggestion costs what `make`'s costs while trials are only added; one of a fresh
 * instance where a paused trial has gone on.
 * @param make an instance that knows nothing yet; each call gives one that answers as the others would
 */
export function observingPaused(make: () => Sampler): Sampler {
  // Finished trials only, as long as nothing is paused.
  const plain = make();
  let layered: { readonly sampler: Sampler; known: readonly FinishedTrial[] } | undefined;
  return {
    suggest(request) {
      const observed = withPausedObserved(request);
      if (observed === request) return plain.suggest(request);
      if (layered === undefined || !beginsWith(observed.history, layered.known))
        layered = { sampler: make(), known: observed.history };
      layered.known = observed.history;
      return layered.sampler.suggest(observed);
    },
  };
}

/** Whether `longer` is `known` with trials added. O(known). */
function beginsWith(longer: readonly FinishedTrial[], known: readonly FinishedTrial[]): boolean {
  return known.length <= longer.length && known.every((trial, i) => isSame(trial, longer[i]!));
}

function isSame(a: FinishedTrial, b: FinishedTrial): boolean {
  return (
    a.number === b.number &&
    a.state === b.state &&
    a.last?.step === b.last?.step &&
    Object.is(a.last?.value, b.last?.value) &&
    Object.is(a.values[0], b.values[0])
  );
}
