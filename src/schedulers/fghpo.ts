/**
 * FGHPO, flatness-guided hyperparameter optimisation: many configurations are trained for an epoch, a sharpness measure and a
 * gate on the loss say which of them are worth a whole training, and those go on from where they are.
 * Source: "Flatness-guided hyper-parameter optimization", Algorithm 1. The gate and the default measure are ours:
 * after one epoch "flat" mostly means untrained, which the measure alone cannot tell (docs/flatness.md).
 * Invariant: as in fghpoFunnel.ts; nothing is kept between questions.
 */
import { z } from "zod";
import type { RungEntry, RungView } from "../core/brackets.ts";
import { formatNumber } from "../core/format.ts";
import type { EstimatorId } from "../core/sharpness.ts";
import type { MeasuredForScheduler } from "../core/study/catalog.ts";
import { estimatorIds } from "../core/study/diagnostics.ts";
import { defineScheduler } from "./entry.ts";
import { funnelOf, judge, type Cohort, type Funnel, type FunnelRules } from "./fghpoFunnel.ts";
import { counted, ordinal, refusesShort, stopNotANumber, withoutCheckpoint } from "./rungs.ts";
import type { NextAction, ScheduledTrial, Scheduler, ScheduleView } from "./scheduler.ts";

interface Preset {
  readonly estimator: EstimatorId;
  readonly batch: number | "trial";
  readonly gate: boolean;
}

/**
 * `paper`: what the authors' code computed when the published tables were made. `default`: the norm that the estimators stand
 * for, exactly, over batches of the same size for every trial.
 */
const presets: Readonly<Record<"default" | "paper", Preset>> = {
  default: { estimator: "exact-frobenius", batch: 64, gate: true },
  paper: { estimator: "penultimate", batch: "trial", gate: false },
};

const options = z.strictObject({
  configurations: z
    .int()
    .min(1)
    .max(100_000)
    .default(50)
    .describe("Configurations that are tried; as many as `budget.trials` allows where that is less."),
  keep: z.int().min(1).max(100_000).default(10).describe("Configurations that are trained in full."),
  preset: z
    .enum(["default", "paper"])
    .default("default")
    .describe(
      "`default`: exact-frobenius over batches of 64, with the loss gate. `paper`: penultimate over batches of the trial's own size, without it.",
    ),
  estimator: z
    .enum(estimatorIds as [EstimatorId, ...EstimatorId[]])
    .optional()
    .describe("The sharpness measure that ranks, instead of the preset's; docs/flatness.md lists them."),
  order: z
    .enum(["lowest", "highest"])
    .default("lowest")
    .describe("Which values are kept. The authors kept the highest until January 2024, the lowest since."),
  gate: z
    .boolean()
    .optional()
    .describe(
      "Discard configurations whose training loss after the screening has not fallen below 0.98 of the untrained model's, or of one that knows nothing. By default as the preset says.",
    ),
  screenEpochs: z.int().min(1).max(1_000_000).default(1).describe("Epochs after which configurations are judged."),
});

type Options = z.output<typeof options>;

function rulesOf({ configurations, keep, preset, estimator, order, gate, screenEpochs }: Options): FunnelRules {
  const chosen = presets[preset];
  return {
    configurations,
    keep,
    estimator: estimator ?? chosen.estimator,
    order,
    gate: gate ?? chosen.gate,
    screen: screenEpochs,
  };
}

function measuresOf(all: Options): MeasuredForScheduler {
  const { estimator, gate, screen } = rulesOf(all);
  return { estimators: [estimator], batch: presets[all.preset].batch, step: screen, baseline: gate };
}

/** What the cohorts still need; `resume` and `drop` one trial at a time. */
function inside(rules: FunnelRules, { members, size, verdicts, standing, again }: Cohort, full: number): NextAction {
  if (members.length < size) {
    return {
      action: "new",
      untilStep: rules.screen,
      reason: `${ordinal(members.length + 1)} of ${counted(size, "configuration")} that are tried${again ? " anew" : ""} for ${counted(rules.screen, "step")}`,
    };
  }
  if (standing === undefined) {
    const missing = verdicts.filter(({ kind }) => kind === "open").length;
    return { action: "wait", reason: `the choice waits for ${counted(missing, "configuration")}` };
  }
  const rested = (trial: ScheduledTrial): boolean =>
    trial.state === "paused" && (trial.untilStep ?? Infinity) <= rules.screen;
  const { ranked, rankOf, kept, by } = standing;
  for (const [i, trial] of members.entries()) {
    const rank = rankOf.get(trial.number);
    if (!rested(trial) || (rank !== undefined && rank < kept)) continue;
    const verdict = verdicts[i]!;
    const reason =
      rank !== undefined
        ? `${by} ${formatNumber(ranked[rank]!.value)} is rank ${rank + 1} of ${ranked.length}; ${kept} ${kept === 1 ? "is" : "are"} kept${standing.note}`
        : verdict.kind === "discarded"
          ? verdict.reason
          : `sharpness.${rules.estimator} is no number: none was reported`;
    return { action: "drop", number: trial.number, reason };
  }
  for (const [rank, { trial, value }] of ranked.slice(0, kept).entries()) {
    if (!rested(trial)) continue;
    return {
      action: "resume",
      number: trial.number,
      untilStep: full,
      reason: `${by} ${formatNumber(value)} is rank ${rank + 1} of ${ranked.length}${standing.note}; trains on to step ${full}${withoutCheckpoint(trial)}`,
    };
  }
  return { action: "wait", reason: `the ${counted(kept, "configuration")} that ${kept === 1 ? "was" : "were"} kept` };
}

/** Where everybody stands in the screening. O(trials). */
function screeningOf({ founders, cohorts }: Funnel, rules: FunnelRules): RungEntry[] {
  const entries = new Map<number, RungEntry>();
  for (const { members, standing, verdicts } of cohorts) {
    for (const [i, trial] of members.entries()) {
      const { number, reports, state } = trial;
      const verdict = verdicts[i]!;
      const rank = standing?.rankOf.get(number);
      const mu = verdict.kind === "discarded" || verdict.kind === "passed" ? verdict.mu : Number.NaN;
      const outcome = (): RungEntry["outcome"] => {
        if (state === "complete") return "complete";
        if (rank !== undefined && rank < (standing?.kept ?? 0)) return "promoted";
        if (state === "failed") return "failed";
        if (verdict.kind === "discarded" || standing !== undefined || state === "pruned") return "stopped";
        return (reports.at(-1)?.step ?? 0) >= rules.screen ? "waiting" : "running";
      };
      const value = rank === undefined ? mu : standing!.ranked[rank]!.value;
      entries.set(number, { number, value, outcome: outcome() });
    }
  }
  // Trials beyond the cohorts are a person's, and train to their end.
  return founders.map((trial) => entries.get(trial.number) ?? fullEntryOf(trial));
}

/** Where a trial stands that trains, or has trained, beyond the screening. */
function fullEntryOf({ number, reports, state }: ScheduledTrial): RungEntry {
  const outcome: RungEntry["outcome"] =
    state === "complete" || state === "failed"
      ? state
      : state === "pruned"
        ? "stopped"
        : state === "running"
          ? "running"
          : "waiting";
  return { number, value: reports.at(-1)?.value ?? Number.NaN, outcome };
}

function createFghpo(rules: FunnelRules): Scheduler {
  /** Without a later step to train to there is nothing to choose. */
  const screens = (maxSteps: number | undefined): maxSteps is number =>
    maxSteps !== undefined && rules.screen < maxSteps;

  function next(view: ScheduleView): NextAction {
    const { maxSteps } = view;
    if (maxSteps === undefined) return { action: "new" };
    const funnel = funnelOf(rules, view);
    const begun = funnel.founders.length;
    if (!screens(maxSteps)) {
      const [only] = funnel.cohorts;
      if (only !== undefined && only.members.length < only.size) return { action: "new" };
      return {
        action: "wait",
        reason: `${counted(begun, "configuration")} train to the end: no step is left after the screening`,
      };
    }
    const last = funnel.cohorts.at(-1);
    if (last === undefined) return { action: "wait", reason: "the budget allows no trial" };
    const answer = inside(rules, last, maxSteps);
    if (answer.action !== "wait" || last.standing?.kept !== 0) return answer;
    return {
      action: "wait",
      reason: last.again
        ? `none of ${counted(begun, "configuration")} passed, drawn anew once; a wider space, more screenEpochs or \`gate: false\` would help`
        : `none of ${counted(begun, "configuration")} passed, and the budget leaves none to draw anew`,
    };
  }

  return {
    next,
    onReport(view, number, report) {
      const broken = stopNotANumber(report);
      const { maxSteps } = view;
      if (broken !== undefined || !screens(maxSteps)) return broken ?? { decision: "continue" };
      const trial = view.trials.get(number);
      if (trial === undefined || report.step < rules.screen || (trial.untilStep ?? Infinity) > rules.screen)
        return { decision: "continue" };
      const verdict = judge(rules, view, trial);
      if (verdict.kind === "discarded") return { decision: "stop", reason: verdict.reason };
      const { mu, note } = verdict.kind === "passed" ? verdict : { mu: Number.NaN, note: "" };
      return {
        decision: "pause",
        reason: Number.isNaN(mu)
          ? `step ${report.step}: no sharpness.${rules.estimator} yet; waits for the choice${note}`
          : `step ${report.step}: sharpness.${rules.estimator} ${formatNumber(mu)}, waits for the choice${note}`,
      };
    },
    brackets(view) {
      const { maxSteps } = view;
      if (maxSteps === undefined) return [];
      const funnel = funnelOf(rules, view);
      const all = funnel.founders;
      const isFull = (trial: ScheduledTrial): boolean =>
        (trial.untilStep ?? Infinity) > rules.screen || trial.state === "complete";
      if (!screens(maxSteps)) return [{ label: "Full", rungs: [{ step: maxSteps, entries: all.map(fullEntryOf) }] }];
      const screened: RungView = {
        step: rules.screen,
        capacity: funnel.cohorts.reduce((sum, { size }) => sum + size, 0),
        entries: screeningOf(funnel, rules),
      };
      const full: RungView = { step: maxSteps, capacity: rules.keep, entries: all.filter(isFull).map(fullEntryOf) };
      return [{ label: "Funnel", rungs: [screened, full] }];
    },
  };
}

export const fghpoScheduler = defineScheduler(
  {
    kind: "fghpo",
    label: "Flatness-guided HPO (FGHPO)",
    summary:
      "Tries many configurations for an epoch, discards those that have not begun to learn, and trains the few with the flattest loss in full: a quarter of the epochs. Cheap; its choice has not been shown to be better than chance (docs/benchmarks.md).",
    source: "Flatness-guided hyper-parameter optimization, Algorithm 1",
    needsSteps: true,
    sampler: "random",
    refuses: refusesShort,
    options,
    measures: (given) => {
      const parsed = options.safeParse(given);
      return parsed.success ? measuresOf(parsed.data) : undefined;
    },
  },
  (given) => createFghpo(rulesOf(given)),
);
