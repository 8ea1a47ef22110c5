/**
 * What a sampler knows as a fold over the finished trials: each is taken in once, and everything is forgotten when another
 * history turns up. Invariant: the state follows from the history alone, whenever and however often it was asked for.
 */
import { paramsKey } from "../core/space/configuration.ts";
import type { FinishedTrial } from "../core/trial.ts";

/**
 * The state after a history. Histories are append-only between calls, so a call costs what has been added since the last one.
 * @param begin the state before the first trial @param take changes the state by one trial more
 */
export function historyFold<State>(
  begin: () => State,
  take: (state: State, trial: FinishedTrial) => void,
): (history: readonly FinishedTrial[]) => State {
  let state = begin();
  let seen = 0;
  let last: FinishedTrial | undefined;
  return (history) => {
    if (seen > history.length || (seen > 0 && !isSame(history[seen - 1]!, last!))) {
      state = begin();
      seen = 0;
    }
    for (; seen < history.length; seen++) {
      last = history[seen]!;
      take(state, last);
    }
    return state;
  };
}

/** The keys of all configurations that have finished. */
export function triedFold(): (history: readonly FinishedTrial[]) => ReadonlySet<string> {
  return historyFold(
    () => new Set<string>(),
    (tried, { params }) => tried.add(paramsKey(params)),
  );
}

/** Not identity: a history may be read anew between calls. */
function isSame(a: FinishedTrial, b: FinishedTrial): boolean {
  return a.number === b.number && a.state === b.state && Object.is(a.values[0], b.values[0]);
}
