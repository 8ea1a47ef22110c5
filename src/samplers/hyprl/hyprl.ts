/**
 * Hyperparameter search as a game: the state is the trials so far, an action the next configuration, the reward its result; an
 * agent learns what actions are worth. Source: H. S. Jomaa, J. Grabocka, L. Schmidt-Thieme, "Hyp-RL: hyperparameter optimization
 * by reinforcement learning" (2019). The paper learns across many data sets beforehand; this agent has the one study, which its
 * summary says. Candidates, widths and the exploration schedule are ours.
 * Invariant: the agent follows from the history alone (learned/generations.ts). A suggestion trains one generation of trials at
 * most, some 10 ms; going on in another process trains at most 32 of them again, however long the history.
 * Measured: at 100 trials ahead of random search on tables and functions, at 25 no better than it.
 */
import { z } from "zod";
import { formatNumber } from "../../core/format.ts";
import { paramsKey } from "../../core/space/configuration.ts";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { defineSampler } from "../entry.ts";
import { triedFold } from "../historyFold.ts";
import { encodingOf } from "../learned/encoding.ts";
import { generations, generationSize } from "../learned/generations.ts";
import { candidatesOf, type Candidate } from "./candidates.ts";
import { qNetwork } from "./qNetwork.ts";

export const hyprlSampler = defineSampler(
  {
    kind: "hyprl",
    label: "HypRL (experimental)",
    summary:
      "Experimental: Q-learning on the study's own trials. It starts from nothing and rarely beats `tpe`; for research.",
    source: "H. Jomaa, J. Grabocka, L. Schmidt-Thieme, Hyp-RL, 2019",
    heavy: true,
    options: z.strictObject({
      candidates: z
        .int()
        .min(2)
        .max(4096)
        .default(256)
        .describe("Points of a Sobol sequence to choose among; others after every eight trials."),
      explorationTrials: z
        .int()
        .min(1)
        .max(100_000)
        .default(40)
        .describe("Trials over which the share of exploring ones falls to `epsilon`."),
      epsilon: z
        .number()
        .min(0)
        .max(1)
        .default(0.1)
        .describe("Share of trials that explore in the end. At first all do."),
      gamma: z.number().min(0).lt(1).default(0.9).describe("What a reward one trial later is worth."),
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible, rng: studyRng } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const encoding = encodingOf(space);
    const candidates = candidatesOf(space, encoding, isFeasible, options.candidates, studyRng.fork("candidates"));
    const network = generations(
      (rng) => {
        const actions = candidates.block(0).map(({ point }) => point);
        return qNetwork(encoding, objectives, actions, { ...fixed, ...options }, rng);
      },
      generationTrials,
      studyRng.fork("agent"),
    );
    const triedOf = triedFold();

    return {
      suggest({ history, pending, rng }) {
        const tried = triedOf(history);
        const running = new Set(pending.map(({ params }) => paramsKey(params)));
        const isNew = ({ key }: Candidate): boolean => !tried.has(key) && !running.has(key);
        const generation = Math.floor(history.length / generationSize(history.length, generationTrials));
        const open = candidates.block(generation).filter(isNew);
        if (open.length === 0) return { params: feasible.draw(rng), reason: "uniform draw: nothing new in sight" };
        const share = Math.max(0, 1 - history.length / options.explorationTrials);
        const epsilon = options.epsilon + (1 - options.epsilon) * share;
        const { learner, count } = rng.next() < epsilon ? { learner: undefined, count: 0 } : network(history);
        if (learner === undefined || count === 0)
          return { params: rng.choice(open).params, reason: `explores, as ${formatNumber(epsilon)} of trials do now` };
        const values = learner.values(
          history,
          open.map(({ point }) => point),
        );
        const best = values.reduce((most, value, i) => (value > values[most]! ? i : most), 0);
        return {
          params: open[best]!.params,
          reason: `largest value ${formatNumber(values[best]!)} among ${open.length} candidates`,
        };
      },
    };
  },
);

/** Trials between two trainings. */
const generationTrials = 8;
const fixed = { width: 32, updates: 6 };
