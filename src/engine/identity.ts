/**
 * When a changed study file is still the same study.
 * Invariant: whatever decides which configurations are tried or what a value means belongs to the identity; how long, how
 * many at once and under which limits does not.
 */
import type { StudyDefinition } from "../core/study/definition.ts";

/** What changed between two definitions so that trials of one say nothing about the other, in words; empty if nothing. */
export function identityChanges(before: StudyDefinition, after: StudyDefinition): string[] {
  const parts: readonly (readonly [string, unknown, unknown])[] = [
    ["search space", before.space, after.space],
    ["online tuning", before.tuneOnline ?? null, after.tuneOnline ?? null],
    ["objective", targetless(before), targetless(after)],
    ["trainer", trained(before), trained(after)],
    ["constraints", before.constraints, after.constraints],
    ["sampler", before.sampler, after.sampler],
    ["scheduler", before.scheduler, after.scheduler],
    ["seed", before.seed, after.seed],
    ["optimised sharpness", optimisedSharpness(before), optimisedSharpness(after)],
    ["optimised topology", optimisedTopology(before), optimisedTopology(after)],
    ["warm start", before.warmStart ?? [], after.warmStart ?? []],
  ];
  return parts.filter(([, a, b]) => canonical(a) !== canonical(b)).map(([name]) => name);
}

function targetless(study: StudyDefinition): unknown {
  return study.objectives.map(({ metric, direction }) => ({ metric, direction }));
}

/** Diagnostics that nothing is chosen by may change; a divergence that is optimised is an objective. */
function optimisedTopology({ diagnostics }: StudyDefinition): unknown {
  return diagnostics?.rtd === undefined || diagnostics.rtd.use === "diagnostic" ? "none" : diagnostics.rtd;
}

function optimisedSharpness({ diagnostics, objectives }: StudyDefinition): unknown {
  const { batch, samples } = diagnostics?.sharpness ?? {};
  const chosenBy = diagnostics?.sharpness?.alsoAt !== undefined;
  return chosenBy || objectives.some(({ metric }) => metric.startsWith("sharpness.")) ? { batch, samples } : "none";
}

/** Which processes train makes no difference to a value. */
function trained({ trainer }: StudyDefinition): unknown {
  return trainer.kind === "tfjs" ? { ...trainer, process: undefined } : trainer;
}

/** Equal text for equal values, whatever the order of keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

/** "the search space", "the search space and the seed", "the search space, the trainer and the seed". */
export function listed(names: readonly string[]): string {
  const words = names.map((name) => `the ${name}`);
  const last = words.at(-1) ?? "";
  return words.length < 2 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}
