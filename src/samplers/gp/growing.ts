/**
 * A model that keeps up with its trials: fitted at lengths that grow, in between grown by a trial at a time.
 * Invariant: the model after n trials follows from those trials alone, whatever was asked before; the fits among them depend on
 * their first trials only, so a study that goes on in another process fits the same.
 */
import type { Objective } from "../../core/objective.ts";
import type { Features } from "./features.ts";
import { regressionModel, type Hyperparameters, type Model } from "./regression.ts";
import { chosenRows, combined, fitLength, grownLength } from "./values.ts";

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
  /**
   * With it, what is fitted anew is fitted at lengths that grow by half; from there it is followed up, at every trial up to so
   * many and then at lengths that grow by a tenth. Without it, everything is fitted anew at the latter.
   */
  readonly followedTrials?: number;
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
        readonly place: Fit["place"];
        rows: readonly number[];
        upTo: number;
        model: Model;
      }
    | undefined;
  let anchor: { readonly observations: readonly Observed[]; readonly length: number; readonly fit: Fit } | undefined;

  const valuesOf = (observations: readonly Observed[], length: number) => {
    const losses = combined(observations.slice(0, length), objectives, undefined);
    const values = shape(losses);
    const pick = (most: number): readonly [readonly number[], Float64Array[], Float64Array] => {
      const rows = chosenRows(losses, most);
      return [rows, rows.map((row) => observations[row]!.point), Float64Array.from(rows, (row) => values[row]!)];
    };
    return pick;
  };

  const fitted = async (observations: readonly Observed[], length: number): Promise<NonNullable<typeof memory>> => {
    const { followedTrials } = settings;
    const first = grownLength(length, settings.first, 1.5);
    if (followedTrials !== undefined && (anchor?.observations !== observations || anchor.length !== first)) {
      const [, points, y] = valuesOf(observations, first)(settings.fitTrials);
      anchor = { observations, length: first, fit: await settings.fit(points, y) };
    }
    const pick = valuesOf(observations, length);
    const [, fitPoints, fitY] = pick(settings.fitTrials);
    const latest = followedTrials === undefined ? undefined : anchor!.fit;
    const { hyperparameters, place } =
      latest !== undefined && length === first ? latest : await settings.fit(fitPoints, fitY, latest);
    const [rows, points, y] = pick(settings.maxTrials);
    const model = regressionModel(features, hyperparameters, points.map(place), y);
    return { observations, length, place, rows, upTo: length, model };
  };

  return async (observations, weights) => {
    const count = observations.length;
    const length = count <= (settings.followedTrials ?? 0) ? count : fitLength(count, settings.first);
    if (memory?.observations !== observations || memory.length !== length || memory.upTo > count)
      memory = await fitted(observations, length);
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
