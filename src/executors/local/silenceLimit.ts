/**
 * How long a trial may stay silent before it counts as hung.
 * Invariant: what a study sets holds as it is; where it sets nothing, only a trainer that is known to give signs of life is
 * judged, and generously: by the longest silence it has come back from.
 */

/** Before the first event: loading data and starting a GPU for the first time may take this long without a word. */
const startMs = 30 * 60_000;
/** Least limit afterwards. */
const leastMs = 10 * 60_000;
/** A trainer that was silent for t before may be silent for this many times t. */
const patience = 20;

export interface SilenceLimit {
  /** A sign of life at `now` (ms of any steady clock). */
  sign(now: number): void;
  /** Milliseconds until the trial counts as hung; not positive when it does. */
  left(now: number): number;
  /** For people, where the limit was not set by the study: what it was and why. */
  detail(): string | undefined;
}

/**
 * @param seconds what the study sets
 * @param vital the trainer gives signs of life by itself, so that long silence means something
 */
export function createSilenceLimit(seconds: number | undefined, vital: boolean, now: number): SilenceLimit | undefined {
  if (seconds === undefined && !vital) return undefined;
  let last = now;
  let signs = 0;
  let longest = 0;
  const limit = (): number => {
    if (seconds !== undefined) return seconds * 1000;
    return signs === 0 ? startMs : Math.max(leastMs, patience * longest);
  };
  return {
    sign(at) {
      longest = Math.max(longest, at - last);
      last = at;
      signs += 1;
    },
    left: (at) => last + limit() - at,
    detail() {
      if (seconds !== undefined) return undefined;
      const before =
        signs === 0 ? "it had not said anything yet" : `before, it was silent for ${text(longest)} at most`;
      return `${text(limit())} without a sign of life (${before}; limits.heartbeat sets another limit)`;
    },
  };
}

function text(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} min` : `${Number((ms / 1000).toPrecision(2))} s`;
}
