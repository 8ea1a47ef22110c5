/**
 * Debounce and throttle, the only two ways the host waits.
 * Invariant: nothing runs after `dispose`; a throttled function always runs once more after the last call.
 */
import type { Disposable } from "./disposables.ts";

export interface Timed extends Disposable {
  call(): void;
}

/** Runs `work` once, `ms` after the last call. */
export function debounce(ms: number, work: () => void): Timed {
  let timer: NodeJS.Timeout | undefined;
  return {
    call() {
      clearTimeout(timer);
      timer = setTimeout(work, ms);
    },
    dispose: () => clearTimeout(timer),
  };
}

/**
 * Runs `work` at once and then at most every `ms`; a call in between is made up for at the end of the gap.
 * @param ms the gap, or a function asked for it each time
 */
export function throttle(ms: number | (() => number), work: () => void): Timed {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  const rest = (): void => {
    timer = setTimeout(
      () => {
        timer = undefined;
        if (!again) return;
        again = false;
        work();
        rest();
      },
      typeof ms === "number" ? ms : ms(),
    );
  };
  return {
    call() {
      if (timer !== undefined) {
        again = true;
        return;
      }
      work();
      rest();
    },
    dispose() {
      clearTimeout(timer);
      timer = undefined;
      again = false;
    },
  };
}
