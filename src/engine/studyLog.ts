/**
 * The log of one study: what sampler, scheduler and runner did and why. Kept in the database, written in small batches.
 * Invariant: lines are in order; one that a client has read survives a crash.
 */
import type { StudyLogLine } from "../protocol/engine.ts";
import type { TrialStore } from "../storage/trialStore.ts";
import type { Clock } from "./clock.ts";

const flushMs = 200;
const maxMessage = 2000;

export class StudyLog {
  readonly #store: TrialStore;
  readonly #studyId: number;
  readonly #clock: Clock;
  #buffer: StudyLogLine[] = [];
  #cancel: (() => void) | undefined;
  #dropped = false;

  constructor(store: TrialStore, studyId: number, clock: Clock) {
    this.#store = store;
    this.#studyId = studyId;
    this.#clock = clock;
  }

  add(level: StudyLogLine["level"], source: StudyLogLine["source"], message: string, number?: number): void {
    if (this.#dropped) return;
    const text = message.length > maxMessage ? `${message.slice(0, maxMessage)}…` : message;
    this.#buffer.push({
      at: this.#clock.now(),
      level,
      source,
      ...(number === undefined ? {} : { number }),
      message: text,
    });
    this.#cancel ??= this.#clock.after(flushMs, () => this.flush());
  }

  /** The last `limit` lines, oldest first. */
  lines(limit: number): StudyLogLine[] {
    this.flush();
    return this.#store.log(this.#studyId, limit);
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#buffer.length === 0) return;
    const lines = this.#buffer;
    this.#buffer = [];
    this.#store.addLog(this.#studyId, lines);
  }

  /** Drops what is not written and all that is still to come: the study is deleted, and work that was under way may end later. */
  drop(): void {
    this.#dropped = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#buffer = [];
  }
}
