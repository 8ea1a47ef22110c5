/**
 * Where trials stand in a scheduler's rungs, as the panel shows it.
 * Invariant: plain data; a trial is in a rung once it has been judged there or is on its way there.
 */

/** What became of a trial at a rung, for people. */
export interface RungEntry {
  readonly number: number;
  /** What it was judged by; NaN if it has none. */
  readonly value: number;
  readonly outcome: "running" | "waiting" | "promoted" | "paused" | "stopped" | "complete" | "failed";
}

export interface RungView {
  /** Steps of training at which it judges. */
  readonly step: number;
  /** Trials it is planned for, where the method fixes that. */
  readonly capacity?: number;
  readonly entries: readonly RungEntry[];
}

/** A bracket of rungs, from the least training to the most; or a population, whose rungs are its intervals. */
export interface BracketView {
  readonly label: string;
  readonly rungs: readonly RungView[];
}
