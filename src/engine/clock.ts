/**
 * Time as the engine sees it; tests put their own in its place.
 * Invariant: engine code reads no other clock.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs `work` after `ms` milliseconds unless the returned function is called before. Never keeps the process alive. */
  after(ms: number, work: () => void): () => void;
}

/** Longest delay of a timer of Node; longer ones are cut in pieces. */
const maxDelay = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, work) => {
    let timer: NodeJS.Timeout;
    const arm = (left: number): void => {
      timer = setTimeout(() => (left > maxDelay ? arm(left - maxDelay) : work()), Math.min(left, maxDelay));
      timer.unref();
    };
    arm(Math.max(0, ms));
    return () => clearTimeout(timer);
  },
};

/** Lets everything else that is due run first: between pages of a long computation. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
