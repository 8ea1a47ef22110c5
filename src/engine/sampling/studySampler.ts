/**
 * The sampler of a running study, wherever it computes: in the engine, or a heavy one in a thread of its own.
 * Invariant: the same answers either way; the trial's stream of randomness is made from the seed and the number.
 */
import { rngFor } from "../../core/rng.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import { createSampler, samplers } from "../../samplers/registry.ts";
import type { SuggestRequest, Suggestion } from "../../samplers/sampler.ts";
import { samplerContextOf } from "./context.ts";
import { ThreadSampler, type ThreadSamplerOptions } from "./threadSampler.ts";

export type StudyRequest = Omit<SuggestRequest, "rng">;

export interface StudySampler {
  /**
   * The configuration of trial `number`.
   * @throws BasinError as `Sampler.suggest`; `cancelled` when the sampler was ended meanwhile
   */
  suggest(request: StudyRequest): Promise<Suggestion>;
  /** The budget has changed, which samplers may plan by. */
  update(definition: StudyDefinition): void;
  /** Ends a computation at once. Resolves when nothing of it is left; never rejects. */
  end(): Promise<void>;
}

/** @throws BasinError `invalid-study` for an unknown kind or a wrong option; of a heavy sampler, its first suggestion throws it */
export function openSampler(
  definition: StudyDefinition,
  thread: Omit<ThreadSamplerOptions, "definition">,
): StudySampler {
  const { kind } = definition.sampler;
  const heavy = samplers.find((entry) => entry.kind === kind)?.heavy === true;
  if (heavy) return new ThreadSampler({ ...thread, definition });
  let own = createSampler(definition.sampler, samplerContextOf(definition));
  return {
    suggest: async (request) => own.suggest({ ...request, rng: rngFor(definition.seed, request.number, "suggest") }),
    update: (changed) => {
      own = createSampler(changed.sampler, samplerContextOf(changed));
    },
    end: () => Promise.resolve(),
  };
}
