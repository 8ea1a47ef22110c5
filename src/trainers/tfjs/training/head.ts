/**
 * Loss and its gradient at the model's output: softmax cross-entropy by logSumExp, mean squared error or Huber loss (1964).
 * Plain arithmetic on the output's values (float64 inside), the same for training and evaluation on every back end.
 */

export type OutputKind = "logits" | "probabilities" | "value";

export interface HeadOptions {
  readonly output: OutputKind;
  /** Width of the output: classes, or 1. */
  readonly width: number;
  /** Share of the target spread over all classes. */
  readonly labelSmoothing: number;
  /** Weight of a sample by its class; undefined = 1. */
  readonly classWeights?: Float32Array;
  /** Errors beyond it count linearly (Huber); 0 or undefined = squared error. */
  readonly huberDelta?: number;
}

export interface Score {
  /** Sums over the rows. */
  readonly loss: number;
  readonly correct: number;
}

/** What metrics other than loss and accuracy are made of; `scoreOutputs` adds to it. */
export interface Tally {
  /** By class: right answers, answers, samples. Empty for values. */
  readonly right: Float64Array;
  readonly answered: Float64Array;
  readonly actual: Float64Array;
  /** Sum of absolute errors; 0 for classes. */
  absolute: number;
}

export function newTally(options: HeadOptions): Tally {
  const classes = (): Float64Array => new Float64Array(options.output === "value" ? 0 : options.width);
  return { right: classes(), answered: classes(), actual: classes(), absolute: 0 };
}

/** Mean over the classes, of those that occur or are answered, of the harmonic mean of precision and recall. */
export function macroF1(tally: Tally): number {
  let sum = 0;
  let classes = 0;
  tally.right.forEach((right, i) => {
    const all = tally.answered[i]! + tally.actual[i]!;
    if (all === 0) return;
    sum += (2 * right) / all;
    classes++;
  });
  return sum / classes;
}

/** Weights that let every class count alike: rows / (classes x rows of the class). Classes without rows get 1. */
export function balancedWeights(targets: Float32Array, classes: number): Float32Array {
  const counts = new Float64Array(classes);
  for (const target of targets) counts[target]!++;
  return Float32Array.from(counts, (count) => (count === 0 ? 1 : targets.length / (classes * count)));
}

const smallest = 1e-12;

/**
 * Sums of loss and of right answers over `targets.length` rows of outputs (row-major); where `gradient` is given it is filled
 * with the derivative of the MEAN loss, and `tally` is added to. `targets` holds class indices or values. O(rows * width).
 */
export function scoreOutputs(
  outputs: Float32Array,
  targets: Float32Array,
  options: HeadOptions,
  gradient?: Float32Array,
  tally?: Tally,
): Score {
  return options.output === "value"
    ? scoreValues(outputs, targets, options, gradient, tally)
    : scoreClasses(outputs, targets, options, gradient, tally);
}

function scoreValues(
  outputs: Float32Array,
  targets: Float32Array,
  options: HeadOptions,
  gradient?: Float32Array,
  tally?: Tally,
): Score {
  const delta = options.huberDelta ?? 0;
  const scale = 1 / targets.length;
  let loss = 0;
  let absolute = 0;
  for (let i = 0; i < targets.length; i++) {
    const difference = outputs[i]! - targets[i]!;
    const size = Math.abs(difference);
    absolute += size;
    if (delta === 0) {
      loss += difference * difference;
      if (gradient !== undefined) gradient[i] = 2 * scale * difference;
    } else if (size <= delta) {
      loss += (difference * difference) / 2;
      if (gradient !== undefined) gradient[i] = scale * difference;
    } else {
      loss += delta * (size - delta / 2);
      // Not a number takes this branch too, and stays one.
      if (gradient !== undefined) gradient[i] = scale * delta * Math.sign(difference);
    }
  }
  if (tally !== undefined) tally.absolute += absolute;
  return { loss, correct: 0 };
}

function scoreClasses(
  outputs: Float32Array,
  targets: Float32Array,
  options: HeadOptions,
  gradient?: Float32Array,
  tally?: Tally,
): Score {
  const { width, classWeights, labelSmoothing: smoothing, output } = options;
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
    const weight = classWeights === undefined ? 1 : classWeights[target]!;
    if (answer === target) correct++;
    if (tally !== undefined) {
      tally.actual[target]!++;
      if (answer >= 0) tally.answered[answer]!++;
      if (answer === target) tally.right[target]!++;
    }
    if (output === "probabilities") {
      for (let j = 0; j < width; j++) {
        const p = Math.max(outputs[at + j]!, smallest);
        const wanted = j === target ? on : off;
        if (wanted > 0) loss -= weight * wanted * Math.log(p);
        // Not a number stays not a number: a diverged model must not look like a finished one.
        if (Number.isNaN(outputs[at + j]!)) loss = Number.NaN;
        if (gradient !== undefined) gradient[at + j] = (-weight * wanted) / (p * rows);
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
    loss += weight * (Math.log(sum) - wantedLogits);
    if (gradient !== undefined) {
      const share = weight / (sum * rows);
      for (let j = 0; j < width; j++)
        gradient[at + j] = Math.exp(outputs[at + j]! - largest) * share - (weight * (j === target ? on : off)) / rows;
    }
  }
  return { loss, correct };
}
