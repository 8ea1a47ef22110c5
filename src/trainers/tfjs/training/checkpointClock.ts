/**
 * Decides when a checkpoint is due, so that writing them costs at most 1% of the training time.
 */

export interface CheckpointClock {
  /** Whether one is due at the end of an epoch. */
  dueAtEpoch(): boolean;
  /** Whether one is due inside a long epoch. */
  dueMidEpoch(): boolean;
  /** Runs a write and learns what it costs. */
  measure(write: () => Promise<void>): Promise<void>;
}

/** Share of the time that may go into checkpoints. */
const share = 0.01;
/** Inside an epoch, at most one checkpoint in this time. */
const midEpochMs = 30_000;
/** What a first write is taken to cost. */
const firstCostMs = 10;

/** @param now milliseconds, monotonic */
export function createCheckpointClock(now: () => number = () => performance.now()): CheckpointClock {
  let cost = firstCostMs;
  let last = now();
  const due = (): boolean => now() - last >= cost / share;
  return {
    dueAtEpoch: due,
    dueMidEpoch: () => now() - last >= midEpochMs && due(),
    async measure(write) {
      const started = now();
      await write();
      last = now();
      cost = last - started;
    },
  };
}
