/**
 * Trials of which a scheduler has seen something at a rung: paused there, or sent on from there and running. Every sampler learns
 * from them what it learns from a pruned trial that ended at that rung; only what has come to no rung yet is pending. One place
 * for all samplers.
 * Invariant: a sampler sees an append-only history. A trial may come to a higher rung, so where one has, an instance that has
 * never seen it answers: caches hold, and answers follow from history and pending trials alone. What a running trial reports
 * between two rungs changes nothing.
 */
import type { FinishedTrial, PendingTrial } from "../core/trial.ts";
import type { Sampler, SuggestRequest } from "./sampler.ts";

/** What a trial that is not finished counts as; undefined for one that has come to none of `rungs` and is not paused. */
function observationOf(trial: PendingTrial, rungs: readonly number[]): FinishedTrial | undefined {
  const { number, state, params, last, untilStep, curve } = trial;
  if (last === undefined) return undefined;
  if (state === "paused") {
    const observation = { number, state: "pruned", params, values: [], last, untilStep } as const;
    return curve === undefined ? observation : { ...observation, curve };
  }
  const rung = rungs.findLast((step) => step <= last.step);
  const at = rung === undefined ? -1 : (curve?.findIndex(({ step }) => step >= rung) ?? -1);
  if (curve === undefined || at < 0) return undefined;
  return {
    number,
    state: "pruned",
    params,
    values: [],
    last: curve[at]!,
    untilStep: rung,
    curve: curve.slice(0, at + 1),
  };
}

/** Steps at which trials of the study are judged, lowest first. O(history + pending). */
function rungsOf({ history, pending }: SuggestRequest): number[] {
  const found = new Set<number>();
  for (const { untilStep } of history) if (untilStep !== undefined) found.add(untilStep);
  for (const { untilStep } of pending) if (untilStep !== undefined) found.add(untilStep);
  return [...found].sort((a, b) => a - b);
}

/**
 * The request with what trials have shown at rungs behind the finished ones, by number, and those trials no longer among the
 * pending; the request itself when there are none. O(history) where there are some.
 */
export function withRungsObserved(request: SuggestRequest): SuggestRequest {
  const mayHave = request.pending.some(({ state, curve }) => state !== "paused" && curve !== undefined);
  const rungs = mayHave ? rungsOf(request) : [];
  const observed: FinishedTrial[] = [];
  const pending: PendingTrial[] = [];
  for (const trial of request.pending) {
    const observation = observationOf(trial, rungs);
    if (observation === undefined) pending.push(trial);
    else observed.push(observation);
  }
  if (observed.length === 0) return request;
  observed.sort((a, b) => a.number - b.number);
  return { ...request, history: [...request.history, ...observed], pending };
}

/**
 * A sampler that observes what trials show at rungs. A suggestion costs what `make`'s costs while trials are only added, and
 * that of a fresh instance where one has come to a higher rung, or ended.
 * @param make an instance that knows nothing yet; each call gives one that answers as the others would
 */
export function observingRungs(make: () => Sampler): Sampler {
  // Finished trials only, as long as nothing waits at a rung.
  const plain = make();
  let layered: { readonly sampler: Sampler; known: readonly FinishedTrial[] } | undefined;
  return {
    suggest(request) {
      const observed = withRungsObserved(request);
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
