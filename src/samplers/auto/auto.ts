/**
 * The default: picks a sampler by the study and hands every request on to it; the table is in choice.ts.
 * Invariant: what it answers is what the picked sampler, given the same request, answers; it draws nothing itself.
 */
import { z } from "zod";
import { defineSampler } from "../entry.ts";
import type { Sampler } from "../sampler.ts";
import { explainChoice, phasesOf } from "./choice.ts";

export const autoSampler = defineSampler(
  {
    kind: "auto",
    label: "Automatic choice",
    summary:
      "The default. Picks by the number of parameters, objectives, slots and trials and by the scheduler, and says in the log what and why.",
    heavy: true,
    options: z.strictObject({}),
    explain: explainChoice,
    needsIn: (context) => phasesOf(context)[0].sampler.needs,
  },
  (context) => {
    const phases = phasesOf(context);
    const made = new Map<string, Sampler>();
    return {
      async suggest(request) {
        const { sampler } = phases.find(({ until }) => request.history.length < until) ?? phases.at(-1)!;
        let own = made.get(sampler.kind);
        // Made when it is first needed: of the phases before it nothing is kept.
        if (own === undefined) made.clear();
        made.set(sampler.kind, (own ??= sampler.create(context, {})));
        const { params, reason } = await own.suggest(request);
        return { params, reason: `${sampler.kind}: ${reason}` };
      },
    };
  },
);
