/**
 * From points to proposals: the first of a method's candidates that satisfies the constraints and has not been tried.
 * Invariant: a repeat is handed out only where many candidates and many uniform draws were repeats.
 */
import type { Rng } from "../core/rng.ts";
import { paramsKey } from "../core/space/configuration.ts";
import type { FeasibleSampler } from "../core/space/feasible.ts";
import type { Params } from "../core/space/parameter.ts";
import type { PendingTrial } from "../core/trial.ts";

export interface Candidate {
  readonly params: Params;
  readonly reason: string;
}

/** The place of a trial in a population: its number modulo the size, also for the negative numbers of earlier studies' trials. */
export function placeOf(number: number, size: number): number {
  return ((number % size) + size) % size;
}

/** Candidates, and then uniform draws, that are looked at. */
const tries = 40;

/** Whether a configuration is neither among the finished trials nor among those that run. */
export function newcomerTest(
  tried: ReadonlySet<string>,
  pending: readonly PendingTrial[],
): (params: Params) => boolean {
  const running = new Set(pending.map((trial) => paramsKey(trial.params)));
  return (params) => {
    const key = paramsKey(params);
    return !tried.has(key) && !running.has(key);
  };
}

/**
 * @param next the method's next candidate; each call draws another, undefined when it has none
 * @throws BasinError `no-feasible-point`
 */
export function firstNew<Made extends Candidate>(
  next: () => Made | undefined,
  isFeasible: (params: Params) => boolean,
  isNew: (params: Params) => boolean,
  feasible: FeasibleSampler,
  rng: Rng,
): Made | Candidate {
  let repeat: Made | undefined;
  for (let i = 0; i < tries; i++) {
    const made = next();
    if (made === undefined) break;
    if (!isFeasible(made.params)) continue;
    if (isNew(made.params)) return made;
    repeat ??= made;
  }
  for (let i = 0; i < tries; i++) {
    const params = feasible.draw(rng);
    if (repeat === undefined) return { params, reason: "uniform draw: no candidate satisfies the constraints" };
    if (isNew(params)) return { params, reason: "uniform draw: all candidates have been tried" };
  }
  return { ...repeat!, reason: `${repeat!.reason}, tried before` };
}
