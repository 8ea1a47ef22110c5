/**
 * Revision numbers and the calm stream of "changed" notifications made of them.
 * Invariant: numbers only grow, also over restarts of the engine (they begin at the time of day in milliseconds); clients
 * hear of a change within a tenth of a second and at most ten times a second.
 */
import type { EngineNotifications } from "../protocol/engine.ts";
import type { Clock } from "./clock.ts";

const intervalMs = 100;

export class Revisions {
  readonly #clock: Clock;
  readonly #send: (params: EngineNotifications["changed"]) => void;
  readonly #studies = new Map<number, number>();
  readonly #pending = new Set<number>();
  #revision: number;
  #lastSent = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #dirty = false;

  constructor(clock: Clock, send: (params: EngineNotifications["changed"]) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#revision = clock.now();
  }

  get current(): number {
    return this.#revision;
  }

  /** Revision of a study: when it last changed. */
  of(studyId: number): number {
    return this.#studies.get(studyId) ?? this.#revision;
  }

  /** A study changed in a way that a client could see. */
  touch(studyId: number): void {
    this.#revision += 1;
    this.#studies.set(studyId, this.#revision);
    this.#pending.add(studyId);
    this.#schedule();
  }

  /** A study is gone. */
  forget(studyId: number): void {
    this.#revision += 1;
    this.#studies.delete(studyId);
    this.#pending.delete(studyId);
    this.#schedule();
  }

  /** The state of everything, for a client that has just come. */
  snapshot(): EngineNotifications["changed"] {
    return {
      revision: this.#revision,
      studies: [...this.#studies].map(([id, revision]) => ({ id, revision })),
    };
  }

  dispose(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    this.#dirty = true;
    if (this.#cancel !== undefined) return;
    const wait = Math.max(0, Math.min(intervalMs, this.#lastSent + intervalMs - this.#clock.now()));
    this.#cancel = this.#clock.after(wait, () => {
      this.#cancel = undefined;
      if (!this.#dirty) return;
      this.#dirty = false;
      this.#lastSent = this.#clock.now();
      const studies = [...this.#pending].map((id) => ({ id, revision: this.of(id) }));
      this.#pending.clear();
      this.#send({ revision: this.#revision, studies });
    });
  }
}
