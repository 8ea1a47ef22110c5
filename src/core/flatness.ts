/**
 * What can be computed about the loss around a trial's weights, on demand, and what comes out. Plain data for everybody.
 * Invariant: a request has every default filled in, so equal requests on equal weights have equal results; arrays of numbers may
 * hold NaN and infinities where the loss did.
 */
import type { EstimatorId } from "./sharpness.ts";

interface Common {
  /** Training samples of the probe, each class in its share; the same for equal numbers in all trials of a study. */
  readonly samples: number;
}

export interface SharpnessRequest extends Common {
  readonly kind: "sharpness";
  /** Not empty, each once. */
  readonly estimators: readonly EstimatorId[];
  /** Rows of a mini-batch, for the measures of the last layer. */
  readonly batch: number;
}

/** Along one random direction, filter-normalised. */
export interface LineRequest extends Common {
  readonly kind: "line";
  readonly points: number;
  /** From -reach to reach; 1 = a step as long as each filter's own weights. */
  readonly reach: number;
  readonly seed: number;
}

/** On a square of two random directions, filter-normalised. */
export interface PlaneRequest extends Common {
  readonly kind: "plane";
  /** A side: points^2 losses. */
  readonly points: number;
  readonly reach: number;
  readonly seed: number;
}

/** Density of the Hessian's eigenvalues, by Lanczos. */
export interface SpectrumRequest extends Common {
  readonly kind: "spectrum";
  /** Lanczos steps of a start. */
  readonly steps: number;
  readonly starts: number;
  /** Places at which the density is told. */
  readonly points: number;
  readonly seed: number;
}

/** Along the straight line to another trial's weights. */
export interface PathRequest extends Common {
  readonly kind: "path";
  /** Number of the other trial. */
  readonly to: number;
  readonly points: number;
}

export type FlatnessRequest = SharpnessRequest | LineRequest | PlaneRequest | SpectrumRequest | PathRequest;
export type FlatnessKind = FlatnessRequest["kind"];

/** What every result says beside its own. */
export interface FlatnessCircumstances {
  /** Epochs of the weights. */
  readonly epoch: number;
  /** They are the trial's result, and not a checkpoint on the way. */
  readonly finished: boolean;
  /** Samples of the probe; fewer than asked for where the training part has fewer. */
  readonly samples: number;
  /** Which samples these are. */
  readonly indexHash: string;
  readonly backend: string;
  /** Of computing, without reading data and weights. */
  readonly seconds: number;
}

export interface SharpnessValues {
  readonly kind: "sharpness";
  /** By estimator, and what belongs beside it under names of its own (`hutchinson-trace.se`, `gradient-norm`). */
  readonly values: Readonly<Record<string, number>>;
  /** Why a measure could not be computed, by estimator. */
  readonly failures: Readonly<Record<string, string>>;
}

export interface LineValues {
  readonly kind: "line";
  readonly positions: readonly number[];
  readonly losses: readonly number[];
}

export interface PlaneValues {
  readonly kind: "plane";
  /** Along the first and along the second direction. */
  readonly positions: readonly number[];
  /** losses[i * positions.length + j] at positions[i] of the first and positions[j] of the second direction. */
  readonly losses: readonly number[];
}

export interface SpectrumValues {
  readonly kind: "spectrum";
  /** Ritz values at the ends: within the spectrum. */
  readonly smallest: number;
  readonly largest: number;
  readonly positions: readonly number[];
  /** Integrates to 1. */
  readonly density: readonly number[];
  /** Standard deviation of the Gaussians it is made of. */
  readonly width: number;
  /** Ritz values of each start, ascending, with their weights, which add up to 1. */
  readonly ritz: readonly { readonly values: readonly number[]; readonly weights: readonly number[] }[];
}

export interface PathValues {
  readonly kind: "path";
  /** 0 is the trial, 1 the other one. */
  readonly positions: readonly number[];
  readonly losses: readonly number[];
  /** Largest height of the loss over the line between the losses at the ends; 0 = nowhere above. */
  readonly barrier: number;
  readonly barrierAt: number;
}

export type FlatnessValues = SharpnessValues | LineValues | PlaneValues | SpectrumValues | PathValues;
export type FlatnessResult = FlatnessValues & FlatnessCircumstances;
