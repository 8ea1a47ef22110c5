/**
 * Descent along derivatives that trainers report: F. Pedregosa, "Hyperparameter optimization with approximate gradient"
 * (HOAG), ICML 2016. Parameters with a derivative follow it from trial to trial (chains.ts); all others, and where a chain
 * begins, are chosen by a tree-structured Parzen estimator over all trials, and held while the chain goes on.
 * Invariant: the answer follows from the history, the running trials and the trial's own randomness. O(chains) a suggestion
 * that goes on, that of TPE for one that begins.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { gridCount } from "../../core/space/domain.ts";
import { isActive } from "../../core/space/parameter.ts";
import { defineSampler } from "../entry.ts";
import { historyFold } from "../historyFold.ts";
import type { Sampler, SamplerContext, SuggestRequest, Suggestion } from "../sampler.ts";
import { tpeSampler } from "../tpe/tpe.ts";
import { movableOf, noChains, takeTrial, type Chain, type ChainContext, type Chains } from "./chains.ts";

export const hoagSampler = defineSampler(
  {
    kind: "hoag",
    label: "HOAG, descent along hypergradients",
    summary:
      "Follows the derivative of a smooth loss. For weight decay, label smoothing and the like of the built-in trainer, or programs that report hypergradients.",
    source: "F. Pedregosa, Hyperparameter optimization with approximate gradient, ICML 2016",
    needs: "gradients",
    options: z.strictObject({
      starts: z
        .int()
        .min(0)
        .max(10_000)
        .default(0)
        .describe(
          "Trials that are drawn before any is followed; 0 takes one for each slot, and 5 at least where some parameters have no derivative.",
        ),
      explore: z
        .number()
        .min(0)
        .max(1)
        .default(0.25)
        .describe("Share of the later trials that begin elsewhere, where some parameters have no derivative."),
      firstStep: z
        .number()
        .gt(0)
        .max(0.5)
        .default(0.1)
        .describe(
          "Length of a descent's first step in each parameter, as a share of its range (of its logarithm, if it is logarithmic).",
        ),
      leastStep: z
        .number()
        .gt(0)
        .max(0.5)
        .default(0.005)
        .describe(
          "A descent whose step has become smaller than this share of the range has ended; another one begins.",
        ),
    }),
  },
  createHoag,
);

interface HoagOptions {
  readonly starts: number;
  readonly explore: number;
  readonly firstStep: number;
  readonly leastStep: number;
}

/** Draws before descents where something has to be held. */
const mixedStarts = 5;

function createHoag(context: SamplerContext, options: HoagOptions): Sampler {
  const { space, objectives, isFeasible, parallel } = context;
  const movable = movableOf(space);
  const chainContext: ChainContext = { movable, objective: objectives[0], isFeasible, options };
  const chainsOf = historyFold<Chains>(noChains, (chains, trial) => takeTrial(chains, trial, chainContext));
  const beginner = tpeSampler.create(context, {});

  /** Whether a chain holds something that is searched, rather than a constant or the like. */
  const holds = ({ place }: Chain): boolean =>
    space.some(
      (parameter) =>
        gridCount(parameter) > 1 &&
        isActive(parameter, place.params) &&
        !(movable.has(parameter.name) && place.slope.has(movable.get(parameter.name)!)),
    );

  async function begin(request: SuggestRequest, why: string): Promise<Suggestion> {
    const { params, reason } = await beginner.suggest(request);
    return { params, reason: `${why}: ${reason}` };
  }

  return {
    async suggest(request) {
      const { history, pending } = request;
      const chains = chainsOf(history);
      if (chains.all.length === 0) {
        if (movable.size === 0) return begin(request, "nothing to follow, no parameter is continuous");
        if (chains.slopeless > 0) return begin(request, "nothing to follow, no trial has brought a derivative");
        return begin(request, "start of a descent");
      }
      const running = new Set(pending.map(({ params }) => paramsKey(params)));
      const open = chains.all
        .filter(({ next }) => next !== undefined)
        .sort((a, b) => a.place.loss - b.place.loss || a.root - b.root);
      const mixed = chains.all.some(holds);
      const starts = options.starts > 0 ? options.starts : Math.max(parallel, mixed ? mixedStarts : 1);
      const followed = chains.all.reduce((sum, { length }) => sum + length - 1, 0);
      const following = open.filter(({ next }) => running.has(next!.key)).length;
      const given = history.length + pending.length;
      const begun = given - followed - following;
      const due = starts + (mixed ? Math.floor(options.explore * Math.max(0, given - starts)) : 0);
      if (begun < due) return begin(request, `start ${begun + 1} of a descent`);
      const chain = open.find(({ next }) => !running.has(next!.key));
      if (chain === undefined)
        return begin(
          request,
          `start ${begun + 1} of a descent, ${open.length === 0 ? "the others have ended" : "the others wait for their trials"}`,
        );
      const { params, foretold, move } = chain.next!;
      return {
        params,
        reason: `step ${chain.length} from trial ${chain.place.number}, begun with trial ${chain.root}: ${formatNumber(100 * move)}% of a range along the slope, ${objectives[0].metric} should ${objectives[0].direction === "minimize" ? "fall" : "rise"} by ${formatNumber(foretold)}`,
      };
    },
  };
}
