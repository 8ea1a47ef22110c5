/**
 * A stochastic policy that writes a configuration parameter by parameter: an LSTM reads what it has chosen so far, and for each
 * active parameter a softmax chooses among its values, or among bins of a number's range.
 * Sources: B. Zoph and Q. V. Le, "Neural architecture search with reinforcement learning" (2017) for the policy; J. Schulman et al.,
 * "Proximal policy optimization algorithms" (2017), equation 7, for the objective it is improved by.
 * Invariant: the probabilities of a parameter's values sum to 1 and none is 0; an instance changes in `step` alone.
 */
import type { Rng } from "../../core/rng.ts";
import { setOwn } from "../../core/space/configuration.ts";
import {
  fromUnit,
  gridCount,
  gridIndex,
  gridValue,
  isNumeric,
  toUnit,
  type SearchedParameter,
} from "../../core/space/domain.ts";
import { isActive, type Params, type ParamValue, type Space } from "../../core/space/parameter.ts";
import { dense } from "../learned/dense.ts";
import { lstm, type LstmStep } from "../learned/lstm.ts";
import { adam, uniformTensor, type Tensor } from "../learned/tensor.ts";

/** One choice of a configuration. */
export interface Choice {
  /** Index among the searched parameters. */
  readonly parameter: number;
  /** Index of the value or bin. */
  readonly action: number;
}

/** Probabilities of every action at each choice. */
export type Probabilities = readonly Float64Array[];

/** The choices of a configuration as the policy sees them with its present weights. */
export interface Trace {
  readonly choices: readonly Choice[];
  readonly probabilities: Probabilities;
  readonly steps: readonly LstmStep[];
}

export interface Policy {
  /** A configuration drawn from the policy. O(parameters width^2). */
  write(rng: Rng): { readonly params: Params; readonly trace: Trace };
  /** The choices that make a configuration, whoever made it. */
  choicesOf(params: Params): readonly Choice[];
  /** The same cost as writing them. */
  trace(choices: readonly Choice[]): Trace;
  /**
   * Adds the slopes of minus the clipped objective of one configuration, and of its entropy.
   * @param trace with the present weights @param old probabilities when the advantage was measured
   * @param share weight of this configuration in the step
   */
  add(trace: Trace, old: Probabilities, advantage: number, share: number): void;
  /** Moves the weights along what was added. */
  step(): void;
  readonly tensors: readonly Tensor[];
}

export interface PolicyOptions {
  readonly width: number;
  /** Ratios further than this from 1 stop to count. */
  readonly clip: number;
  readonly entropy: number;
  readonly rate: number;
}

/** Bins of a number that has more values. */
export const mostBins = 10;
/** Numbers that stand for a choice at the LSTM's input. */
const embedding = 8;

/** How many actions a parameter offers. */
export function actionCount(parameter: SearchedParameter): number {
  return isNumeric(parameter) ? Math.min(mostBins, gridCount(parameter)) : parameter.choices.length;
}

function actionOf(parameter: SearchedParameter, value: ParamValue): number {
  const count = actionCount(parameter);
  if (gridCount(parameter) === count) return Math.max(0, gridIndex(parameter, value));
  return Math.max(0, Math.min(count - 1, Math.floor(toUnit(parameter, value) * count)));
}

function valueOf(parameter: SearchedParameter, action: number, rng: Rng): ParamValue {
  const count = actionCount(parameter);
  if (gridCount(parameter) === count) return gridValue(parameter, action);
  return fromUnit(parameter, (action + rng.next()) / count);
}

function softmax(logits: Float64Array): Float64Array {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = logits.map((logit) => Math.exp(Math.max(-30, logit - most)));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}

function drawn(probabilities: Float64Array, rng: Rng): number {
  let rest = rng.next();
  for (let i = 0; i < probabilities.length - 1; i++) {
    rest -= probabilities[i]!;
    if (rest < 0) return i;
  }
  return probabilities.length - 1;
}

/** Mean over choices of the divergence of `now` from `old`: what is gained by coding for `now` and not for `old`. */
export function divergence(now: Probabilities, old: Probabilities): number {
  let sum = 0;
  now.forEach((probabilities, t) => {
    probabilities.forEach((p, k) => (sum += p * Math.log(p / old[t]![k]!)));
  });
  return now.length === 0 ? 0 : sum / now.length;
}

export function policyOf(
  space: Space,
  parameters: readonly SearchedParameter[],
  { width, clip, entropy, rate }: PolicyOptions,
  rng: Rng,
): Policy {
  const index = new Map(parameters.map((parameter, k) => [parameter.name, k]));
  const counts = parameters.map(actionCount);
  const start = uniformTensor(embedding, 0.5, rng);
  const names = parameters.map(() => uniformTensor(embedding, 0.5, rng));
  const chosen = counts.map((count) => uniformTensor(count * embedding, 0.5, rng));
  const memory = lstm(embedding, width, rng);
  // Small at first: every value about as likely as the others.
  const heads = counts.map((count) => dense(width, count, rng, 0.1));
  const tensors = [start, ...names, ...chosen, ...memory.tensors, ...heads.flatMap((head) => head.tensors)];
  const optimiser = adam(tensors, rate);

  /** Where the input of a choice comes from: the choice before it, and the name of its parameter. */
  const sources = (before: Choice | undefined, parameter: number): readonly (readonly [Tensor, number])[] => [
    before === undefined ? [start, 0] : [chosen[before.parameter]!, before.action * embedding],
    [names[parameter]!, 0],
  ];
  const inputOf = (before: Choice | undefined, parameter: number): Float64Array => {
    const input = new Float64Array(embedding);
    for (const [{ values }, from] of sources(before, parameter))
      for (let i = 0; i < embedding; i++) input[i]! += values[from + i]!;
    return input;
  };
  const probabilitiesAt = ({ state }: LstmStep, parameter: number): Float64Array =>
    softmax(heads[parameter]!.forward(state.hidden));

  return {
    tensors,
    write(own) {
      const params: Record<string, ParamValue> = {};
      const choices: Choice[] = [];
      const probabilities: Float64Array[] = [];
      const steps: LstmStep[] = [];
      for (const parameter of space) {
        if (!isActive(parameter, params)) continue;
        const k = index.get(parameter.name);
        if (k === undefined) {
          setOwn(params, parameter.name, gridValue(parameter, 0));
          continue;
        }
        const step = memory.step(steps.at(-1)?.state ?? memory.start, inputOf(choices.at(-1), k));
        const here = probabilitiesAt(step, k);
        const action = drawn(here, own);
        steps.push(step);
        probabilities.push(here);
        choices.push({ parameter: k, action });
        setOwn(params, parameter.name, valueOf(parameters[k]!, action, own));
      }
      return { params, trace: { choices, probabilities, steps } };
    },
    choicesOf: (params) =>
      parameters.flatMap((parameter, k) => {
        const value = Object.hasOwn(params, parameter.name) ? params[parameter.name] : undefined;
        return value === undefined ? [] : [{ parameter: k, action: actionOf(parameter, value) }];
      }),
    trace(choices) {
      const steps: LstmStep[] = [];
      const probabilities = choices.map(({ parameter }, t) => {
        const step = memory.step(steps.at(-1)?.state ?? memory.start, inputOf(choices[t - 1], parameter));
        steps.push(step);
        return probabilitiesAt(step, parameter);
      });
      return { choices, probabilities, steps };
    },
    add({ choices, probabilities, steps }, old, advantage, share) {
      const byHidden = steps.map((step, t) => {
        const { parameter, action } = choices[t]!;
        const now = probabilities[t]!;
        const ratio = now[action]! / old[t]![action]!;
        // Beyond the clip the objective is flat where moving on would raise it.
        const flat = advantage > 0 ? ratio > 1 + clip : ratio < 1 - clip;
        const pull = flat ? 0 : advantage * ratio;
        const own = now.reduce((sum, p) => sum - p * Math.log(p), 0);
        const byLogit = now.map((p, k) => {
          const objective = pull * ((k === action ? 1 : 0) - p) - entropy * p * (Math.log(p) + own);
          return -share * objective;
        });
        return heads[parameter]!.backward(step.state.hidden, byLogit);
      });
      memory.backward(steps, byHidden).forEach((byInput, t) => {
        for (const [{ slopes }, from] of sources(choices[t - 1], choices[t]!.parameter))
          for (let i = 0; i < embedding; i++) slopes[from + i]! += byInput[i]!;
      });
    },
    step: () => optimiser.step(),
  };
}
