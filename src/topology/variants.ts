/**
 * TopoHyperDrive's three ways to make one score a trial of pairwise divergences.
 * Source: V. Zhuzhel, "TopoHyperDrive", section 3.2: one to noise, one to the top performer, one to all. What it
 * leaves open is decided here: the best trial is compared with itself (0); a trial that has nobody to be compared with scores
 * 0, the least; "all" are a bounded set of trials far apart from each other (`references.ts`).
 * Invariant: scores follow from the trials in the order in which they ended, and from nothing else; a `frozen` score never
 * changes, a `refresh` one is that of the trial among all that have ended.
 */
import { ReferenceSet } from "./references.ts";

export interface VariantOptions {
  readonly variant: "one-to-noise" | "one-to-top-performer" | "one-to-all";
  readonly refresh: "frozen" | "refresh";
  /** Most trials that one is compared with (one-to-all). */
  readonly references: number;
}

/** A trial whose embedding can be scored. */
export interface VariantTrial {
  readonly number: number;
  /** The study's own objective, lower is better. */
  readonly loss: number;
}

/** A divergence with its parts. */
export interface Score {
  /** Half the sum of both directions. */
  readonly rtd: number;
  readonly lite: number;
  /** What the common cloud has beyond the trial's embedding, and beyond the other's. */
  readonly forward: number;
  readonly backward: number;
}

/** Where divergences come from: computed, or remembered. Pairs are symmetric but for the names of their directions. */
export interface ScoreSource {
  noise(number: number): Promise<Score>;
  pair(a: number, b: number): Promise<Score>;
  /** RTD-Lite alone. */
  lite(a: number, b: number): Promise<number>;
}

export const noScore: Score = { rtd: 0, lite: 0, forward: 0, backward: 0 };

/** Scores of the trials of one study. Trials are given in the order in which they ended. */
export class VariantScores {
  readonly #options: VariantOptions;
  readonly #source: ScoreSource;
  readonly #trials: VariantTrial[] = [];
  readonly #scores = new Map<number, Score>();
  readonly #references: ReferenceSet;
  #best: VariantTrial | undefined;
  /** Whom the scores of `refresh` were computed against. */
  #against = "";

  constructor(options: VariantOptions, source: ScoreSource) {
    this.#options = options;
    this.#source = source;
    this.#references = new ReferenceSet(options.references);
  }

  /** By trial; lives. */
  get scores(): ReadonlyMap<number, Score> {
    return this.#scores;
  }

  /** The best trial so far, which one-to-top-performer compares with. */
  get topPerformer(): number | undefined {
    return this.#best?.number;
  }

  /** Whom one-to-all compares with. */
  get references(): readonly number[] {
    return this.#references.members;
  }

  /**
   * Takes in the next trial that has ended.
   * Divergences: one for noise, one for the top performer, at most `references` for all; with `refresh`, as many for every
   * earlier trial when whom they are compared with has changed (for the top performer about ln T times in T trials).
   * @returns whether scores of earlier trials have changed
   * @throws what the source throws; these scores are then of no use any more, and begin again from the first trial
   */
  async add(trial: VariantTrial): Promise<boolean> {
    const { variant, refresh } = this.#options;
    if (variant === "one-to-noise") {
      this.#scores.set(trial.number, await this.#source.noise(trial.number));
      this.#trials.push(trial);
      return false;
    }
    const before = this.#compared(trial.number);
    const frozen = refresh === "frozen" ? await this.#mean(trial.number, before) : undefined;
    await this.#join(trial, variant);
    this.#trials.push(trial);
    if (frozen !== undefined) {
      this.#scores.set(trial.number, frozen);
      return false;
    }
    const against = this.#against;
    this.#against = variant === "one-to-all" ? this.#references.members.join() : String(this.#best?.number);
    const changed = against !== this.#against;
    for (const { number } of changed ? this.#trials : [trial]) {
      this.#scores.set(number, await this.#mean(number, this.#compared(number)));
    }
    return changed && this.#trials.length > 1;
  }

  /** Makes the trial one of those that others are compared with, if it earns it. */
  async #join(trial: VariantTrial, variant: VariantOptions["variant"]): Promise<void> {
    if (variant === "one-to-all") {
      const distances: number[] = [];
      for (const member of this.#references.members) distances.push(await this.#source.lite(trial.number, member));
      this.#references.offer(trial.number, distances);
    }
    if (this.#best === undefined || trial.loss < this.#best.loss) this.#best = trial;
  }

  /** Whom a trial is compared with now. */
  #compared(number: number): readonly number[] {
    if (this.#options.variant === "one-to-all") return this.#references.members.filter((member) => member !== number);
    return this.#best === undefined || this.#best.number === number ? [] : [this.#best.number];
  }

  async #mean(number: number, others: readonly number[]): Promise<Score> {
    if (others.length === 0) return noScore;
    const sum = { rtd: 0, lite: 0, forward: 0, backward: 0 };
    for (const other of others) {
      const score = await this.#source.pair(number, other);
      sum.rtd += score.rtd;
      sum.lite += score.lite;
      sum.forward += score.forward;
      sum.backward += score.backward;
    }
    const { length } = others;
    return {
      rtd: sum.rtd / length,
      lite: sum.lite / length,
      forward: sum.forward / length,
      backward: sum.backward / length,
    };
  }
}
