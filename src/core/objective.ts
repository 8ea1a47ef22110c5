/**
 * Objectives and how values compare.
 * Invariant: inside samplers and schedulers everything is minimised; `toLoss` is the only place where a sign is flipped.
 */

export type Direction = "minimize" | "maximize";

export interface Objective {
  readonly metric: string;
  readonly direction: Direction;
  /** Stop the study once a complete trial is at least this good. */
  readonly target?: number;
}

/** The value as a loss: maximised metrics are negated. NaN stays NaN. */
export function toLoss(value: number, direction: Direction): number {
  return direction === "maximize" ? -value : value;
}

/** Whether `a` is strictly better than `b`; NaN is never better, and anything is better than NaN. */
export function isBetter(a: number, b: number, direction: Direction): boolean {
  if (Number.isNaN(a)) return false;
  if (Number.isNaN(b)) return true;
  return direction === "maximize" ? a > b : a < b;
}
