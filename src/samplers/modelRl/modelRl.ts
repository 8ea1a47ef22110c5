/**
 * Model-based reinforcement learning of configurations: an LSTM policy writes them, proximal policy optimisation improves it on
 * real trials and on imagined ones. Source: J. Wu, S. Chen, X. Liu, "Efficient hyperparameter optimization through model-based
 * reinforcement learning" (Neurocomputing 2020); constants other than the clip are ours.
 * Invariant: the agent follows from the history alone (learned/generations.ts). A suggestion trains one generation of trials at
 * most, some 10 ms; going on in another process trains at most 32 of them again, however long the history.
 * Measured: at 100 trials ahead of random search on tables, on continuous functions not; at 25 trials nowhere.
 */
import { z } from "zod";
import { feasibleSampler } from "../../core/space/feasible.ts";
import { defineSampler } from "../entry.ts";
import { triedFold } from "../historyFold.ts";
import { encodingOf } from "../learned/encoding.ts";
import { generations } from "../learned/generations.ts";
import { firstNew, newcomerTest } from "../proposals.ts";
import { agentOf } from "./agent.ts";

export const modelRlSampler = defineSampler(
  {
    kind: "model-rl",
    label: "Model-based RL (experimental)",
    summary:
      "Experimental: a policy network trained on real and imagined trials. It starts from nothing and rarely beats `tpe`; for research.",
    source: "J. Wu, S. Chen, X. Liu, model-based reinforcement learning for HPO, Neurocomputing 2020",
    heavy: true,
    options: z.strictObject({
      clip: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.2)
        .describe("How far a step may move the probability of a choice, as a share of it."),
      models: z.int().min(1).max(50).default(5).describe("Regressors whose mean foretells imagined trials."),
      divergence: z
        .number()
        .min(0)
        .max(10)
        .default(0.01)
        .describe("How far imagination may move the policy between real trials (Kullback-Leibler); 0 is without."),
    }),
  },
  (context, options) => {
    const { space, objectives, isFeasible, rng: studyRng } = context;
    const feasible = feasibleSampler(space, isFeasible);
    const encoding = encodingOf(space);
    const agent = generations(
      (rng) => agentOf(space, encoding, objectives, options, rng),
      generationTrials,
      studyRng.fork("agent"),
    );
    const triedOf = triedFold();

    return {
      suggest({ history, pending, rng }) {
        const { learner, count } = agent(history);
        const next = (): { readonly params: ReturnType<typeof feasible.draw>; readonly reason: string } => {
          const { params, trace } = learner.policy.write(rng);
          const { choices, probabilities } = trace;
          const sure = choices.reduce((product, { action }, t) => product * probabilities[t]![action]!, 1);
          const chance = choices.length === 0 ? 1 : sure ** (1 / choices.length);
          return { params, reason: `policy after ${count} updates, ${(100 * chance).toFixed(0)} % sure of a choice` };
        };
        return firstNew(next, isFeasible, newcomerTest(triedOf(history), pending), feasible, rng);
      },
    };
  },
);

/** Trials between two trainings. */
const generationTrials = 4;
