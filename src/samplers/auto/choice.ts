/**
 * Which sampler `auto` uses: the one that the study's scheduler is made for, if there is one; else a small table, first rule that
 * holds, by what the study says of itself.
 * Invariant: the choice depends on the space, the objectives, the slots and the scheduler; from one phase of a rule to the next it changes
 * with the length of the history alone. How many trials are planned is told, but decides nothing: it may be raised later.
 */
import { gridCount } from "../../core/space/domain.ts";
import { bohbSampler } from "../bohb/bohb.ts";
import { dehbSampler } from "../dehb/dehb.ts";
import type { SamplerEntry } from "../entry.ts";
import { nsga2Sampler } from "../evolution/nsga2.ts";
import { freezeThawSampler } from "../freezeThaw/freezeThaw.ts";
import { gpSampler } from "../gp/gp.ts";
import { priorbandSampler } from "../priorband/priorband.ts";
import { randomSampler } from "../random.ts";
import type { SamplerContext } from "../sampler.ts";
import { tpeSampler } from "../tpe/tpe.ts";

/** What the rules look at. */
interface Facts {
  /** Parameters with more than one value. */
  readonly parameters: number;
  readonly objectives: number;
  readonly parallel: number;
  /** A scheduler ends trials early. */
  readonly stopsEarly: boolean;
}

/** A sampler for the trials up to `until`; the last phase has no end. */
export interface Phase {
  readonly sampler: SamplerEntry;
  /** Trials in the history from which on the next phase suggests. */
  readonly until: number;
}

interface Rule {
  readonly holds: (facts: Facts) => boolean;
  readonly phases: readonly [Phase, ...Phase[]];
}

const always = Number.POSITIVE_INFINITY;

/**
 * A Gaussian process makes the most of few trials: of all samplers here it is ahead on tables, functions and trade-offs alike
 * (docs/benchmarks.md). Its time grows with the cube of the trials, it tells little where parameters are many or more slots
 * wait than one model can place, and of trials that were ended early it learns nothing, while the Parzen estimator does.
 * Sorting into fronts needs a population.
 */
const suitsModel = ({ parameters, parallel, stopsEarly }: Facts): boolean =>
  parameters <= 20 && parallel <= 16 && !stopsEarly;
const rules: readonly Rule[] = [
  {
    holds: (facts) => facts.objectives > 1 && suitsModel(facts),
    phases: [
      { sampler: gpSampler, until: 200 },
      { sampler: nsga2Sampler, until: always },
    ],
  },
  {
    holds: ({ objectives }) => objectives > 1,
    phases: [
      { sampler: tpeSampler, until: 200 },
      { sampler: nsga2Sampler, until: always },
    ],
  },
  {
    holds: suitsModel,
    phases: [
      { sampler: gpSampler, until: 300 },
      { sampler: tpeSampler, until: always },
    ],
  },
  { holds: () => true, phases: [{ sampler: tpeSampler, until: always }] },
];

function factsOf({ space, objectives, parallel, stopsEarly = false }: SamplerContext): Facts {
  const parameters = space.filter((parameter) => gridCount(parameter) > 1).length;
  return { parameters, objectives: objectives.length, parallel, stopsEarly };
}

/** Samplers that belong to a scheduler. */
const companions: readonly SamplerEntry[] = [
  bohbSampler,
  dehbSampler,
  priorbandSampler,
  freezeThawSampler,
  randomSampler,
];

function companionOf({ preferred }: SamplerContext): SamplerEntry | undefined {
  return companions.find(({ kind }) => kind === preferred);
}

/** The samplers of a study, one after the other. */
export function phasesOf(context: SamplerContext): readonly [Phase, ...Phase[]] {
  const companion = companionOf(context);
  if (companion !== undefined) return [{ sampler: companion, until: always }];
  const facts = factsOf(context);
  const rule = rules.find(({ holds }) => holds(facts)) ?? rules.at(-1)!;
  return rule.phases;
}

/**
 * The choice and its reasons in one line: "auto: Gaussian process for the first 300 trials, then Tree-structured Parzen
 * estimator (8 parameters, 1 objective, 500 trials planned)".
 */
export function explainChoice(context: SamplerContext): string {
  const { parameters, objectives, parallel, stopsEarly } = factsOf(context);
  const planned = context.budgetTrials;
  const parts: string[] = [];
  for (const { sampler, until } of phasesOf(context)) {
    const last = until >= (planned ?? always);
    parts.push(last ? sampler.label : `${sampler.label} for the first ${until} trials`);
    if (last) break;
  }
  const reasons = [
    counted(parameters, "parameter"),
    counted(objectives, "objective"),
    ...(planned === undefined ? [] : [`${counted(planned, "trial")} planned`]),
    ...(parallel === 1 ? [] : [`${parallel} at once`]),
    ...(companionOf(context) === undefined ? [] : ["it belongs to the scheduler"]),
    ...(stopsEarly ? ["trials may be ended early"] : []),
  ];
  return `auto: ${parts.join(", then ")} (${reasons.join(", ")})`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
