/**
 * Learning rate and momentum that hypergradients move, as scalars on the device: no step waits for a value to come back.
 * Invariant: computes what `adaptRates` and `halvedRates` compute, to float32 rounding.
 */
import type { Scalar, Tensor, Tf, Variable } from "../tf.ts";
import { firstRates, type HypergradientPlan, type Rates } from "./hypergradient.ts";
import { effectiveRule, type OptimizerPlan } from "./optimizer.ts";

export interface TensorRates {
  readonly learningRate: Scalar;
  readonly momentum: Scalar;
  /**
   * Moves the rates by the new gradients, inside a tidy. Gives a boolean scalar: whether the gradients can be used.
   * @param parts of each variable: gradient g, last direction p, and the last move d unless it is -alpha p
   */
  adapt(
    parts: readonly { readonly g: Tensor; readonly direction: Tensor; readonly move: Tensor | undefined }[],
  ): Tensor;
  read(): Promise<Rates>;
  write(rates: Rates): void;
  dispose(): void;
}

/** The largest number of float32. */
const largest = 3.4028234663852886e38;
const tiny = 1e-12;

export function tensorRates(tf: Tf, plan: OptimizerPlan, hypergradient: HypergradientPlan): TensorRates {
  const start = firstRates(hypergradient, plan);
  const scalarVariable = (value: number): Variable => {
    const from = tf.scalar(value);
    const variable = tf.variable(from, false);
    from.dispose();
    return variable;
  };
  const alpha = scalarVariable(start.learningRate);
  const gamma = scalarVariable(start.momentum);
  const rule = effectiveRule(plan);
  const moves = rule === "momentum" || rule === "nesterov";
  const assign = (variable: Variable, value: number): void => {
    const from = tf.scalar(value);
    variable.assign(from);
    from.dispose();
  };
  return {
    learningRate: alpha as unknown as Scalar,
    momentum: gamma as unknown as Scalar,
    adapt(parts) {
      const total = (of: (part: (typeof parts)[number]) => Tensor): Tensor =>
        parts.length === 0 ? tf.scalar(0) : tf.addN(parts.map((part) => tf.sum(of(part))));
      const gradient = total(({ g }) => tf.square(g));
      let along = total(({ g, direction }) => tf.mul(g, direction));
      let direction = total((part) => tf.square(part.direction));
      const separate = parts.every(({ move }) => move !== undefined);
      let ahead = separate ? total(({ g, move }) => tf.mul(g, move!)) : tf.neg(tf.mul(along, alpha));
      const move = separate ? total((part) => tf.square(part.move!)) : tf.mul(direction, tf.square(alpha));
      const usable = tf.lessEqual(gradient, largest);
      if (hypergradient.rule === "cosine") {
        const norm = tf.add(tf.sqrt(gradient), tiny);
        direction = tf.mul(norm, tf.add(tf.sqrt(direction), tiny));
        along = tf.mul(tf.div(along, direction), alpha);
        ahead = tf.div(ahead, tf.mul(norm, tf.add(tf.sqrt(move), tiny)));
      }
      const nextAlpha = tf.add(alpha, tf.mul(along, hypergradient.beta));
      const nextGamma = tf.sub(gamma, tf.mul(ahead, hypergradient.eta));
      alpha.assign(tf.clipByValue(tf.where(usable, nextAlpha, tf.mul(alpha, 0.5)), ...hypergradient.alpha));
      if (moves) gamma.assign(tf.clipByValue(tf.where(usable, nextGamma, gamma), ...hypergradient.gamma));
      return usable;
    },
    async read() {
      const [learningRate, momentum] = await Promise.all([alpha.data(), gamma.data()]);
      return { learningRate: learningRate[0]!, momentum: momentum[0]! };
    },
    write(rates) {
      assign(alpha, rates.learningRate);
      assign(gamma, rates.momentum);
    },
    dispose() {
      alpha.dispose();
      gamma.dispose();
    },
  };
}
