/**
 * What a sampler sees of a study whose divergences guide the search (`diagnostics.rtd.use`): the history with `rtd` in place of
 * the objective or beside it. The best trial is named by the study's own objective all the same.
 * Invariant: append-only between two answers unless one says `renewed`; a complete trial without a score counts as 0, the least.
 */
import type { Objective } from "../../core/objective.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import type { FinishedTrial, PendingTrial } from "../../core/trial.ts";
import type { StudyTopology } from "./studyTopology.ts";

const divergence: Objective = { metric: "rtd", direction: "maximize" };

/** What the sampler of a study optimises. */
export function searchObjectives({ objectives, diagnostics }: StudyDefinition): readonly [Objective, ...Objective[]] {
  const use = diagnostics?.rtd?.use ?? "diagnostic";
  if (use === "objective") return [divergence];
  return use === "second-objective" ? [...objectives, divergence] : objectives;
}

export class Guidance {
  readonly #topology: StudyTopology;
  readonly #alone: boolean;
  #history: FinishedTrial[] = [];
  /** Entries of the book's evidence that `#history` was made of, and the version of the scores then. */
  #taken = 0;
  #version = 0;

  constructor(topology: StudyTopology) {
    this.#topology = topology;
    this.#alone = topology.plan.use === "objective";
  }

  /**
   * The history for the sampler, once all that has ended is scored.
   * @param evidence as `TrialBook.evidence`
   * @returns `renewed` when scores of earlier trials have changed: a sampler must begin anew
   */
  async evidence(
    evidence: readonly FinishedTrial[],
  ): Promise<{ readonly history: readonly FinishedTrial[]; readonly renewed: boolean }> {
    await this.#topology.catchUp();
    const renewed = this.#version !== this.#topology.version;
    if (renewed) {
      this.#version = this.#topology.version;
      this.#history = [];
      this.#taken = 0;
    }
    for (; this.#taken < evidence.length; this.#taken++) {
      const trial = evidence[this.#taken]!;
      // Trials of earlier studies have no score of this one.
      if (trial.number >= 0) this.#history.push(this.#seen(trial));
    }
    return { history: this.#history, renewed };
  }

  /** Trials that are not finished, as the sampler may see them. */
  pending(trials: readonly PendingTrial[]): readonly PendingTrial[] {
    return this.#alone ? trials.map(({ number, state, params }) => ({ number, state, params })) : trials;
  }

  #seen(trial: FinishedTrial): FinishedTrial {
    const { number, state, params, values } = trial;
    const score = this.#topology.scoreOf(number)?.rtd ?? 0;
    if (this.#alone) return { number, state, params, values: state === "complete" ? [score] : [] };
    return state === "complete" ? { ...trialData(trial), values: [...values, score] } : trial;
  }
}

/** The trial's own data: entries of the book are live. */
function trialData({ number, state, params, last, curve, gradient }: FinishedTrial): Omit<FinishedTrial, "values"> {
  return {
    number,
    state,
    params,
    ...(last === undefined ? {} : { last }),
    ...(curve === undefined ? {} : { curve }),
    ...(gradient === undefined ? {} : { gradient }),
  };
}
