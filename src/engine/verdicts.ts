/**
 * From what a scheduler says about a report to what is stored and done.
 * Invariant: every decision that changes a trial carries a reason; a trial never trains on past the step it was to be judged at.
 */
import { BasinError } from "../core/errors.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import type { Params } from "../core/space/parameter.ts";
import type { Parent, Report } from "../core/trial.ts";
import type { Decision, NextAction } from "../schedulers/scheduler.ts";
import type { NewChild, StoredDecision } from "../storage/trialStore.ts";
import type { Study } from "./study.ts";
import type { BookTrial } from "./trialBook.ts";
import type { DecidedPause, TrialRun } from "./trialRun.ts";

/** Steps (epochs) of a full training, if the study says. */
export function maxStepsOf({ trainer }: StudyDefinition): number | undefined {
  return trainer.epochs;
}

/**
 * What is to be stored and done after a report; undefined: the trial goes on.
 * @param decision the scheduler's
 * @throws BasinError `internal` when the scheduler copies a trial that does not exist
 */
export function verdictOn(
  study: Study,
  definition: StudyDefinition,
  run: TrialRun,
  { step }: Report,
  decision: Decision,
): StoredDecision | undefined {
  const stored = { at: study.parts.clock.now(), number: run.number, step };
  switch (decision.decision) {
    case "continue": {
      if (run.untilStep === undefined || step < run.untilStep) return undefined;
      run.told.add("arrived");
      const most = maxStepsOf(definition);
      const of = most === undefined ? "" : ` of ${most}`;
      return { ...stored, decision: "pause", reason: `Step ${step}${of} is reached, where it waits to be judged.` };
    }
    case "stop":
    case "pause":
      return { ...stored, decision: decision.decision, reason: decision.reason };
    case "exploit": {
      const { from, params, reason, untilStep } = decision;
      const child: NewChild = {
        params: { ...params, ...keptRates(definition, run) },
        because: `${reason} (begins with a copy of trial ${from}, in place of trial ${run.number})`,
        parent: parentOf(study, definition, from),
        ...(untilStep === undefined ? {} : { untilStep }),
      };
      return { ...stored, decision: "exploit", reason, child };
    }
    default:
      return decision satisfies never;
  }
}

/** The rates that the replaced trial has come to, where a copy is to go on with them (`hdCopy: keep`). */
function keptRates({ tuneOnline, scheduler }: StudyDefinition, { latest }: TrialRun): Params {
  if (scheduler.options["hdCopy"] !== "keep") return {};
  const rates = [
    [tuneOnline?.learningRate, latest.get("learning_rate")],
    [tuneOnline?.momentum, latest.get("momentum")],
  ] as const;
  return Object.fromEntries(
    rates.flatMap(([rate, value]) => (rate === undefined || value === undefined ? [] : [[rate.name, value]])),
  );
}

/**
 * Adds the trial that a scheduler wants to begin with a copy of another one; it waits for a slot.
 * @throws BasinError `internal` when the scheduler copies a trial that does not exist
 */
export function addCopy(
  study: Study,
  definition: StudyDefinition,
  { from, params, untilStep, reason }: Extract<NextAction, { action: "copy" }>,
): void {
  const born = study.book.add(params, `${reason} (begins with a copy of trial ${from})`, study.parts.clock.now(), {
    parent: parentOf(study, definition, from),
    ...(untilStep === undefined ? {} : { untilStep }),
  });
  study.log.add("info", "scheduler", `Trial ${born.number}: ${reason}`, born.number);
  study.touch();
}

function parentOf(study: Study, definition: StudyDefinition, number: number): Parent {
  const parent = study.book.trial(number);
  if (parent === undefined)
    throw new BasinError(
      "internal",
      `The scheduler ${definition.scheduler.kind} copies trial ${number}, which does not exist.`,
    );
  // Whoever drives trials from outside has the weights of the last step it told of.
  const step = definition.trainer.kind === "none" ? parent.last?.step : parent.checkpointStep;
  return { number, step: step ?? 0 };
}

/** A pause that was stored and not carried out before the trial was put back. */
export function decidedPause(study: Study, { number, last }: BookTrial): DecidedPause | undefined {
  const decision = study.parts.store.lastDecision(study.id, number);
  if (decision?.decision !== "pause" || decision.step !== last?.step) return undefined;
  return { step: decision.step, reason: decision.reason, mayComplete: false };
}
