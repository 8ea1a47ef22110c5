/**
 * Pausing a trial so that nothing of its training is lost: its trainer is told to write a checkpoint and to stop, and the trial
 * leaves `running` when its process is gone, so that whoever resumes it or copies its checkpoint finds both at rest.
 * Invariant: the decision is stored before the pause begins, so a pause that was interrupted is carried on and not decided
 * again; a trainer that takes no notice is ended after a grace period.
 */
import type { StoredDecision } from "../storage/trialStore.ts";
import type { Study } from "./study.ts";
import type { TrialRun } from "./trialRun.ts";

/** For a trainer to write its checkpoint. */
const pauseGraceMs = 30_000;
/** The same where trainers have shown that they write none, and for a trainer that has written it. */
const shortGraceMs = 2_000;

export interface PauseActions {
  /** Ends the process of the run, softly at first. */
  readonly stop: (run: TrialRun, graceMs: number) => void;
  /** Stores that the trial is paused, and settles the run. */
  readonly suspend: (run: TrialRun, reason: string) => void;
}

export class Pauses {
  readonly #study: Study;
  readonly #actions: PauseActions;
  /** Whether some trial of this study has paused without the checkpoint of its step. */
  #without = false;

  constructor(study: Study, actions: PauseActions) {
    this.#study = study;
    this.#actions = actions;
  }

  /** Carries out a pause that has been stored. @param mayComplete the trainer may yet say that it is done */
  begin(run: TrialRun, decision: StoredDecision, mayComplete: boolean): void {
    const { step, reason } = decision;
    this.#study.log.add("info", "scheduler", `Trial ${run.number} pauses: ${reason}`, run.number);
    run.pause = { step, reason, mayComplete };
    this.hasten(run);
  }

  /** The run has got to its pause: what is still missing is the checkpoint. */
  hasten(run: TrialRun): void {
    const { pause } = run;
    if (pause === undefined || run.settled || run.told.has("pause")) return;
    run.told.add("pause");
    // A pause carried on from an earlier attempt.
    const { step, reason } = pause;
    run.decision ??= { at: this.#study.parts.clock.now(), number: run.number, step, decision: "pause", reason };
    if (run.process === undefined) return this.#settle(run);
    const saved = (this.#study.book.trial(run.number)?.checkpointStep ?? -1) >= pause.step;
    if (!saved) run.process.send({ type: "checkpoint" });
    this.#actions.stop(run, saved || this.#without ? shortGraceMs : pauseGraceMs);
  }

  /** A checkpoint of the run has been stored. */
  onCheckpoint(run: TrialRun, step: number): void {
    if (run.pause !== undefined && !run.settled && step >= run.pause.step) this.#actions.stop(run, shortGraceMs);
  }

  /** The run says that it has nothing more to say. */
  onLastWord(run: TrialRun): void {
    if (run.pause !== undefined && !run.settled) this.#actions.stop(run, shortGraceMs);
  }

  /** The process of the run is gone, with or without a checkpoint. */
  onExit(run: TrialRun): void {
    if (run.pause !== undefined && !run.settled) this.#settle(run);
  }

  /** Says once in a study's run that what is trained is lost at each pause. */
  #settle(run: TrialRun): void {
    const { pause } = run;
    if (pause === undefined) return;
    const saved = this.#study.book.trial(run.number)?.checkpointStep;
    if (run.process !== undefined && (saved ?? -1) < pause.step && !this.#without) {
      this.#without = true;
      const from = saved === undefined ? "from its beginning" : `from step ${saved}`;
      this.#study.log.add(
        "warning",
        "trainer",
        `Trial ${run.number} left no checkpoint of step ${pause.step}, so when it goes on, it trains again ${from}. A trainer that writes a checkpoint when it is told to stop loses nothing.`,
        run.number,
      );
    }
    this.#actions.suspend(run, pause.reason);
  }
}
