/**
 * HEBO, heteroscedastic and evolutionary Bayesian optimisation (A. I. Cowen-Rivers et al., "HEBO: Pushing The Limits of
 * Sample-Efficient Hyperparameter Optimisation", JAIR 2022): a Gaussian process of values made normal, behind a fitted warp of
 * each parameter, and a random one of the trade-offs between three acquisitions. Schedule of kappa and start-up from the paper's
 * published code. Differences: the shared Matern-5/2 kernel and priors of gp/, running trials imputed by the model's mean,
 * fewer generations, no random disturbance of the acquisitions, several objectives by ParEGO's scalarisation.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import type { Rng } from "../../core/rng.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import type { Params } from "../../core/space/parameter.ts";
import { defineSampler } from "../entry.ts";
import { featuresOf } from "../gp/features.ts";
import { growingModel, type Observed } from "../gp/growing.ts";
import { pointKey } from "../gp/pointKey.ts";
import { chosenTrialsOption, randomWeights } from "../gp/values.ts";
import { historyFold } from "../historyFold.ts";
import { lossesOf } from "../ranking.ts";
import type { Sampler, SamplerContext } from "../sampler.ts";
import { sobolSampler } from "../sobol/sobol.ts";
import { fitWarped } from "./fit.ts";
import { kappaAt, maceFront, type MaceMember } from "./mace.ts";
import { normalised } from "./power.ts";
import { warpedPoint } from "./warp.ts";

export const heboSampler = defineSampler(
  {
    kind: "hebo",
    label: "HEBO",
    summary:
      "Bayesian optimisation for uneven objectives: values and ranges are warped to suit the model. For 20 to 300 trials, also many at a time.",
    source:
      "A. I. Cowen-Rivers, W. Lyu, R. Tutunov, Z. Wang, A. Grosnit, R.-R. Griffiths, A. M. Maraval, H. Jianye, J. Wang, J. Peters, H. Bou-Ammar, HEBO: Pushing The Limits of Sample-Efficient Hyperparameter Optimisation (JAIR 2022).",
    heavy: true,
    options: z.strictObject({
      startupTrials: z
        .int()
        .min(0)
        .default(0)
        .describe("Sobol points before the model takes over; 0 means one more than there are parameters."),
      population: z.int().min(10).max(1000).default(50).describe("Configurations that the acquisitions evolve."),
      generations: z.int().min(1).max(1000).default(14).describe("Generations of them for each suggestion."),
      maxTrials: chosenTrialsOption(2000, 300, "Time grows with the square."),
    }),
  },
  createHebo,
);

interface HeboOptions {
  readonly startupTrials: number;
  readonly population: number;
  readonly generations: number;
  readonly maxTrials: number;
}

/** Trials that hyperparameters are fitted to at most, and steps of each fit. */
const fitTrials = 90;
const fitIterations = 12;
/** The best trials: the first parents. */
const elites = 5;
/** Draws after something new where the acquisitions show nothing. */
const lastDraws = 40;
/** Start-up takes no more of the budget than this. */
const startupShare = 1 / 4;

interface Observation extends Observed {
  readonly params: Params;
}

function createHebo(context: SamplerContext, options: HeboOptions): Sampler {
  const { space, objectives, parallel, budgetTrials = Infinity } = context;
  const features = featuresOf(space);
  const startup = sobolSampler.create(context, {});
  const feasible = feasibleSampler(space, context.isFeasible);
  const wanted =
    options.startupTrials > 0
      ? options.startupTrials
      : Math.min(1 + features.dimension, Math.floor(budgetTrials * startupShare));
  const first = Math.max(2, wanted);
  const learned = historyFold(
    () => ({ observations: [] as Observation[], tried: new Set<number>(), finite: 0 }),
    (state, trial) => {
      const point = features.encode(trial.params);
      state.tried.add(pointKey(point));
      const losses = trial.state === "complete" ? lossesOf(trial, objectives) : undefined;
      if (losses === undefined) return;
      state.observations.push({ params: trial.params, point, losses });
      if (losses.every(Number.isFinite)) state.finite++;
    },
  );
  const modelOf = growingModel({
    features,
    objectives,
    first,
    maxTrials: options.maxTrials,
    fitTrials,
    shape: normalised,
    fit(points, y) {
      const { hyperparameters, warp } = fitWarped(features, points, y, fitIterations);
      return { hyperparameters, place: (point) => warpedPoint(features, warp, point) };
    },
  });

  return {
    async suggest(request) {
      const { history, pending, number, rng } = request;
      const known = learned(history);
      const { observations, finite } = known;
      if (features.dimension === 0 || finite < first) return startup.suggest(request);
      const weights = objectives.length === 1 ? undefined : randomWeights(objectives.length, rng);
      const { model: fitted, place, rows, losses } = await modelOf(observations, weights);
      const best = fitted.fitted.reduce((least, value) => Math.min(least, value), Infinity);
      let model = fitted;
      const tried = new Set(known.tried);
      for (const trial of pending) {
        const point = features.encode(trial.params);
        tried.add(pointKey(point));
        model = model.with(place(point), model.predict(place(point)).mean);
      }
      const good = Array.from(losses.keys())
        .toSorted((a, b) => losses[a]! - losses[b]! || a - b)
        .slice(0, elites)
        .map((i) => observations[rows[i]!]!.params);
      const front = maceFront(context, features, options, {
        predict: (points) => model.predictMany(points.map(place)),
        best,
        kappa: kappaAt(Math.max(1, Math.floor(observations.length / parallel)), features.dimension),
        good,
        tried,
        rng,
      });
      if (front.length > 0) {
        const { member, why } = chosen(front, number, parallel, rng);
        const reason = `${why} of ${front.length} trade-offs between acquisitions, expected ${formatNumber(member.mean)} deviations from the mean, ${observations.length} trials in the model`;
        return { params: member.params, reason };
      }
      let params = feasible.draw(rng);
      for (let i = 0; i < lastDraws && tried.has(pointKey(features.encode(params))); i++) params = feasible.draw(rng);
      return { params, reason: "uniform draw: the acquisitions show nothing that is new" };
    },
  };
}

/** A random member. With more than two slots the first bets on the best mean, the second looks where least is known. */
function chosen(
  front: readonly MaceMember[],
  number: number,
  parallel: number,
  rng: Rng,
): { readonly member: MaceMember; readonly why: string } {
  const slot = parallel > 2 ? number % parallel : 2;
  if (slot === 0) return { member: least(front, ({ mean }) => mean), why: "best mean" };
  if (slot === 1) return { member: least(front, ({ variance }) => -variance), why: "least known" };
  return { member: rng.choice(front), why: "one" };
}

function least(front: readonly MaceMember[], of: (member: MaceMember) => number): MaceMember {
  return front.reduce((best, member) => (of(member) < of(best) ? member : best));
}
