/**
 * What the thread of a heavy sampler has been told of paused trials: there may be thousands, and few change between two
 * suggestions. Invariant: whoever applies all changes in order holds the paused trials of the last ones.
 */
import type { PendingTrial, Report } from "../../core/trial.ts";

export interface PausedChanges {
  /** Trials to say anew. */
  readonly trials: readonly PendingTrial[];
  /** Numbers of trials that are paused no more. */
  readonly gone: readonly number[];
  /** All the rest of what is pending. */
  readonly others: readonly PendingTrial[];
}

export class PausedSaid {
  readonly #last = new Map<number, Report | undefined>();

  /** What has changed, which counts as said from now on. O(pending). */
  changes(pending: readonly PendingTrial[]): PausedChanges {
    const trials: PendingTrial[] = [];
    const others: PendingTrial[] = [];
    const paused = new Set<number>();
    for (const trial of pending) {
      if (trial.state !== "paused") {
        others.push(trial);
        continue;
      }
      const { number, last } = trial;
      paused.add(number);
      const said = this.#last.get(number);
      const isKnown = this.#last.has(number) && said?.step === last?.step && Object.is(said?.value, last?.value);
      if (!isKnown) trials.push(trial);
      this.#last.set(number, last);
    }
    const gone = [...this.#last.keys()].filter((number) => !paused.has(number));
    for (const number of gone) this.#last.delete(number);
    return { trials, gone, others };
  }

  /** For a thread that knows nothing yet. */
  clear(): void {
    this.#last.clear();
  }
}
