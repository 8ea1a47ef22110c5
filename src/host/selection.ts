/**
 * The one selection of trials that explorer and panels share.
 * Invariant: telling it what it already holds is not a change, and a listener is never told of its own change, so the two
 * sides cannot drive each other in circles.
 */
import type { Disposable } from "./disposables.ts";

export type SelectionOrigin = "explorer" | "panel" | "command";

export interface SelectionChange {
  /** `studyKey` of the study. */
  readonly study: string;
  readonly numbers: readonly number[];
  readonly origin: SelectionOrigin;
}

export interface Selection {
  get(study: string): readonly number[];
  set(study: string, numbers: readonly number[], origin: SelectionOrigin): void;
  /** Hears of the changes that others made. */
  listen(own: SelectionOrigin, listener: (change: SelectionChange) => void): Disposable;
}

export function createSelection(): Selection {
  const held = new Map<string, readonly number[]>();
  const listeners = new Set<{ own: SelectionOrigin; listener: (change: SelectionChange) => void }>();
  return {
    get: (study) => held.get(study) ?? [],
    set(study, numbers, origin) {
      const old = held.get(study) ?? [];
      if (old.length === numbers.length && old.every((number, i) => number === numbers[i])) return;
      held.set(study, [...numbers]);
      for (const entry of listeners) {
        if (entry.own !== origin) entry.listener({ study, numbers, origin });
      }
    },
    listen(own, listener) {
      const entry = { own, listener };
      listeners.add(entry);
      return { dispose: () => listeners.delete(entry) };
    },
  };
}
