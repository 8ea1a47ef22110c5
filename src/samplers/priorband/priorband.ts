/**
 * PriorBand's ensemble of draws: at random, by the users' beliefs, or near the best configuration so far; the share of chance
 * falls with the rung, and what is left goes to belief and incumbent by how likely each makes the best trials.
 * Mallik et al., "PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning", NeurIPS 2023; constants as in
 * NePS. Invariant: the answer follows from the history and the trial's stream; all that is remembered is what has been tried and
 * what was best.
 */
import { z } from "zod";
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import { gridCount } from "../../core/space/domain.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { isActive, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";
import { drawPriorOf, hasPrior, logPrior, priorMode, priorParams } from "../../core/space/prior.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { budgetsOf, fullBudget, mostTrials, rankedAt } from "../bohb/budgets.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import { withLeader } from "../leaders.ts";
import { firstNew, type Candidate } from "../proposals.ts";
import { fullRung, ladderOf, rungsBetween } from "../rungs.ts";
import type { SuggestRequest, Suggestion } from "../sampler.ts";
import { Tried } from "../tpe/tried.ts";

/**
 * The rung of a study whose trials all run to the end. There is no cheap rung on which draws at random would be sorted out, and
 * no ladder whose top would rule them out: they get the share of the first promotion, a quarter with eta = 3.
 */
const rungWithoutBudgets = 1;

export const priorbandSampler = defineSampler(
  {
    kind: "priorband",
    label: "PriorBand",
    summary:
      "For parameters with a `prior:`: follows what you believe, checks it by draws at random and by the best trial so far, and lets go of it where it proves wrong.",
    source:
      "N. Mallik, E. Bergman, C. Hvarfner, D. Stoll, M. Janowski, M. Lindauer, L. Nardi, F. Hutter, PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning (NeurIPS 2023)",
    needs: "curves",
    wantsPrior: true,
    options: z.strictObject({
      eta: z
        .number()
        .min(2)
        .max(100)
        .default(3)
        .describe(
          "Draws at random make up 1 / (1 + eta^rung); the best 1 / eta of a rung decide between belief and incumbent.",
        ),
      mutationRate: z
        .number()
        .gt(0)
        .max(1)
        .default(0.5)
        .describe("Chance of each parameter of the best trial to be changed, by a spread of a quarter of its range."),
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const believed = hasPrior(space);
    const triedIn = historyFold(
      () => new Tried(space),
      (tried, { params }) => tried.add(params),
    );
    const bestIn = historyFold<{ leaders: readonly FinishedTrial[] }>(
      () => ({ leaders: [] }),
      (state, trial) => (state.leaders = withLeader(state.leaders, trial, objectives)),
    );

    /** The best trial, and the rank-weighted likelihood that its neighbourhood gives the best trials, as a share; undefined before it counts. */
    function incumbentOf(history: readonly FinishedTrial[]): Incumbent | undefined {
      const newest = history.slice(-mostTrials);
      // The best may be older than those.
      const old = bestIn(history).leaders.filter((leader) => !newest.some(({ number }) => number === leader.number));
      const known = [...old, ...newest];
      const budgets = budgetsOf(known);
      const best = rankedAt(known, fullBudget, objectives)[0];
      if (best === undefined || spent(history) < budgets.length) return undefined;
      for (const budget of budgets.toReversed()) {
        const ranked = rankedAt(known, budget, objectives);
        if (ranked.length < options.eta) continue;
        const top = ranked.slice(0, Math.max(1, Math.floor(ranked.length / options.eta)));
        return { best, share: shareOf(top, space, around(space, best.params)) };
      }
      return undefined;
    }

    function mutated(params: Params, rng: Rng): Params {
      const near = around(space, params);
      const searched = near.filter((parameter) => gridCount(parameter) > 1 && isActive(parameter, params));
      const changed = new Set(searched.filter(() => rng.next() < options.mutationRate).map(({ name }) => name));
      if (changed.size === 0 && searched.length > 0) changed.add(rng.choice(searched).name);
      const out: Record<string, ParamValue> = {};
      for (const parameter of near) {
        if (!isActive(parameter, out)) continue;
        const own = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
        // What a change has made active is drawn by the belief in it, or uniformly.
        const drawn = changed.has(parameter.name) || own === undefined;
        setOwn(out, parameter.name, drawn ? drawPriorOf(parameter, rng) : own);
      }
      return out;
    }

    function suggest(request: SuggestRequest): Suggestion {
      const { history, pending, rng } = request;
      const isNew = triedIn(history).test(pending);
      if (believed && history.length === 0 && pending.length === 0) {
        const params = priorMode(space, rng);
        if (isFeasible(params)) return { params, reason: "the believed values" };
      }
      const rung = rungAbove(request, options.eta);
      const random = 1 / (1 + options.eta ** rung);
      const incumbent = incumbentOf(history);
      const share = incumbent?.share ?? 0;
      const shares = [random, (1 - random) * (1 - share), (1 - random) * share]
        .map((part) => `${Math.round(100 * part)} %`)
        .join(", ");
      const odds = `shares of chance, belief, incumbent: ${shares}`;
      const next = (): Candidate => {
        if (rng.next() < random) return { params: feasible.draw(rng), reason: `uniform draw (${odds})` };
        if (incumbent !== undefined && rng.next() < share)
          return {
            params: mutated(incumbent.best.params, rng),
            reason: `the best trial changed (${odds})`,
          };
        if (!believed)
          return { params: feasible.draw(rng), reason: `uniform draw, no parameter has a prior (${odds})` };
        return { params: priorParams(space, rng), reason: `draw by the priors (${odds})` };
      };
      const { params, reason } = firstNew(next, isFeasible, isNew, feasible, rng);
      return { params, reason };
    }

    return { suggest };
  },
);

/** How many rungs lie below the one at which the new trial will first be judged. O(history) */
function rungAbove(request: SuggestRequest, eta: number): number {
  const { history, untilStep } = request;
  if (untilStep === undefined && history.every((trial) => trial.untilStep === undefined))
    // Nobody is judged at rungs: trials that were stopped all began at the bottom.
    return budgetsOf(history).some((budget) => budget !== fullBudget) ? 0 : rungWithoutBudgets;
  const { rungs, own, top } = ladderOf(request);
  const lowest = rungs[0]!;
  if (lowest === fullRung) return rungWithoutBudgets;
  return rungsBetween(lowest, own === fullRung ? (top ?? lowest) : own, eta);
}

interface Incumbent {
  readonly best: FinishedTrial;
  readonly share: number;
}

/** The space with a belief of medium confidence in each value of `params`: NePS's spread of 0.25 round an incumbent. */
function around(space: Space, params: Params): Space {
  return space.map((parameter) => {
    const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
    return value === undefined ? parameter : { ...parameter, prior: { value, confidence: "medium" } };
  });
}

/** How much the incumbent's neighbourhood explains of the best trials, against the belief: the best counts most (section 5). */
function shareOf(top: readonly FinishedTrial[], belief: Space, near: Space): number {
  const logs = top.map(({ params }) => [logPrior(belief, params), logPrior(near, params)] as const);
  const shift = Math.max(...logs.flat());
  let [prior, incumbent] = [0, 0];
  logs.forEach(([byBelief, byIncumbent], i) => {
    const weight = top.length - i;
    prior += weight * Math.exp(byBelief - shift);
    incumbent += weight * Math.exp(byIncumbent - shift);
  });
  return incumbent / (prior + incumbent);
}

/** What has been spent, in full runs: a stopped trial counts by its share of the longest one. O(trials). */
function spent(history: readonly FinishedTrial[]): number {
  let longest = 1;
  for (const { last } of history) if (last !== undefined) longest = Math.max(longest, last.step);
  let sum = 0;
  for (const { state, last } of history) {
    if (state === "complete") sum += 1;
    else if (state === "pruned" && last !== undefined) sum += last.step / longest;
  }
  return sum;
}
