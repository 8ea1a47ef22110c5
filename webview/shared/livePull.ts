/**
 * When to pull: the adaptive clock behind live updates.
 * Invariant: never more than one pull at a time, and the pause after one is at least three times what it cost, so that the
 * panel spends at most a quarter of its time on updates however large the study grows.
 */

export interface Clock {
  now(): number;
  /** Returns a function that cancels. */
  after(ms: number, run: () => void): () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const id = setTimeout(run, ms);
    return () => clearTimeout(id);
  },
};

const minIntervalMs = 200;
const costShare = 3;

export class LivePull {
  private readonly pull: () => Promise<void>;
  private readonly clock: Clock;
  private wanted = false;
  private busy = false;
  /** Somebody asked for the next pull now while this one was under way. */
  private hurried = false;
  private notBefore = Number.NEGATIVE_INFINITY;
  private cancel: (() => void) | undefined;
  private disposed = false;

  /** @param pull must not reject: it shows its own errors */
  constructor(pull: () => Promise<void>, clock: Clock = realClock) {
    this.pull = pull;
    this.clock = clock;
  }

  /** Something changed: pull as soon as the pace allows. Any number of calls meanwhile make one pull. */
  request(): void {
    this.wanted = true;
    this.schedule();
  }

  /** A person asked: pull now, whatever the pace; still one at a time, so after one that is under way with the least pause. */
  requestNow(): void {
    this.hurried = this.busy;
    this.notBefore = Number.NEGATIVE_INFINITY;
    this.cancel?.();
    this.cancel = undefined;
    this.request();
  }

  dispose(): void {
    this.disposed = true;
    this.cancel?.();
  }

  private schedule(): void {
    if (this.busy || this.disposed || !this.wanted || this.cancel !== undefined) return;
    const wait = this.notBefore - this.clock.now();
    if (wait <= 0) void this.run();
    else {
      this.cancel = this.clock.after(wait, () => {
        this.cancel = undefined;
        void this.run();
      });
    }
  }

  private async run(): Promise<void> {
    this.wanted = false;
    this.hurried = false;
    this.busy = true;
    const began = this.clock.now();
    try {
      await this.pull();
    } finally {
      const ended = this.clock.now();
      // Never none: what asks again in every pull must not keep the panel busy.
      this.notBefore = ended + (this.hurried ? minIntervalMs : Math.max(minIntervalMs, costShare * (ended - began)));
      this.busy = false;
      this.schedule();
    }
  }
}
