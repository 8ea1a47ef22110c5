/**
 * Trials in the units of the freeze-thaw model: ends of mean 0 and deviation 1, and curves as what is left of them when the
 * decay that is usual in the study is taken off.
 * Invariant: a function of the trials given; what is far out is cut, so one diverged trial does not set the units of all.
 */
import type { Direction } from "../../core/objective.ts";
import type { Params } from "../../core/space/parameter.ts";
import { median, quantile } from "../../core/stats.ts";
import type { Report } from "../../core/trial.ts";
import type { Features } from "../gp/features.ts";
import { decayingCurve, type Curve } from "./curves.ts";

/** A trial as the model sees it. Everything is a loss. */
export interface CurveTrial {
  readonly number: number;
  readonly params: Params;
  readonly point: Float64Array;
  readonly curve: Curve;
  /** What the trial came to, if it ran to its end. */
  readonly outcome: number | undefined;
  /** When the outcome was reported, if it was the last report: that one is not in the curve. */
  readonly outcomeStep?: number;
}

/** Losses are modelled as (loss - shift) / unit. */
export interface Scaling {
  readonly shift: number;
  readonly unit: number;
  /** Losses above it are taken to be it: how badly a trial diverged says nothing about the good ones. */
  readonly limit: number;
}

/** Tukey's fence for what is far out, in interquartile ranges. */
const farOut = 3;
/** Losses of curves further above the fence than so many units are cut: first reports can be as large as they like. */
const mostUnits = 30;
/** Whole curves that make a usual decay. */
const fewestWhole = 2;

/**
 * A trial for the model.
 * @param reports of a minimised or maximised metric, by increasing step; none is fine for a trial with an outcome
 * @param outcome a finite loss
 */
export function curveTrial(
  features: Features,
  direction: Direction,
  trial: { readonly number: number; readonly params: Params; readonly curve?: readonly Report[] },
  outcome: number | undefined,
): CurveTrial {
  const whole = decayingCurve(trial.curve ?? [], direction);
  const own = { number: trial.number, params: trial.params, point: features.encode(trial.params), outcome };
  if (outcome === undefined || whole.losses.at(-1) !== outcome) return { ...own, curve: whole };
  // A last report that is the outcome is the same measurement, and must not count twice.
  const curve = { ...whole, steps: whole.steps.slice(0, -1), losses: whole.losses.slice(0, -1) };
  return { ...own, curve, outcomeStep: whole.steps.at(-1)! };
}

/** The last thing known of a trial: its outcome, else the end of its curve; undefined when nothing is. */
export function endOf({ outcome, curve }: CurveTrial): number | undefined {
  return outcome ?? curve.losses.at(-1);
}

/** Units in which the ends of the trials have mean 0 and deviation 1, outliers cut. O(n log n). */
export function scalingOf(trials: readonly CurveTrial[]): Scaling {
  const ends = trials.map(endOf).filter((end) => end !== undefined);
  const [low, high] = [quantile(ends, 0.25), quantile(ends, 0.75)];
  const limit = high > low ? high + farOut * (high - low) : Infinity;
  const cut = ends.map((end) => Math.min(end, limit));
  const shift = cut.reduce((sum, end) => sum + end, 0) / cut.length;
  const deviation = Math.sqrt(cut.reduce((sum, end) => sum + (end - shift) ** 2, 0) / cut.length);
  return { shift, unit: deviation > 0 ? deviation : 1, limit };
}

/** A trial in units of a scaling; the curve is what is left when the usual decay is taken off. */
export interface Scaled {
  readonly steps: Float64Array;
  readonly losses: Float64Array;
  readonly outcome: number | undefined;
}

export interface Frame {
  readonly scaling: Scaling;
  /** How far above its outcome a trial usually is at a step. */
  readonly usual: (step: number) => number;
  readonly trials: readonly Scaled[];
}

/** Trials in units of their own scaling. O(n T log n). */
export function frameOf(trials: readonly CurveTrial[]): Frame {
  const scaling = scalingOf(trials);
  const { shift, unit, limit } = scaling;
  const most = Math.min(limit, Number.MAX_VALUE) + mostUnits * unit;
  const inUnits = (loss: number, cut: number): number => (Math.min(loss, cut) - shift) / unit;
  const plain = trials.map(({ curve: { steps, losses }, outcome, outcomeStep }) => ({
    steps,
    losses: losses.map((loss) => inUnits(loss, most)),
    outcome: outcome === undefined ? undefined : inUnits(outcome, limit),
    outcomeStep,
  }));
  const usual = usualDecay(plain);
  return {
    scaling,
    usual,
    trials: plain.map(({ steps, losses, outcome }) => ({
      steps,
      losses: losses.map((loss, i) => loss - usual(steps[i]!)),
      outcome,
    })),
  };
}

/**
 * The usual decay: at each step the median of what whole curves are above their outcomes, in between by interpolation on the
 * logarithm of the step. The paper's curves have mean 0; losses fall, so that a study of alike curves says more of the short
 * ones with this mean. It is 0 until enough trials ran to their end.
 */
function usualDecay(
  trials: readonly (Scaled & { readonly outcomeStep: number | undefined })[],
): (step: number) => number {
  const above = new Map<number, number[]>();
  const note = (step: number, value: number): void => {
    const values = above.get(step);
    if (values === undefined) above.set(step, [value]);
    else values.push(value);
  };
  for (const { steps, losses, outcome, outcomeStep } of trials) {
    if (outcome === undefined) continue;
    steps.forEach((step, i) => note(step, losses[i]! - outcome));
    if (outcomeStep !== undefined) note(outcomeStep, 0);
  }
  const knots = [...above]
    .filter(([, values]) => values.length >= fewestWhole)
    .map(([step, values]) => ({ at: Math.log1p(step), value: median(values) }))
    .sort((a, b) => a.at - b.at);
  return (step) => {
    const at = Math.log1p(step);
    const next = knots.findIndex((knot) => knot.at >= at);
    const after = knots[next];
    const before = knots[next < 0 ? knots.length - 1 : next - 1];
    if (after === undefined || before === undefined) return (after ?? before)?.value ?? 0;
    return before.value + ((after.value - before.value) * (at - before.at)) / (after.at - before.at);
  };
}
