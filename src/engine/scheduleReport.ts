/**
 * What a study's scheduling looks like: rungs, decisions, lineage, attempts, and how much training it took.
 * Invariant: reads only; what is long is made of columns that are kept, so a report of 10,000 trials costs milliseconds.
 */
import type { BracketView } from "../core/brackets.ts";
import type { LineageRow, ScheduleReport } from "../protocol/schedule.ts";
import { createScheduler } from "../schedulers/registry.ts";
import { breathe } from "./clock.ts";
import { scheduleView } from "./scheduleView.ts";
import { spentOf } from "./spent.ts";
import type { Study } from "./study.ts";
import type { StudyRunner } from "./studyRunner.ts";
import { maxStepsOf } from "./verdicts.ts";

const newestDecisions = 2_000;
/** Places at rungs that are worked out between two breaths: a few milliseconds. */
const entriesInTurn = 1_000;

/** O(trials + attempts). */
export async function scheduleReport(study: Study, runner: StudyRunner): Promise<ScheduleReport> {
  await study.book.load();
  await study.attempts.load();
  const { book, attempts, parts, id, definition } = study;
  // Before anything is worked out: what changes meanwhile has to look like a change to whoever compares.
  const revision = parts.revisions.of(id);
  const brackets = await bracketsOf(study, runner);
  const live = new Map<number, { from: number; to: number }>();
  for (const run of runner.live.active.values()) {
    if (run.settled) continue;
    live.set(run.number, run.trainedSteps);
  }
  const lineage: LineageRow[] = [];
  let begunChildren = 0;
  for (const { number, parent } of book.children) {
    if (parent === undefined) continue;
    lineage.push({ number, parent: parent.number, step: parent.step });
    if (attempts.begun.has(number)) begunChildren += 1;
  }
  const maxSteps = definition === undefined ? undefined : maxStepsOf(definition);
  return {
    revision,
    scheduler: definition?.scheduler.kind ?? "",
    trainedSteps: spentOf(study, runner.live).steps,
    brackets,
    decisions: parts.store
      .decisions(id, newestDecisions)
      .map(({ at, number, step, decision, reason }) => ({ at, number, step, decision, reason })),
    lineage,
    attempts: attempts.columns(live),
    ...(maxSteps === undefined ? {} : { maxSteps, fullSteps: (attempts.begun.size - begunChildren) * maxSteps }),
  };
}

/** Who stands where, as the scheduler of the running study says, or one made for the purpose. */
async function bracketsOf(study: Study, runner: StudyRunner): Promise<readonly BracketView[]> {
  const { definition, book } = study;
  if (definition === undefined) return [];
  const { scheduler, view } = runner.scheduling ?? {
    scheduler: createScheduler(definition.scheduler),
    view: scheduleView(definition, book),
  };
  const brackets: BracketView[] = [];
  let entries = 0;
  for (const bracket of scheduler.brackets?.(view) ?? []) {
    brackets.push(bracket);
    entries += bracket.rungs.reduce((sum, rung) => sum + rung.entries.length, 0);
    if (entries < entriesInTurn) continue;
    entries = 0;
    await breathe();
  }
  await breathe();
  return brackets;
}
