/**
 * A study's definition as its sampler sees it.
 * Invariant: a function of the definition alone, so that the engine and the thread of a heavy sampler make the same one.
 */
import { feasibilityOf } from "../../core/study/constraints.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import { type SamplerContext, samplerStream } from "../../samplers/sampler.ts";

export function samplerContextOf(definition: StudyDefinition): SamplerContext {
  const { trials, parallel } = definition.budget;
  return {
    space: definition.space,
    objectives: definition.objectives,
    isFeasible: feasibilityOf(definition),
    parallel,
    stopsEarly: definition.scheduler.kind !== "none",
    rng: samplerStream(definition.seed),
    ...(trials === undefined ? {} : { budgetTrials: trials }),
  };
}
