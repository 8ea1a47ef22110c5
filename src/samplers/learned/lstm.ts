/**
 * A layer of long short-term memory with backpropagation through time.
 * Source: S. Hochreiter and J. Schmidhuber, "Long short-term memory" (1997), with the forget gate of F. Gers et al. (2000), whose
 * bias begins at 1 (R. Jozefowicz et al., ICML 2015).
 * Invariant: a state is never changed, so sequences may branch; `backward` takes the steps of one sequence in their order.
 */
import type { Rng } from "../../core/rng.ts";
import { uniformTensor, type Tensor } from "./tensor.ts";

/** The layer after one step. */
export interface LstmStep {
  readonly input: Float64Array;
  readonly before: LstmState;
  /** Activations of the input, forget, candidate and output gates, one after another. */
  readonly gates: Float64Array;
  readonly state: LstmState;
}

export interface LstmState {
  readonly hidden: Float64Array;
  readonly cell: Float64Array;
}

export interface Lstm {
  readonly tensors: readonly Tensor[];
  readonly start: LstmState;
  /** O(hidden (inputs + hidden)). */
  step(before: LstmState, input: Float64Array): LstmStep;
  /**
   * Adds to the slopes of the weights, and gives the derivatives by each input.
   * @param byHidden derivatives of the loss by the hidden state after each step
   */
  backward(steps: readonly LstmStep[], byHidden: readonly Float64Array[]): Float64Array[];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

export function lstm(inputs: number, hidden: number, rng: Rng): Lstm {
  const width = inputs + hidden;
  const weights = uniformTensor(4 * hidden * width, 1 / Math.sqrt(hidden), rng);
  const bias = uniformTensor(4 * hidden, 0, rng);
  bias.values.fill(1, hidden, 2 * hidden);

  return {
    tensors: [weights, bias],
    start: { hidden: new Float64Array(hidden), cell: new Float64Array(hidden) },
    step(before, input) {
      const { values } = weights;
      const gates = bias.values.slice();
      for (let row = 0, at = 0; row < 4 * hidden; row++) {
        let sum = gates[row]!;
        for (let i = 0; i < inputs; i++, at++) sum += values[at]! * input[i]!;
        for (let i = 0; i < hidden; i++, at++) sum += values[at]! * before.hidden[i]!;
        gates[row] = row >= 2 * hidden && row < 3 * hidden ? Math.tanh(sum) : sigmoid(sum);
      }
      const cell = new Float64Array(hidden);
      const out = new Float64Array(hidden);
      for (let i = 0; i < hidden; i++) {
        cell[i] = gates[hidden + i]! * before.cell[i]! + gates[i]! * gates[2 * hidden + i]!;
        out[i] = gates[3 * hidden + i]! * Math.tanh(cell[i]!);
      }
      return { input, before, gates, state: { hidden: out, cell } };
    },
    backward(steps, byHidden) {
      const { values, slopes } = weights;
      const byInputs: Float64Array[] = [];
      let fromHidden = new Float64Array(hidden);
      let fromCell = new Float64Array(hidden);
      const byGates = new Float64Array(4 * hidden);
      for (let t = steps.length - 1; t >= 0; t--) {
        const { input, before, gates, state } = steps[t]!;
        const byCellBefore = new Float64Array(hidden);
        for (let i = 0; i < hidden; i++) {
          const [write, forget] = [gates[i]!, gates[hidden + i]!];
          const [candidate, read] = [gates[2 * hidden + i]!, gates[3 * hidden + i]!];
          const squashed = Math.tanh(state.cell[i]!);
          const byOut = byHidden[t]![i]! + fromHidden[i]!;
          const byCell = fromCell[i]! + byOut * read * (1 - squashed * squashed);
          byGates[i] = byCell * candidate * write * (1 - write);
          byGates[hidden + i] = byCell * before.cell[i]! * forget * (1 - forget);
          byGates[2 * hidden + i] = byCell * write * (1 - candidate * candidate);
          byGates[3 * hidden + i] = byOut * squashed * read * (1 - read);
          byCellBefore[i] = byCell * forget;
        }
        const byInput = new Float64Array(inputs);
        const byHiddenBefore = new Float64Array(hidden);
        for (let row = 0, at = 0; row < 4 * hidden; row++) {
          const slope = byGates[row]!;
          bias.slopes[row]! += slope;
          for (let i = 0; i < inputs; i++, at++) {
            slopes[at]! += slope * input[i]!;
            byInput[i]! += slope * values[at]!;
          }
          for (let i = 0; i < hidden; i++, at++) {
            slopes[at]! += slope * before.hidden[i]!;
            byHiddenBefore[i]! += slope * values[at]!;
          }
        }
        byInputs[t] = byInput;
        fromHidden = byHiddenBefore;
        fromCell = byCellBefore;
      }
      return byInputs;
    },
  };
}
