/**
 * Loss and its gradient at the model's output: softmax cross-entropy by logSumExp, or mean squared error.
 * Plain arithmetic on the output's values (float64 inside), the same for training and evaluation on every back end.
 */

export type OutputKind = "logits" | "probabilities" | "value";

export interface HeadOptions {
  readonly output: OutputKind;
  /** Width of the output: classes, or 1. */
  readonly width: number;
  /** Share of the target spread over all classes. */
  readonly labelSmoothing: number;
}

export interface Score {
  /** Sums over the rows. */
  readonly loss: number;
  readonly correct: number;
}

const smallest = 1e-12;

/**
 * Sums of loss and of right answers over `targets.length` rows of outputs (row-major); where `gradient` is given it is filled
 * with the derivative of the MEAN loss. `targets` holds class indices or values. O(rows * width).
 */
export function scoreOutputs(
  outputs: Float32Array,
  targets: Float32Array,
  options: HeadOptions,
  gradient?: Float32Array,
): Score {
  return options.output === "value"
    ? scoreValues(outputs, targets, gradient)
    : scoreClasses(outputs, targets, options, gradient);
}

function scoreValues(outputs: Float32Array, targets: Float32Array, gradient?: Float32Array): Score {
  let loss = 0;
  const scale = 2 / targets.length;
  for (let i = 0; i < targets.length; i++) {
    const difference = outputs[i]! - targets[i]!;
    loss += difference * difference;
    if (gradient !== undefined) gradient[i] = scale * difference;
  }
  return { loss, correct: 0 };
}

function scoreClasses(
  outputs: Float32Array,
  targets: Float32Array,
  options: HeadOptions,
  gradient?: Float32Array,
): Score {
  const { width, labelSmoothing: smoothing, output } = options;
  const rows = targets.length;
  const off = smoothing / width;
  const on = 1 - smoothing + off;
  let loss = 0;
  let correct = 0;
  for (let row = 0, at = 0; row < rows; row++, at += width) {
    const target = targets[row]!;
    let largest = Number.NEGATIVE_INFINITY;
    let answer = -1;
    for (let j = 0; j < width; j++) {
      const value = outputs[at + j]!;
      if (value > largest) {
        largest = value;
        answer = j;
      }
    }
    if (answer === target) correct++;
    if (output === "probabilities") {
      for (let j = 0; j < width; j++) {
        const p = Math.max(outputs[at + j]!, smallest);
        const wanted = j === target ? on : off;
        if (wanted > 0) loss -= wanted * Math.log(p);
        // Not a number stays not a number: a diverged model must not look like a finished one.
        if (Number.isNaN(outputs[at + j]!)) loss = Number.NaN;
        if (gradient !== undefined) gradient[at + j] = -wanted / (p * rows);
      }
      continue;
    }
    let sum = 0;
    let wantedLogits = 0;
    for (let j = 0; j < width; j++) {
      const shifted = outputs[at + j]! - largest;
      sum += Math.exp(shifted);
      wantedLogits += (j === target ? on : off) * shifted;
    }
    loss += Math.log(sum) - wantedLogits;
    if (gradient !== undefined) {
      const share = 1 / (sum * rows);
      for (let j = 0; j < width; j++)
        gradient[at + j] = Math.exp(outputs[at + j]! - largest) * share - (j === target ? on : off) / rows;
    }
  }
  return { loss, correct };
}
