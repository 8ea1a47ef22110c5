/**
 * A trial: one configuration and what became of it.
 * Invariant: a state only moves along `nextStates`; complete, pruned and failed are final.
 */
import type { Params } from "./space/parameter.ts";

/** The order is stored (columns hold the index): append, never reorder. */
export const trialStates = ["waiting", "running", "paused", "complete", "pruned", "failed"] as const;

export type TrialState = (typeof trialStates)[number];
export type FinalState = Extract<TrialState, "complete" | "pruned" | "failed">;
export type OpenState = Exclude<TrialState, FinalState>;

/** The states a trial may go to. An interrupted running trial goes back to waiting (it keeps its number and params). */
export const nextStates: Readonly<Record<TrialState, readonly TrialState[]>> = {
  waiting: ["running", "failed"],
  running: ["complete", "pruned", "failed", "paused", "waiting"],
  paused: ["running", "waiting", "pruned", "complete", "failed"],
  complete: [],
  pruned: [],
  failed: [],
};

export function isFinal(state: TrialState): state is FinalState {
  return state === "complete" || state === "pruned" || state === "failed";
}

/** An intermediate value of the first objective (or another metric) at a step (epoch), 1-based and increasing. */
export interface Report {
  readonly step: number;
  readonly value: number;
}

/** The trial whose checkpoint another one began with. */
export interface Parent {
  readonly number: number;
  /** The step of that checkpoint: the child's own first report is a later one. */
  readonly step: number;
}

/** How an attempt of a trial ended; `interrupted`: it was put back. */
export type AttemptEnd = FinalState | "running" | "paused" | "interrupted";

/** What samplers and schedulers see of a finished trial. */
export interface FinishedTrial {
  readonly number: number;
  readonly state: FinalState;
  readonly params: Params;
  /** One per objective, in the study's order, as reported (not negated); empty unless complete. */
  readonly values: readonly number[];
  /** Last intermediate value of the first objective, if any was reported. */
  readonly last?: Report;
  /** The step at which a scheduler was last to judge it; undefined = it was to train to its end, or that is not known. */
  readonly untilStep?: number | undefined;
  /** All of them, by increasing step; only for samplers whose entry asks for them (`needs: "curves"`). */
  readonly curve?: readonly Report[];
  /**
   * Derivative of the first objective's value by each continuous parameter that the trainer could differentiate by, in the
   * parameter's own scale; only for samplers whose entry asks for them (`needs: "gradients"`).
   */
  readonly gradient?: Readonly<Record<string, number>>;
}

/** `hypergradient.<parameter>` is the metric by which a trainer reports a derivative; the latest one counts. */
const gradientPrefix = "hypergradient.";

/** The derivatives among a trial's final metrics; undefined when there is none. O(metrics). */
export function gradientOf(metrics: Readonly<Record<string, number>>): Readonly<Record<string, number>> | undefined {
  const found = Object.entries(metrics)
    .filter(([metric, value]) => metric.startsWith(gradientPrefix) && Number.isFinite(value))
    .map(([metric, value]) => [metric.slice(gradientPrefix.length), value] as const);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** What samplers and schedulers see of a trial that is not finished. */
export interface PendingTrial {
  readonly number: number;
  readonly state: OpenState;
  readonly params: Params;
  readonly last?: Report;
  readonly untilStep?: number | undefined;
  /**
   * All reports: of a paused trial for samplers whose entry asks for them (`needs: "curves"`), of all others where a scheduler may
   * have judged them.
   */
  readonly curve?: readonly Report[];
}
