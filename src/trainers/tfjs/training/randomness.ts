/**
 * All randomness of a training run, as pure functions of (seed, epoch or step, purpose): a run that goes on from step 1000
 * draws what the uninterrupted one draws there, with no generator state to store.
 */
import { rngForKey, type Rng } from "../../../core/rng.ts";

export interface TrainingRandomness {
  readonly seed: number;
  /** Order of the training rows in an epoch (0-based). */
  order(epoch: number, rows: number): Int32Array;
  /** Seed for an initialiser, 1 .. 2^31. */
  initSeed(layer: number): number;
  /** A dropout mask for the current step: 0 or 1 / share kept, independent cells. Repeated calls of a step and layer give fresh masks. */
  mask(layer: number, rate: number, out: Float32Array): void;
  /** Tells which step (0-based, over all epochs) is about to run. */
  setStep(step: number): void;
  /** The current step's stream for a purpose ("augment"): each step begins one, and calls within a step go on with it. */
  stream(purpose: string): Rng;
  /** Stream of the current step for code that asks `Math.random`. */
  next(): number;
}

export function trainingRandomness(seed: number): TrainingRandomness {
  let step = 0;
  let stream: Rng | undefined;
  const streams = new Map<string, Rng>();
  const calls = new Map<number, number>();
  return {
    seed,
    order(epoch, rows) {
      const rng = rngForKey(`${seed}:train:order:${epoch}`);
      const order = Int32Array.from({ length: rows }, (_, i) => i);
      for (let i = rows - 1; i > 0; i--) {
        const j = rng.int(i + 1);
        const kept = order[i]!;
        order[i] = order[j]!;
        order[j] = kept;
      }
      return order;
    },
    initSeed: (layer) => 1 + rngForKey(`${seed}:train:init:${layer}`).int(2 ** 31 - 1),
    mask(layer, rate, out) {
      const call = calls.get(layer) ?? 0;
      calls.set(layer, call + 1);
      const rng = rngForKey(`${seed}:train:mask:${layer}:${step}:${call}`);
      // Two cells a draw: a share of 1/65536 is fine enough for a rate, and the scale below is that of the rounded rate.
      const threshold = Math.min(65_535, Math.round(rate * 65_536));
      const kept = 65_536 / (65_536 - threshold);
      let i = 0;
      for (; i + 1 < out.length; i += 2) {
        const bits = rng.int(0x100000000);
        out[i] = (bits & 0xffff) < threshold ? 0 : kept;
        out[i + 1] = bits >>> 16 < threshold ? 0 : kept;
      }
      if (i < out.length) out[i] = rng.int(65_536) < threshold ? 0 : kept;
    },
    setStep(next) {
      step = next;
      stream = undefined;
      streams.clear();
      calls.clear();
    },
    stream(purpose) {
      let own = streams.get(purpose);
      if (own === undefined) {
        own = rngForKey(`${seed}:train:${purpose}:${step}`);
        streams.set(purpose, own);
      }
      return own;
    },
    next() {
      stream ??= rngForKey(`${seed}:train:step:${step}`);
      return stream.next();
    },
  };
}

/**
 * Makes `Math.random` of this process a seeded stream, so that unseeded initialisers, dropout layers and users' own model
 * code are repeatable too. Only the trainer process does this. Returns how to undo it.
 */
export function seedMathRandom(random: TrainingRandomness): () => void {
  const original = Math.random;
  Math.random = () => random.next();
  return () => {
    Math.random = original;
  };
}
