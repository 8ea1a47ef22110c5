/**
 * A model that keeps up with its trials: fitted anew at lengths that grow by a tenth; in between its fit is followed up from
 * there, or, with many trials, kept and the model grown by a trial at a time.
 * Invariant: the model after n trials follows from those trials alone, whatever was asked before; the fits among them depend on
 * their first trials only, so a study that goes on in another process fits the same.
 */
import type { Objective } from "../../core/objective.ts";
import type { Features } from "./features.ts";
import { regressionModel, type Hyperparameters, type Model } from "./regression.ts";
import { chosenRows, combined, fitLength } from "./values.ts";

export interface Observed {
  readonly point: Float64Array;
  readonly losses: readonly number[];
}

/** A model's hyperparameters and where they place a point; the same point unless inputs are warped. */
export interface Fit {
  readonly hyperparameters: Hyperparameters;
  readonly place: (point: Float64Array) => Float64Array;
}

export interface GrowingSettings {
  readonly features: Features;
  readonly objectives: readonly Objective[];
  /** The length of the first fit. */
  readonly first: number;
  /** Trials in the model at most (plus those since the last fit). */
  readonly maxTrials: number;
  /** Trials that are fitted to at most. */
  readonly fitTrials: number;
  /** Brings losses to mean 0 and deviation 1; must not change their order. */
  readonly shape: (losses: Float64Array) => Float64Array;
  /** @param latest what was fitted to fewer trials, where it is to be followed up rather than found again */
  readonly fit: (points: readonly Float64Array[], y: Float64Array, latest?: Fit) => Fit | Promise<Fit>;
  /** Up to so many trials the fit is followed up at every one. None without it. */
  readonly refitTrials?: number;
}

export interface Grown {
  readonly model: Model;
  readonly place: (point: Float64Array) => Float64Array;
  /** Which observations are in the model. */
  readonly rows: readonly number[];
  /** Their losses, scalarised where there are several objectives; not shaped. */
  readonly losses: Float64Array;
}

/**
 * @returns the model of observations, of which there are at least `first`; calls with the same, longer list build on each other.
 * Several objectives are scalarised with the weights given. O(n^2), and O(fitTrials^3) where a fit is due.
 */
export function growingModel(
  settings: GrowingSettings,
): (observations: readonly Observed[], weights?: readonly number[]) => Promise<Grown> {
  const { features, objectives, shape } = settings;
  let memory:
    | {
        readonly observations: readonly Observed[];
        readonly length: number;
        /** As of that length; follow-ups start from it. */
        readonly fit: Fit;
        place: Fit["place"];
        rows: readonly number[];
        upTo: number;
        model: Model;
      }
    | undefined;

  const fitted = async (
    observations: readonly Observed[],
    length: number,
    latest?: Fit,
  ): Promise<{ readonly fit: Fit; readonly rows: readonly number[]; readonly model: Model }> => {
    const losses = combined(observations.slice(0, length), objectives, undefined);
    const values = shape(losses);
    const pick = (list: readonly number[]): [Float64Array[], Float64Array] => [
      list.map((row) => observations[row]!.point),
      Float64Array.from(list, (row) => values[row]!),
    ];
    const fit = await settings.fit(...pick(chosenRows(losses, settings.fitTrials)), latest);
    const rows = chosenRows(losses, settings.maxTrials);
    const [points, y] = pick(rows);
    return { fit, rows, model: regressionModel(features, fit.hyperparameters, points.map(fit.place), y) };
  };

  return async (observations, weights) => {
    const count = observations.length;
    const length = fitLength(count, settings.first);
    if (memory?.observations !== observations || memory.length !== length || memory.upTo > count) {
      const { fit, rows, model } = await fitted(observations, length);
      memory = { observations, length, fit, place: fit.place, rows, upTo: length, model };
    }
    if (memory.upTo < count && count <= (settings.refitTrials ?? 0)) {
      const { fit, rows, model } = await fitted(observations, count, memory.fit);
      memory = { ...memory, place: fit.place, rows, upTo: count, model };
    }
    for (; memory.upTo < count; memory.upTo++) {
      memory.model = memory.model.with(memory.place(observations[memory.upTo]!.point), 0);
      memory.rows = [...memory.rows, memory.upTo];
    }
    const { model, place, rows } = memory;
    const losses = combined(
      rows.map((row) => observations[row]!),
      objectives,
      weights,
    );
    return { model: model.revalued(shape(losses)), place, rows, losses };
  };
}
