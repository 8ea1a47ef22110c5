/**
 * The agent of model-based reinforcement learning: a policy improved on real trials and, in between, on imagined ones whose
 * results an ensemble of regressors foretells; imagination ends where the policy has moved too far from the one that met reality.
 * Source: J. Wu, S. Chen, X. Liu, "Efficient hyperparameter optimization through model-based reinforcement learning"
 * (Neurocomputing 2020) for the structure; the constants are ours.
 * Invariant: an instance changes in `learn` alone, and by nothing but its arguments.
 */
import type { Objective } from "../../core/objective.ts";
import type { Rng } from "../../core/rng.ts";
import type { Space } from "../../core/space/parameter.ts";
import { perceptron } from "../learned/dense.ts";
import { rewardsOf, type Encoding } from "../learned/encoding.ts";
import type { Learner } from "../learned/generations.ts";
import { adam, copyWeights } from "../learned/tensor.ts";
import { divergence, policyOf, type Policy } from "./policy.ts";

export interface AgentOptions {
  readonly clip: number;
  /** Regressors in the ensemble. */
  readonly models: number;
  /** The divergence from the policy that met reality at which imagination ends. */
  readonly divergence: number;
}

export interface Agent extends Learner {
  readonly policy: Policy;
}

const width = 16;
const policyRate = 0.01;
const entropy = 0.01;
/** The latest trials: what rewards are places among, and what regressors learn from. */
const remembered = 128;
/** What the latest so many trials got on average is what an action must beat. */
const baselineTrials = 16;
const realEpochs = 2;
const modelWidth = 16;
const modelRate = 0.01;
const modelSteps = 8;
const modelBatch = 8;
/** Imagined configurations of a step: as many as so many choices make, within these bounds. */
const imaginedChoices = 24;
const fewestImagined = 3;
const mostImagined = 8;
/** Steps at most: near a corner of the space the policy hardly diverges any more. */
const mostSteps = 4;

export function agentOf(
  space: Space,
  encoding: Encoding,
  objectives: readonly Objective[],
  options: AgentOptions,
  rng: Rng,
): Agent {
  const make = (): Policy =>
    policyOf(space, encoding.parameters, { width, clip: options.clip, entropy, rate: policyRate }, rng.fork("policy"));
  const policy = make();
  /** The policy that last met reality. */
  const before = make();
  const models = Array.from({ length: options.models }, (_, k) => {
    const net = perceptron(encoding.length, modelWidth, rng.fork(`model ${k}`));
    return { net, optimiser: adam(net.tensors, modelRate) };
  });
  const imagined = Math.max(
    fewestImagined,
    Math.min(mostImagined, Math.floor(imaginedChoices / Math.max(1, encoding.parameters.length))),
  );

  /** Each regressor sees trials drawn with replacement: where they disagree, nothing is known. */
  const fitModels = (points: readonly Float64Array[], rewards: Float64Array, own: Rng): void => {
    for (const { net, optimiser } of models) {
      for (let step = 0; step < modelSteps; step++) {
        for (let i = 0; i < modelBatch; i++) {
          const row = own.int(points.length);
          const { hidden, output } = net.forward(points[row]!);
          net.backward(points[row]!, hidden, (output - rewards[row]!) / modelBatch);
        }
        optimiser.step();
      }
    }
  };

  const foretold = (point: Float64Array): number =>
    models.reduce((sum, { net }) => sum + net.forward(point).output, 0) / models.length;

  /** Steps on imagined trials while the policy is near to what it was. */
  const imagine = (own: Rng): void => {
    copyWeights(policy.tensors, before.tensors);
    for (let step = 0; step < mostSteps; step++) {
      const written = Array.from({ length: imagined }, () => policy.write(own));
      const moved = written.map(({ trace }) =>
        divergence(trace.probabilities, before.trace(trace.choices).probabilities),
      );
      if (step > 0 && mean(moved) >= options.divergence) return;
      const scores = written.map(({ params }) => foretold(encoding.encode(params)));
      const middle = mean(scores);
      const spread = Math.sqrt(mean(scores.map((score) => (score - middle) ** 2)));
      if (!(spread > 1e-6)) return;
      written.forEach(({ trace }, i) =>
        policy.add(trace, trace.probabilities, (scores[i]! - middle) / spread, 1 / imagined),
      );
      policy.step();
    }
  };

  return {
    policy,
    learn(trials, from, own) {
      const latest = trials.slice(-remembered);
      const rewards = rewardsOf(latest, objectives);
      const fresh = Math.max(0, from - (trials.length - latest.length));
      fitModels(
        latest.map(({ params }) => encoding.encode(params)),
        rewards,
        own,
      );
      const baseline = mean(rewards.slice(-baselineTrials));
      const real = latest.slice(fresh).map(({ params }, i) => {
        const choices = policy.choicesOf(params);
        return { choices, old: policy.trace(choices).probabilities, advantage: rewards[fresh + i]! - baseline };
      });
      for (let epoch = 0; epoch < realEpochs; epoch++) {
        for (const { choices, old, advantage } of real)
          policy.add(policy.trace(choices), old, advantage, 1 / real.length);
        policy.step();
      }
      if (options.divergence > 0) imagine(own);
    },
  };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / Math.max(1, values.length);
}
