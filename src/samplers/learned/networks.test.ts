/** Backpropagation against finite differences, Adam on a known minimum, and what a learner sees of a history. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngForKey } from "../../core/rng.ts";
import type { Params, Space } from "../../core/space/parameter.ts";
import type { FinishedTrial } from "../../core/trial.ts";
import { dense, perceptron } from "./dense.ts";
import { encodingOf, rewardsOf } from "./encoding.ts";
import { generations, generationSize, mostGenerations } from "./generations.ts";
import { lstm, type LstmStep } from "./lstm.ts";
import { adam, copyWeights, uniformTensor, type Tensor } from "./tensor.ts";

const drawn = (length: number, key: string): Float64Array => {
  const rng = rngForKey(key);
  return Float64Array.from({ length }, () => rng.normal());
};
const weighted = (values: Float64Array, weights: Float64Array): number =>
  values.reduce((sum, value, i) => sum + value * weights[i]!, 0);

/** Holds the slopes of all tensors, and of `input`, against central differences of `loss`. */
function expectSlopes(
  tensors: readonly Tensor[],
  inputs: readonly { readonly values: Float64Array; readonly slopes: Float64Array }[],
  loss: () => number,
): void {
  const reach = 1e-5;
  for (const { values, slopes } of [...tensors, ...inputs]) {
    values.forEach((value, i) => {
      values[i] = value + reach;
      const above = loss();
      values[i] = value - reach;
      const below = loss();
      values[i] = value;
      expect(slopes[i]!).toBeCloseTo((above - below) / (2 * reach), 6);
    });
  }
}

describe("backpropagation agrees with differences", () => {
  it("dense layer", () => {
    const layer = dense(4, 3, rngForKey("dense"));
    const input = drawn(4, "input");
    const weights = drawn(3, "weights");
    const slopes = layer.backward(input, weights);
    expectSlopes(layer.tensors, [{ values: input, slopes }], () => weighted(layer.forward(input), weights));
  });

  it("perceptron", () => {
    const net = perceptron(5, 4, rngForKey("perceptron"));
    const input = drawn(5, "input");
    const { hidden } = net.forward(input);
    const slopes = net.backward(input, hidden, 1.5);
    expectSlopes(net.tensors, [{ values: input, slopes }], () => 1.5 * net.forward(input).output);
  });

  it("LSTM over a sequence, with a loss at every step", () => {
    const layer = lstm(3, 4, rngForKey("lstm"));
    const inputs = Array.from({ length: 5 }, (_, t) => drawn(3, `input ${t}`));
    const weights = inputs.map((_, t) => drawn(4, `weights ${t}`));
    const run = (): LstmStep[] => {
      const steps: LstmStep[] = [];
      for (const input of inputs) steps.push(layer.step(steps.at(-1)?.state ?? layer.start, input));
      return steps;
    };
    const slopes = layer.backward(run(), weights);
    expectSlopes(
      layer.tensors,
      inputs.map((values, t) => ({ values, slopes: slopes[t]! })),
      () => run().reduce((sum, { state }, t) => sum + weighted(state.hidden, weights[t]!), 0),
    );
  });
});

describe("Adam", () => {
  it("finds the minimum of a bowl and clears the slopes", () => {
    const tensor = uniformTensor(3, 1, rngForKey("bowl"));
    const goal = [0.5, -2, 3];
    const optimiser = adam([tensor], 0.05);
    for (let step = 0; step < 1500; step++) {
      tensor.values.forEach((value, i) => (tensor.slopes[i] = 2 * (value - goal[i]!)));
      optimiser.step();
      expect([...tensor.slopes]).toEqual([0, 0, 0]);
    }
    tensor.values.forEach((value, i) => expect(value).toBeCloseTo(goal[i]!, 2));
  });

  it("moves by its rate at first, whatever the size of the slopes", () => {
    const tensor = uniformTensor(2, 0, rngForKey("first"));
    tensor.slopes.set([1e6, -1e6]);
    adam([tensor], 0.1).step();
    expect(tensor.values[0]).toBeCloseTo(-0.1, 6);
    expect(tensor.values[1]).toBeCloseTo(0.1, 6);
  });

  it("copies weights, not the arrays", () => {
    const [a, b] = [uniformTensor(3, 1, rngForKey("a")), uniformTensor(3, 1, rngForKey("b"))];
    copyWeights([a], [b]);
    expect(b.values).toEqual(a.values);
    b.values[0] = 9;
    expect(a.values[0]).not.toBe(9);
  });
});

const space: Space = [
  { name: "kind", type: "categorical", choices: ["a", "b"] },
  { name: "x", type: "float", low: 0, high: 1, log: false },
  { name: "n", type: "int", low: 1, high: 3, log: false, when: { kind: ["b"] } },
  { name: "fixed", type: "constant", value: 1 },
];
const objectives = [{ metric: "loss", direction: "minimize" }] as const;
const trial = (number: number, loss: number, params: Params = { kind: "a", x: 0.5, fixed: 1 }): FinishedTrial => ({
  number,
  state: "complete",
  params,
  values: [loss],
});

describe("encoding", () => {
  it("is one-hot for categories, near places for numbers, zeros for what is inactive", () => {
    const encoding = encodingOf(space);
    expect(encoding.length).toBe(2 + 5 + 5);
    expect([...encoding.encode({ kind: "a", x: 0.5, fixed: 1 })]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    const second = encoding.encode({ kind: "b", x: 0.125, n: 2, fixed: 1 });
    expect([...second]).toEqual([0, 1, 0.5, 0.5, 0, 0, 0, 0, 0, 1, 0, 0]);
  });

  it("rewards places: the best 1, the worst and the failed -1", () => {
    const trials: FinishedTrial[] = [trial(0, 3), trial(1, 1), trial(2, 2), { ...trial(3, 0), state: "failed" }];
    expect([...rewardsOf(trials, objectives)]).toEqual([-1, 1, 0, -1]);
  });
});

describe("generations", () => {
  it("are never more than the bound, and as small as that allows", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 1, max: 9 }), (count, first) => {
        const size = generationSize(count, first);
        expect(Math.floor(count / size)).toBeLessThanOrEqual(mostGenerations);
        expect(size === first || Math.floor(count / (size / 2)) > mostGenerations).toBe(true);
      }),
    );
  });

  it("train the same whether the history came at once or bit by bit, and anew on another one", () => {
    const create = () => {
      const seen: string[] = [];
      return {
        seen,
        learn: (trials: readonly FinishedTrial[], from: number, rng: { next(): number }) =>
          void seen.push(`${trials.map(({ number }) => number).join()} from ${from} ${rng.next()}`),
      };
    };
    const history = Array.from({ length: 11 }, (_, number) => trial(number, number));
    const make = () => generations(create, 3, rngForKey("study"));
    const growing = make();
    for (let length = 0; length < history.length; length++) growing(history.slice(0, length));
    const { learner, count } = growing(history);
    expect(count).toBe(3);
    expect(learner.seen).toEqual(make()(history).learner.seen);
    const other = history.slice(0, 7).map((one) => ({ ...one, values: [-one.number] }));
    expect(growing(other).learner.seen).toEqual(make()(other).learner.seen);
  });
});
