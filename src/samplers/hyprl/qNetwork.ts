/**
 * Action values over configurations: an LSTM reads the trials so far, a perceptron values a configuration in that state.
 * Source: H. S. Jomaa, J. Grabocka, L. Schmidt-Thieme, "Hyp-RL: hyperparameter optimization by reinforcement learning" (2019),
 * whose network has an output for each point of a grid; here the configuration is an input, so what was learned of one says
 * something of its neighbours, since a single study has no other studies to learn from.
 * Training is Q-learning with a target network on replayed trials (V. Mnih et al., Nature 2015).
 * Invariant: an instance changes in `learn` alone, and by nothing but its arguments.
 */
import type { Objective } from "../../core/objective.ts";
import type { Rng } from "../../core/rng.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { rewardsOf, type Encoding } from "../learned/encoding.ts";
import { perceptron } from "../learned/dense.ts";
import type { Learner } from "../learned/generations.ts";
import { lstm, type LstmState, type LstmStep } from "../learned/lstm.ts";
import { adam, copyWeights, type Tensor } from "../learned/tensor.ts";

export interface QOptions {
  /** Units of the LSTM and of the perceptron's hidden layer. */
  readonly width: number;
  /** What a reward one step later is worth. */
  readonly gamma: number;
  /** Episodes replayed in each generation. */
  readonly updates: number;
}

export interface QNetwork extends Learner {
  /** The value after these trials of each of the configurations with these encodings. */
  values(trials: readonly FinishedTrial[], points: readonly Float64Array[]): Float64Array;
}

const learningRate = 0.01;
/** Trials of an episode, and the latest ones that make the state of a study. */
const episodeLength = 12;
/** The latest trials, from which episodes are drawn. */
const replayed = 128;
/** Configurations among which the best next action is looked for. */
const nextActions = 4;
/** The target network follows after so many episodes. */
const targetEvery = 12;
/** Larger errors count linearly (Huber). */
const largestError = 1;

interface Net {
  readonly tensors: readonly Tensor[];
  readonly start: LstmState;
  step(before: LstmState, configuration: Float64Array, reward: number): LstmStep;
  value(
    state: LstmState,
    configuration: Float64Array,
  ): { readonly input: Float64Array; readonly hidden: Float64Array; readonly output: number };
  backward(steps: readonly LstmStep[], byHidden: readonly Float64Array[]): void;
  /** Derivatives of a value by the state. */
  valueBackward(input: Float64Array, hidden: Float64Array, byOutput: number): Float64Array;
}

function joined(...parts: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function netOf(length: number, width: number, rng: Rng): Net {
  const memory = lstm(length + 1, width, rng);
  const head = perceptron(width + length, width, rng);
  return {
    tensors: [...memory.tensors, ...head.tensors],
    start: memory.start,
    step: (before, configuration, reward) => memory.step(before, joined(configuration, Float64Array.of(reward))),
    value(state, configuration) {
      const input = joined(state.hidden, configuration);
      return { input, ...head.forward(input) };
    },
    backward: (steps, byHidden) => void memory.backward(steps, byHidden),
    valueBackward: (input, hidden, byOutput) => head.backward(input, hidden, byOutput).subarray(0, width),
  };
}

export function qNetwork(
  encoding: Encoding,
  objectives: readonly Objective[],
  /** Encodings of some of the configurations the study may try. */
  actions: readonly Float64Array[],
  { width, gamma, updates }: QOptions,
  rng: Rng,
): QNetwork {
  const net = netOf(encoding.length, width, rng);
  const target = netOf(encoding.length, width, rng);
  copyWeights(net.tensors, target.tensors);
  const optimiser = adam(net.tensors, learningRate);
  let episodes = 0;

  /** One episode: trials in an order, each an action in the state that those before it make. */
  const replay = (order: readonly number[], points: readonly Float64Array[], rewards: Float64Array, rng: Rng): void => {
    const steps: LstmStep[] = [];
    const byHidden: Float64Array[] = [];
    let state = net.start;
    let later = target.start;
    for (const [t, trial] of order.entries()) {
      const point = points[trial]!;
      const reward = rewards[trial]!;
      later = target.step(later, point, reward).state;
      let next = -Infinity;
      for (let i = 0; i < nextActions; i++) next = Math.max(next, target.value(later, rng.choice(actions)).output);
      const { input, hidden, output } = net.value(state, point);
      const error = output - ((1 - gamma) * reward + gamma * next);
      const slope = Math.max(-largestError, Math.min(largestError, error)) / order.length;
      const byState = net.valueBackward(input, hidden, slope);
      // The state before an action is the one after the step before it.
      if (t > 0) byHidden.push(byState);
      const step = net.step(state, point, reward);
      steps.push(step);
      state = step.state;
    }
    steps.pop();
    net.backward(steps, byHidden);
    optimiser.step();
    if (++episodes % targetEvery === 0) copyWeights(net.tensors, target.tensors);
  };

  return {
    learn(trials, _from, rng) {
      const own = trials.slice(-replayed);
      const rewards = rewardsOf(own, objectives);
      const points = own.map(({ params }) => encoding.encode(params));
      const all = Array.from(own.keys());
      for (let i = 0; i < updates; i++) replay(rng.shuffle(all).slice(0, episodeLength), points, rewards, rng);
    },
    values(trials, candidates) {
      const own = trials.slice(-replayed);
      const rewards = rewardsOf(own, objectives);
      let state = net.start;
      for (let i = Math.max(0, own.length - episodeLength); i < own.length; i++)
        ({ state } = net.step(state, encoding.encode(own[i]!.params), rewards[i]!));
      return Float64Array.from(candidates, (point) => net.value(state, point).output);
    },
  };
}
