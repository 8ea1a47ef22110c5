/**
 * What a model of the loss is fitted to: the complete trials as points with their losses, and the keys of all that were tried.
 * Invariant: trials in the order of the history, which alone decides.
 */
import type { Objective } from "../../core/objective.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import type { Params } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import type { Features } from "../gp/features.ts";
import { historyFold } from "../historyFold.ts";
import { lossesOf } from "../ranking.ts";

export interface Observation {
  readonly params: Params;
  readonly point: Float64Array;
  /** One an objective; Infinity where it was infinite. */
  readonly losses: readonly number[];
}

export interface Observations {
  readonly observations: Observation[];
  /** Observations all of whose losses are finite. */
  finite: number;
  /** Keys of the configurations of all finished trials. */
  readonly tried: Set<string>;
}

/** Keeps up with a history; a call costs what has been added since the last. */
export function observationsOf(
  features: Features,
  objectives: readonly Objective[],
): (history: readonly FinishedTrial[]) => Observations {
  return historyFold(
    (): Observations => ({ observations: [], finite: 0, tried: new Set() }),
    (state, trial) => {
      state.tried.add(paramsKey(trial.params));
      const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
      if (losses === undefined) return;
      if (losses.every(Number.isFinite)) state.finite += 1;
      state.observations.push({ params: trial.params, point: features.encode(trial.params), losses });
    },
  );
}
