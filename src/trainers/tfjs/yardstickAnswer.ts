/**
 * Names and figures of the yardsticks that training speed is measured with: plain data, without TensorFlow.js.
 */

export const yardsticks = ["mlp", "cnn", "cnn-batchnorm", "cnn-dropout"] as const;
export type Yardstick = (typeof yardsticks)[number];

/** Samples of a yardstick's step. */
export const yardstickBatch = 128;

export interface Measured {
  readonly yardstick: Yardstick;
  readonly threads: number;
  /** Wall-clock milliseconds of a step of `yardstickBatch` samples. */
  readonly stepMs: number;
  /** Processor milliseconds of such a step, all threads together: what to compare on a busy machine. */
  readonly cpuMs: number;
  readonly gigaflops: number;
  /** Samples of the steps that were timed: where fewer than `yardstickBatch`, `stepMs` is projected from them. */
  readonly samples: number;
  readonly steps: number;
}
