/**
 * Puts in order what a killed engine left: ends its trainers, puts its running trials back, lets its studies go on.
 * Invariant: afterwards no trial is `running`, none of the old processes lives, and every study that was `running` runs
 * again or says why it cannot.
 */
import { existsSync } from "node:fs";
import { errorText } from "../core/errors.ts";
import type { StoredDecision, TrialRecord } from "../storage/trialStore.ts";
import { errorDetails } from "./log.ts";
import type { Studies } from "./studies.ts";
import type { EngineParts } from "./study.ts";

/** Deaths of the engine that one trial may live through: a trial that eats all memory takes the engine with it. */
const maxInterruptions = 5;

/** Never throws: what cannot be put in order becomes the reason of a failed study. */
export async function recover(parts: EngineParts, studies: Studies, resumeStudies = true): Promise<void> {
  const { store, executor, log } = parts;
  const left = store.leftProcesses();
  if (left.length > 0) log.info("Ending trainers of an earlier engine", { count: left.length });
  await Promise.all(
    left.map(async ({ studyId, number, pid, marker }) => {
      try {
        await executor.reap(pid, marker);
        store.clearTrialProcess(studyId, number);
      } catch (error) {
        log.error("A trainer of an earlier engine could not be ended", {
          studyId,
          number,
          pid,
          ...errorDetails(error),
        });
      }
    }),
  );
  for (const record of store.studies()) {
    try {
      putBack(parts, record.id);
    } catch (error) {
      log.error("Trials of an earlier engine could not be put back", { study: record.id, ...errorDetails(error) });
    }
    if (resumeStudies && record.state === "running") resume(parts, studies, record.id);
  }
}

/** Running trials of a study go back to waiting, or to what had been decided of them; one that was there too often fails. */
function putBack({ store, clock, log }: EngineParts, studyId: number): void {
  for (const trial of store.runningTrials(studyId)) {
    const reports = store.reports(studyId, trial.number);
    const metrics = Object.fromEntries(reports.map(({ metric, value }) => [metric, value]));
    // What it trained after its last report nobody knows.
    const at = Math.max(trial.startedAt ?? 0, ...reports.map((report) => report.at));
    const to = Math.max(trial.last?.step ?? 0, trial.checkpoint?.step ?? 0, trial.parent?.step ?? 0);
    const ended = { at, steps: { to } };
    const decision = decided(store.lastDecision(studyId, trial.number), trial);
    if (decision?.decision === "stop" || decision?.decision === "exploit") {
      const { reason, child } = decision;
      const pruned = { state: "pruned", values: [], metrics, reason, ...ended } as const;
      store.finishTrial(studyId, trial.number, child === undefined ? pruned : { ...pruned, child });
    } else if (decision?.decision === "pause" && (trial.checkpoint?.step ?? -1) >= decision.step) {
      store.suspendTrial(studyId, trial.number, "paused", decision.reason, ended);
    } else if (trial.interruptions + 1 >= maxInterruptions) {
      store.finishTrial(studyId, trial.number, {
        state: "failed",
        values: [],
        metrics,
        reason: `Basin's engine died ${maxInterruptions} times while this trial ran. If it needs more memory than there is, lower what it may ask for.`,
        at: clock.now(),
        steps: ended.steps,
      });
      log.warning("A trial was running at every death of the engine and has failed", { studyId, number: trial.number });
    } else {
      store.suspendTrial(studyId, trial.number, "waiting", "The engine ended while the trial ran.", {
        ...ended,
        interrupted: true,
      });
    }
  }
}

/** A decision about a trial's last report, which the engine did not live to carry out. */
function decided(decision: StoredDecision | undefined, { last }: TrialRecord): StoredDecision | undefined {
  return decision !== undefined && decision.step === last?.step ? decision : undefined;
}

function resume(parts: EngineParts, studies: Studies, studyId: number): void {
  const { study, runner } = studies.get(studyId);
  const fail = (reason: string): void => {
    parts.log.warning("A study cannot go on", { studyId, reason });
    study.setState("failed", reason);
    study.log.add("error", "runner", reason);
    study.log.flush();
    parts.ended(study);
  };
  try {
    if (study.definition === undefined) fail(study.problem);
    else if (existsSync(study.folder)) runner.begin(study.definition);
    else fail(`The folder ${study.folder} of the study is not there any more.`);
  } catch (error) {
    parts.log.error("A study could not be resumed", { studyId, ...errorDetails(error) });
    runner.fail(error);
    if (!runner.on && study.record.state === "running") fail(errorText(error));
  }
}
