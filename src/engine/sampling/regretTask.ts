/**
 * The regret bound of a study as a task for a thread.
 * Invariant: a function of the task, so that the same trials have the same bound.
 */
import { toLoss } from "../../core/objective.ts";
import { rngFor } from "../../core/rng.ts";
import type { Params } from "../../core/space/parameter.ts";
import { feasibilityOf } from "../../core/study/constraints.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import { type RegretBound, regretBound } from "../../samplers/gp/regretBound.ts";

export interface RegretTask {
  readonly kind: "regret";
  readonly definition: StudyDefinition;
  /** Complete trials in the order of finishing, with the value of the objective. */
  readonly trials: readonly { readonly params: Params; readonly value: number }[];
}

export function isRegretTask(data: unknown): data is RegretTask {
  return typeof data === "object" && data !== null && "kind" in data && data.kind === "regret";
}

export function boundOf({ definition, trials }: RegretTask): RegretBound {
  const { direction } = definition.objectives[0];
  const losses = trials.map(({ params, value }) => ({ params, loss: toLoss(value, direction) }));
  return regretBound(
    definition.space,
    feasibilityOf(definition),
    losses,
    rngFor(definition.seed, trials.length, "regret"),
  );
}
