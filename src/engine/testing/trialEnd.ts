/**
 * How a trial of an executor without processes ends. Invariant: as executors/executor.ts says: one `exit`, and whoever ends it
 * early hears of it in a later turn of the event loop.
 */
import type { TrialExit } from "../../executors/executor.ts";

export interface TrialEnd {
  readonly isOver: boolean;
  /** Resolves once it is over. */
  readonly left: Promise<void>;
  /** Nothing when it is over. */
  readonly end: (exit: TrialExit) => void;
  /** Ends it from outside; resolves once it is over. */
  readonly kill: () => Promise<void>;
}

/** @param exit called once */
export function trialEnd(exit: (exit: TrialExit) => void): TrialEnd {
  let isOver = false;
  let gone = (): void => undefined;
  const left = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const end = (how: TrialExit): void => {
    if (isOver) return;
    isOver = true;
    exit(how);
    gone();
  };
  return {
    get isOver() {
      return isOver;
    },
    left,
    end,
    kill: () => {
      setImmediate(() => end({ kind: "killed", cause: "requested" }));
      return left;
    },
  };
}
