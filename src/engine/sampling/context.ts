/**
 * A study's definition as its sampler sees it.
 * Invariant: a function of the definition alone, so that the engine and the thread of a heavy sampler make the same one.
 */
import { feasibilityOf } from "../../core/study/constraints.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import { samplers } from "../../samplers/registry.ts";
import { searchObjectives } from "../diagnostics/guidance.ts";
import { type SamplerContext, samplerStream } from "../../samplers/sampler.ts";
import { schedulers } from "../../schedulers/registry.ts";

export function samplerContextOf(definition: StudyDefinition): SamplerContext {
  const { trials, parallel } = definition.budget;
  const preferred = schedulers.find(({ kind }) => kind === definition.scheduler.kind)?.sampler;
  return {
    space: definition.space,
    objectives: searchObjectives(definition),
    isFeasible: feasibilityOf(definition),
    parallel,
    stopsEarly: definition.scheduler.kind !== "none",
    rng: samplerStream(definition.seed),
    ...(trials === undefined ? {} : { budgetTrials: trials }),
    ...(preferred === undefined ? {} : { preferred }),
  };
}

/** What trials must carry beside their values for the study's sampler. */
export function samplerNeeds(definition: StudyDefinition): "curves" | "gradients" | undefined {
  const entry = samplers.find(({ kind }) => kind === definition.sampler.kind);
  return entry?.needsIn?.(samplerContextOf(definition)) ?? entry?.needs;
}
