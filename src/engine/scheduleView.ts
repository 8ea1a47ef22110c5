/**
 * A study as its scheduler sees it.
 * Invariant: a view lives as long as a run of the study and shows the book as it is; what the budget says is current, too.
 */
import { feasibilityOf } from "../core/study/constraints.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import { isStructural } from "../core/study/structural.ts";
import type { ScheduleView } from "../schedulers/scheduler.ts";
import { breathe } from "./clock.ts";
import type { TrialBook } from "./trialBook.ts";
import { maxStepsOf } from "./verdicts.ts";

export function scheduleView(definition: StudyDefinition, book: TrialBook): ScheduleView {
  const maxSteps = maxStepsOf(definition);
  const { trials, parallel } = definition.budget;
  return {
    objective: definition.objectives[0],
    objectives: definition.objectives,
    space: definition.space,
    seed: definition.seed,
    parallel,
    trials: book.trials,
    reportsOf: (number, metric) => book.reportsOf(number, metric),
    isStructural: (name) => isStructural(definition, name),
    ...(definition.constraints.length === 0 ? {} : { isFeasible: feasibilityOf(definition) }),
    breathe,
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(trials === undefined ? {} : { maxTrials: trials }),
  };
}
