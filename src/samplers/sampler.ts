/**
 * The contract of a sampler: which configuration to try next.
 * Life cycle: one instance per study run; `suggest` is called whenever a slot is free and the scheduler wants a new
 * configuration. Invariant: the answer is a pure function of (space, history, pending, the trial's rng). Whatever an
 * instance remembers is a cache of the history, so a study resumed in another process goes on as if it had never stopped.
 */
import type { Objective } from "../core/objective.ts";
import { rngForKey, type Rng } from "../core/rng.ts";
import type { Params, Space } from "../core/space/parameter.ts";
import type { FinishedTrial, PendingTrial } from "../core/trial.ts";

export interface SamplerContext {
  readonly space: Space;
  readonly objectives: readonly [Objective, ...Objective[]];
  /** Whether a configuration satisfies every constraint of the study. Cheap; never throws. */
  readonly isFeasible: (params: Params) => boolean;
  /** Trials the study may finish, if bounded: lets a sampler plan its start-up phase. */
  readonly budgetTrials?: number;
  readonly parallel: number;
  /** A scheduler may end trials before they have a result. */
  readonly stopsEarly?: boolean;
  /** The sampler that the study's scheduler is made for, for `auto`. */
  readonly preferred?: string;
  /** The study's own stream, for what is drawn once and holds for all trials (a scramble, an order); see `samplerStream`. */
  readonly rng: Rng;
}

/** The stream of `SamplerContext.rng` for a study's seed. */
export function samplerStream(seed: number): Rng {
  return rngForKey(`${seed}:sampler`);
}

export interface SuggestRequest {
  /** Finished trials in the order they finished. Append-only between calls on one instance: caches may key on its length. */
  readonly history: readonly FinishedTrial[];
  /** Trials handed out and not finished, by number. What they have shown at rungs counts as observed: see rungObservations.ts. */
  readonly pending: readonly PendingTrial[];
  /** The number the new trial will get. */
  readonly number: number;
  /** The step (epoch) at which a scheduler will first judge the new trial; undefined = it may train to its end. */
  readonly untilStep?: number;
  /** Steps of a full training, if known. */
  readonly maxSteps?: number;
  /** The stream of this trial (`rngFor(seed, number, "suggest")`). */
  readonly rng: Rng;
}

export interface Suggestion {
  /** Active parameters and constants only, feasible, inside the domains, on the step grid. */
  readonly params: Params;
  /** One line for the log of the study: why this point ("start-up 3 of 10", "l/g = 2.1 among 24 candidates"). */
  readonly reason: string;
}

export interface Sampler {
  /**
   * The next configuration.
   * @throws BasinError `no-feasible-point` when the constraints leave nothing to propose; `space-exhausted` when everything
   *   this sampler would propose has been tried: the study is then complete.
   */
  suggest(request: SuggestRequest): Suggestion | Promise<Suggestion>;
}
