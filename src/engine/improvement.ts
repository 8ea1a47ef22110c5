/**
 * How long a study has brought nothing better.
 * Invariant: follows from the trials in the order of their finishing alone, so a study that was interrupted is as patient as one
 * that was not.
 */
import { type Objective, toLoss } from "../core/objective.ts";
import type { FinishedTrial } from "../core/trial.ts";
import { ParetoFront } from "./paretoFront.ts";

export class Improvement {
  readonly #objectives: readonly Objective[];
  readonly #front = new ParetoFront();
  #best = Number.POSITIVE_INFINITY;
  #found = false;
  #since = 0;
  #seen = 0;

  constructor(objectives: readonly Objective[]) {
    this.#objectives = objectives;
  }

  /**
   * Trials, not failed ones, since one was better than all before it (with several objectives: joined the front); 0 before the
   * first complete one. @param history append-only between calls. O(new trials)
   */
  since(history: readonly Pick<FinishedTrial, "number" | "state" | "values">[]): number {
    for (; this.#seen < history.length; this.#seen++) {
      const trial = history[this.#seen];
      if (trial === undefined || trial.state === "failed") continue;
      if (trial.state === "complete" && this.#isBetter(trial.number, trial.values)) this.#since = 0;
      else if (this.#found) this.#since += 1;
    }
    return this.#since;
  }

  #isBetter(number: number, values: readonly number[]): boolean {
    this.#found = true;
    const losses = this.#objectives.map(({ direction }, i) => toLoss(values[i] ?? Number.NaN, direction));
    if (losses.length > 1) return this.#front.add(number, losses);
    const loss = losses[0] ?? Number.NaN;
    if (!(loss < this.#best)) return false;
    this.#best = loss;
    return true;
  }
}
