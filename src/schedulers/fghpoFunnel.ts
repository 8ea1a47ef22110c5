/**
 * FGHPO's funnel: which configurations are tried together, what each has shown at the end of the screening, who is kept.
 * Invariant: what a trial has shown follows from its reports up to its first one at or after the screening, so nothing that it
 * does later changes the choice; who is tried together follows from trial numbers, so the number of slots changes nothing.
 */
import { formatNumber } from "../core/format.ts";
import type { EstimatorId } from "../core/sharpness.ts";
import { isFinal, type Report } from "../core/trial.ts";
import { founders, lossOf, reportFrom } from "./rungs.ts";
import type { ScheduledTrial, ScheduleView } from "./scheduler.ts";

export interface FunnelRules {
  readonly configurations: number;
  readonly keep: number;
  readonly estimator: EstimatorId;
  readonly order: "lowest" | "highest";
  readonly gate: boolean;
  /** Step at the end of the screening. */
  readonly screen: number;
}

/** The share of what no model at all would lose that a training must fall below; fixed before anything was measured. */
const gateShare = 0.98;

/** What a trial has shown in the screening. */
export type Verdict =
  /** It is on its way. */
  | { readonly kind: "open" }
  /** It ended before it could be judged. */
  | { readonly kind: "ended" }
  | { readonly kind: "discarded"; readonly mu: number; readonly reason: string }
  /** `mu` is NaN where none was reported; `note` says what could not be looked at. */
  | { readonly kind: "passed"; readonly mu: number; readonly note: string };

export interface Ranked {
  readonly trial: ScheduledTrial;
  /** What it is ranked by, as reported. */
  readonly value: number;
}

export interface Standing {
  /** The best first. */
  readonly ranked: readonly Ranked[];
  readonly rankOf: ReadonlyMap<number, number>;
  /** How many of them are kept. */
  readonly kept: number;
  /** The metric that ranks. */
  readonly by: string;
  /** For reasons: why it is another one than asked for, or what could not be looked at. */
  readonly note: string;
}

/** Configurations that are tried and judged together. */
export interface Cohort {
  readonly size: number;
  readonly members: readonly ScheduledTrial[];
  /** Of each member. */
  readonly verdicts: readonly Verdict[];
  /** undefined until all have been judged. */
  readonly standing: Standing | undefined;
  /** The first one had nobody to keep. */
  readonly again: boolean;
}

export interface Funnel {
  readonly founders: readonly ScheduledTrial[];
  /** One, or two where the first had nobody to keep; none where the budget allows nothing. */
  readonly cohorts: readonly Cohort[];
}

function lastUpTo(reports: readonly Report[], step: number): number | undefined {
  return reports.findLast((report) => report.step <= step)?.value;
}

/** What the gate says; text = discarded, or what it could not look at. */
function gateOf(
  { gate, screen }: FunnelRules,
  view: ScheduleView,
  number: number,
  step: number,
): { readonly discard?: string; readonly note?: string } {
  if (!gate) return {};
  const loss = lastUpTo(view.reportsOf(number, "loss"), step);
  const baseline = lastUpTo(view.reportsOf(number, "baseline_loss"), step);
  if (loss !== undefined && !Number.isFinite(loss))
    return { discard: `gate: the loss after step ${screen} is not finite` };
  if (loss === undefined || baseline === undefined || !Number.isFinite(baseline))
    return { note: "; without baseline_loss and a training loss nobody can tell who has begun to learn" };
  if (loss < gateShare * baseline) return {};
  return {
    discard: `gate: loss ${formatNumber(loss)} after step ${screen} is not below ${gateShare} of baseline_loss ${formatNumber(baseline)}`,
  };
}

/** Why a sharpness cannot rank (Algorithm 1, l. 11-13); `bayesmark` is negative by its definition. */
function problemOf(estimator: EstimatorId, mu: number): string | undefined {
  if (Number.isNaN(mu)) return `sharpness.${estimator} is not a number`;
  if (!Number.isFinite(mu)) return `sharpness.${estimator} is not finite`;
  if (estimator === "bayesmark")
    return mu < 0 ? undefined : `sharpness.bayesmark ${formatNumber(mu)} is not positive before its sign is turned`;
  return mu > 0 ? undefined : `sharpness.${estimator} ${formatNumber(mu)} is not positive`;
}

/** What a trial has shown in the screening. O(its reports). */
export function judge(rules: FunnelRules, view: ScheduleView, trial: ScheduledTrial): Verdict {
  const { number, reports, state, untilStep } = trial;
  const { estimator, screen } = rules;
  const wentOn = (untilStep ?? Infinity) > screen;
  const seen = reportFrom(reports, screen);
  if (seen === undefined) return isFinal(state) ? { kind: "ended" } : { kind: "open" };
  if (state === "failed" && !wentOn) return { kind: "ended" };
  const { step, value } = seen;
  const mu = lastUpTo(view.reportsOf(number, `sharpness.${estimator}`), step);
  const discarded = (reason: string): Verdict => ({ kind: "discarded", mu: mu ?? Number.NaN, reason });
  if (Number.isNaN(value)) return discarded(`the value after step ${step} is not a number`);
  const problem = mu === undefined ? undefined : problemOf(estimator, mu);
  if (problem !== undefined) return discarded(problem);
  const { discard, note = "" } = gateOf(rules, view, number, step);
  return discard === undefined ? { kind: "passed", mu: mu ?? Number.NaN, note } : discarded(discard);
}

/** A trial that has been judged and whose process is gone, so that it can be resumed or dropped. */
function isSettled({ state, untilStep }: ScheduledTrial, { screen }: FunnelRules): boolean {
  return state === "paused" || isFinal(state) || (untilStep ?? Infinity) > screen;
}

/** Ranks those that passed. O(members log members). */
function standingOf(
  rules: FunnelRules,
  view: ScheduleView,
  members: readonly ScheduledTrial[],
  verdicts: readonly Verdict[],
): Standing {
  const { estimator, keep, order, screen } = rules;
  const passed = members.flatMap((trial, i) => {
    const verdict = verdicts[i]!;
    return verdict.kind === "passed" ? [{ trial, mu: verdict.mu, note: verdict.note }] : [];
  });
  const measured = passed.filter(({ mu }) => !Number.isNaN(mu));
  const { direction, metric } = view.objective;
  // Nobody measures: who has come furthest by the objective is a better guess than none.
  const blind = measured.length === 0;
  const sorted = (blind ? passed : measured)
    .map(({ trial, mu }) => {
      const value = blind ? (reportFrom(trial.reports, screen)?.value ?? Number.NaN) : mu;
      return { trial, value, key: blind ? lossOf(value, direction) : order === "lowest" ? mu : -mu };
    })
    .sort((a, b) => (a.key < b.key ? -1 : b.key < a.key ? 1 : a.trial.number - b.trial.number));
  const notes = [
    ...(blind && passed.length > 0 ? [`; nobody reported sharpness.${estimator}, so ${metric} decides`] : []),
    ...(passed[0] === undefined ? [] : [passed[0].note]),
  ];
  return {
    ranked: sorted.map(({ trial, value }) => ({ trial, value })),
    rankOf: new Map(sorted.map(({ trial }, rank) => [trial.number, rank])),
    kept: Math.min(keep, sorted.length),
    by: blind ? metric : `sharpness.${estimator}`,
    note: notes.join(""),
  };
}

function cohortOf(
  rules: FunnelRules,
  view: ScheduleView,
  members: readonly ScheduledTrial[],
  size: number,
  again: boolean,
): Cohort {
  const verdicts = members.map((trial) => judge(rules, view, trial));
  const closed =
    members.length === size && members.every((trial, i) => verdicts[i]!.kind !== "open" && isSettled(trial, rules));
  const standing = closed ? standingOf(rules, view, members, verdicts) : undefined;
  return { size, members, verdicts, standing, again };
}

/** The whole funnel as it stands. O(trials log trials). */
export function funnelOf(rules: FunnelRules, view: ScheduleView): Funnel {
  const all = [...founders(view)];
  // A budget that was lowered below those that have begun changes nothing for them.
  const limit = Math.max(view.maxTrials ?? Infinity, all.length);
  const size = Math.min(rules.configurations, limit);
  if (size < 1) return { founders: all, cohorts: [] };
  const first = cohortOf(rules, view, all.slice(0, size), size, false);
  const left = Math.min(rules.configurations, limit - size);
  if (first.standing?.ranked.length !== 0 || left < 1) return { founders: all, cohorts: [first] };
  return { founders: all, cohorts: [first, cohortOf(rules, view, all.slice(size, size + left), left, true)] };
}
