/** What one study of the FGHPO benchmark leaves behind. Invariant: plain data, one line of JSON. */

export interface TrialRecord {
  readonly number: number;
  /** What it had reported after its first epoch: losses, sharpness. */
  readonly first: Readonly<Record<string, number>>;
  /** The loss gate discarded it. */
  readonly gated?: boolean;
  /** Final accuracies and loss of a trial that was trained in full. */
  readonly validation?: number;
  readonly validationLoss?: number;
  readonly test?: number;
}

export interface Run {
  readonly data: string;
  readonly method: "random" | "FGHPO" | "FGHPO paper" | "TPE" | "TuRBO" | "HEBO" | "BOHB" | "spectrum";
  readonly seed: number;
  /** Accuracies of the trial with the best validation accuracy. */
  readonly test: number;
  readonly validation: number;
  /** Its number; -1 = no trial was trained in full. */
  readonly winner: number;
  /** Epochs trained. */
  readonly epochs: number;
  /** Trials trained in full. */
  readonly complete: number;
  readonly trainingCpuSeconds: number;
  /** With sampler, engine and store. */
  readonly cpuSeconds: number;
  /** For the methods that draw the same configurations. */
  readonly trials?: readonly TrialRecord[];
}
