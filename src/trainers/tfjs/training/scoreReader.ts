/**
 * Scores of training steps from outputs that lie on a device. Reading makes the processor wait for all work before it, so on
 * devices that compute beside it the outputs of several steps are read together.
 * Invariant: every step's score is given once, in order, and is the same number however many are read at a time.
 */
import type { Tensor, Tf } from "../tf.ts";
import { scoreOutputs, type HeadOptions, type Score } from "./head.ts";

export interface ScoreReader {
  /** Outputs of one micro-batch of the current step, [rows, width]; the reader disposes of them. */
  add(outputs: Tensor, targets: Float32Array): void;
  /** Ends the current step. Gives the scores of all unread steps when it is time to read, else nothing. */
  endStep(): Promise<readonly Score[]>;
  settle(): Promise<readonly Score[]>;
  dispose(): void;
}

/** At most this many steps go unread, so that a diverging run is noticed soon. */
const mostSteps = 16;
/** Slow steps are read more often: a stop or a watchdog should not have to wait for many. */
const readEveryMs = 100;
/** Room on the device for outputs that wait. */
const mostCells = 16 * 1024 ** 2;

interface Part {
  readonly outputs: Tensor;
  readonly targets: Float32Array;
}

/**
 * @param late whether reading may be put off; else every step is read at its end
 * @param now milliseconds, monotonic
 */
export function createScoreReader(
  tf: Tf,
  head: HeadOptions,
  late: boolean,
  now: () => number = () => performance.now(),
): ScoreReader {
  let current: Part[] = [];
  let unread: Part[][] = [];
  let cells = 0;
  /** Steps to gather before the next reading: one at first, then as many as take about `readEveryMs`. */
  let limit = 1;
  let lastRead = now();

  const read = async (): Promise<readonly Score[]> => {
    const steps = unread;
    unread = [];
    cells = 0;
    if (steps.length === 0) return [];
    const parts = steps.flat();
    const tensors = parts.map((part) => part.outputs);
    const joined = tensors.length === 1 ? tensors[0]! : tf.concat(tensors, 0);
    let values: Float32Array;
    try {
      values = (await joined.data()) as Float32Array;
    } finally {
      tf.dispose([joined, ...tensors]);
    }
    const perStep = (now() - lastRead) / steps.length;
    lastRead = now();
    limit = late ? Math.min(mostSteps, Math.max(1, Math.floor(readEveryMs / perStep))) : 1;
    let at = 0;
    return steps.map((step) => {
      let loss = 0;
      let correct = 0;
      for (const { outputs, targets } of step) {
        const score = scoreOutputs(values.subarray(at, at + outputs.size), targets, head);
        at += outputs.size;
        loss += score.loss;
        correct += score.correct;
      }
      return { loss, correct };
    });
  };

  return {
    add(outputs, targets) {
      current.push({ outputs, targets });
      cells += outputs.size;
    },
    endStep() {
      unread.push(current);
      current = [];
      return unread.length >= limit || cells > mostCells ? read() : Promise.resolve([]);
    },
    settle: read,
    dispose() {
      for (const part of [...unread.flat(), ...current]) part.outputs.dispose();
      unread = [];
      current = [];
    },
  };
}
