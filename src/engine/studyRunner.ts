/**
 * Runs one study: decides which trial is next, fills slots, and knows when the study is over.
 * Invariant: a suggestion is stored before anything runs; interrupted trials and copies of others go first, so a resumed study
 * repeats what an uninterrupted one would have done; only one suggestion is made at a time.
 */
import { BasinError, errorText } from "../core/errors.ts";
import { formatDuration, formatNumber } from "../core/format.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import type { Suggestion } from "../samplers/sampler.ts";
import { createScheduler } from "../schedulers/registry.ts";
import type { NextAction, Scheduler, ScheduleView } from "../schedulers/scheduler.ts";
import type { StoredDecision, StoredReport, StudyState } from "../storage/trialStore.ts";
import { targetReached, timeLeft, trialsLeft } from "./budget.ts";
import { type AttemptPlan, type Finished, LiveTrials } from "./liveTrials.ts";
import { Guidance } from "./diagnostics/guidance.ts";
import { errorDetails } from "./log.ts";
import { scheduleView } from "./scheduleView.ts";
import { openSampler, type StudySampler } from "./sampling/studySampler.ts";
import { StudyEnds } from "./studyEnds.ts";
import type { Study } from "./study.ts";
import type { BookTrial, TrialBook } from "./trialBook.ts";
import { addCopy, maxStepsOf } from "./verdicts.ts";
import { warmStartOf } from "./warmStart.ts";

const tickMs = 5_000;
/** Failures from the start of a run on after which a study gives up. */
const hopelessFailures = 10;

/** What the next trial of a free slot is. */
export type NextTrial =
  | { readonly kind: "trial"; readonly trial: BookTrial; readonly plan: Omit<AttemptPlan, "slot"> }
  | { readonly kind: "nothing"; readonly reason: string };

export class StudyRunner {
  readonly study: Study;
  readonly live: LiveTrials;
  #definition: StudyDefinition | undefined;
  #sampler: StudySampler | undefined;
  #scheduler: Scheduler | undefined;
  #guidance: Guidance | undefined;
  #view: ScheduleView | undefined;
  #ends: StudyEnds | undefined;
  #on = false;
  #ready: Promise<void> = Promise.resolve();
  /** Changes with every start and end: what was begun under an older one is void. */
  #epoch = 0;
  #filling = false;
  #again = false;
  #failures = 0;
  #succeeded = false;
  #timers: (() => void)[] = [];

  constructor(study: Study) {
    this.study = study;
    this.live = new LiveTrials(study, {
      definition: () => this.definition,
      decide: (number, report) =>
        this.#scheduler === undefined || this.#view === undefined
          ? { decision: "continue" }
          : this.#scheduler.onReport(this.#view, number, report),
      finished: (finished) => this.#finished(finished),
      moved: () => {
        this.#ends?.checkSpent();
        this.fill();
      },
      failed: (error) => this.fail(error),
    });
  }

  /** Whether the study runs (trials of an earlier run may still be ending when it does not). */
  get on(): boolean {
    return this.#on;
  }

  get definition(): StudyDefinition {
    return this.#definition ?? this.study.requireDefinition();
  }

  /** The scheduler of the run and what it sees; undefined while the study does not run. */
  get scheduling(): { readonly scheduler: Scheduler; readonly view: ScheduleView } | undefined {
    const [scheduler, view] = [this.#scheduler, this.#view];
    return scheduler === undefined || view === undefined ? undefined : { scheduler, view };
  }

  get book(): TrialBook {
    return this.study.book;
  }

  /** Starts or resumes. The state is stored at once; the first trials follow. */
  begin(definition: StudyDefinition): void {
    const { study } = this;
    const epoch = ++this.#epoch;
    this.#definition = definition;
    this.#on = true;
    this.#failures = 0;
    this.#succeeded = false;
    study.setState("running", "");
    const given = study.parts.store.trialCount(study.id);
    study.log.add(
      "info",
      "runner",
      given === 0 ? "The study runs." : `The study runs on; it has ${given} trials so far.`,
    );
    this.#tellChoice();
    this.#arm(definition);
    this.#ready = this.#prepare(definition, epoch);
    // Whoever awaits it sees the error; this one only keeps it from being unhandled.
    this.#ready.catch(() => undefined);
  }

  async #prepare(definition: StudyDefinition, epoch: number): Promise<void> {
    const { study } = this;
    try {
      await study.book.load();
      await study.attempts.load();
      const earlier = await warmStartOf(study.parts, study.record, definition);
      await study.parts.executor.ready?.catch(() => undefined);
      if (epoch !== this.#epoch) return;
      study.book.warmStart(earlier.trials);
      if (study.book.count === 0) for (const line of earlier.lines) study.log.add("info", "sampler", line);
      this.#sampler = openSampler(definition, {
        file: study.parts.samplerThread,
        clock: study.parts.clock,
        warn: (message) => study.log.add("warning", "sampler", message),
      });
      const { topology } = study;
      this.#guidance =
        topology === undefined || topology.plan.use === "diagnostic" ? undefined : new Guidance(topology);
      this.#scheduler = createScheduler(definition.scheduler);
      this.#ends = new StudyEnds({
        study,
        live: this.live,
        definition: () => this.definition,
        end: (reason, trialReason) => this.halt("complete", reason, trialReason),
      });
      this.#view = scheduleView(definition, study.book);
      this.fill();
    } catch (error) {
      if (epoch === this.#epoch) this.fail(error);
      throw error;
    }
  }

  /** Logs what a sampler that chooses for itself has chosen. */
  #tellChoice(): void {
    const choice = this.study.samplerChoice;
    if (choice !== undefined) this.study.log.add("info", "sampler", `${choice}.`);
  }

  /** A changed budget, limit or number of slots for a running study. */
  update(definition: StudyDefinition): void {
    const { trials, parallel } = this.definition.budget;
    this.#definition = definition;
    if (!this.#on) return;
    if (trials !== definition.budget.trials || parallel !== definition.budget.parallel) {
      // As after a restart: a sampler plans by these.
      this.#sampler?.update(definition);
      if (this.#view !== undefined) this.#view = scheduleView(definition, this.book);
      this.#tellChoice();
    }
    this.#disarm();
    this.#arm(definition);
    this.fill();
  }

  /** Ends the run: running trials go back to waiting. `state` undefined leaves the study `running` for the next engine. */
  halt(state: StudyState | undefined, reason: string, trialReason: string): void {
    if (!this.#on) return;
    try {
      this.live.flow.flush();
    } finally {
      // What the flush made of it stands: it may have ended the study.
      if (this.#on) this.#close(state, reason, trialReason);
    }
  }

  /** Stores what has come from trainers: before an answer that depends on it. */
  flush(): void {
    this.live.flow.flush();
  }

  /** Awaited before trials are asked for or told from outside. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Looks for free slots. Never throws. */
  fill(): void {
    if (!this.#on || this.#scheduler === undefined || this.definition.trainer.kind === "none") return;
    if (this.#filling) {
      this.#again = true;
      return;
    }
    this.#filling = true;
    const epoch = this.#epoch;
    void (async () => {
      try {
        // Whoever called is in the middle of something: a slot is filled when that is done.
        await Promise.resolve();
        do {
          this.#again = false;
          while (epoch === this.#epoch && (await this.#fillOne(epoch)));
        } while (this.#again && epoch === this.#epoch);
      } catch (error) {
        if (epoch === this.#epoch) this.fail(error);
      } finally {
        this.#filling = false;
        // A run that began meanwhile has been waiting for this one to leave.
        if (epoch !== this.#epoch) this.fill();
      }
    })();
  }

  async #fillOne(epoch: number): Promise<boolean> {
    const slot = this.live.freeSlot(this.definition.budget.parallel);
    if (slot === undefined) return false;
    const next = await this.nextTrial(epoch);
    if (next === undefined) return false;
    if (next.kind === "nothing") {
      if (this.live.active.size === 0) this.#exhausted(next.reason);
      return false;
    }
    this.live.launch(next.trial, { ...next.plan, slot });
    return true;
  }

  /**
   * What to run next: what was interrupted or takes another one's place first, then what the scheduler says, which gets enqueued
   * trials before suggested ones. Undefined: the run has ended.
   */
  async nextTrial(epoch = this.#epoch): Promise<NextTrial | undefined> {
    const { live, book } = this;
    for (;;) {
      const waiting = book.open("waiting").filter(({ number }) => !live.active.has(number));
      const begun = waiting.filter((trial) => trial.scheduled && !live.copies.waitsForParent(trial));
      const again = begun.find((trial) => trial.attempt > 0) ?? begun[0];
      if (again !== undefined) {
        if (!live.copies.isReady(again)) {
          await live.copies.ensure(again);
          if (epoch !== this.#epoch) return undefined;
          // It may have been stopped meanwhile.
          continue;
        }
        return { kind: "trial", trial: again, plan: { untilStep: again.untilStep } };
      }
      const action = await this.#scheduler!.next(this.#view!);
      if (epoch !== this.#epoch) return undefined;
      const next = await this.#carryOut(action, epoch);
      if (next !== "again") return next;
    }
  }

  /** What an answer of the scheduler comes to. */
  async #carryOut(action: NextAction, epoch: number): Promise<NextTrial | "again" | undefined> {
    const { study, book, live } = this;
    switch (action.action) {
      case "drop":
        this.#drop(action.number, action.reason);
        return "again";
      case "resume": {
        const { number, reason, untilStep } = action;
        const trial = this.#paused(number, "resumes");
        study.log.add("info", "scheduler", `Trial ${number} goes on: ${reason}`, number);
        return { kind: "trial", trial, plan: { untilStep, decision: this.#decided("promote", number, reason) } };
      }
      case "wait": {
        // A scheduler that plans no further trial for this study does not keep a person's from being tried.
        const enqueued = live.active.size === 0 ? this.#enqueued() : undefined;
        return enqueued === undefined
          ? { kind: "nothing", reason: action.reason }
          : { kind: "trial", trial: enqueued, plan: {} };
      }
      case "new": {
        const { untilStep } = action;
        const plan = untilStep === undefined ? {} : { untilStep };
        const enqueued = this.#enqueued();
        if (enqueued !== undefined) return { kind: "trial", trial: enqueued, plan };
        if (trialsLeft(this.definition.budget, book.given) === 0) return { kind: "nothing", reason: "" };
        const number = book.count;
        const suggestion = await this.#suggestion(number, untilStep, epoch);
        // While the sampler thought, the study may have been paused, or somebody may have enqueued this number.
        if (suggestion === undefined || epoch !== this.#epoch) return undefined;
        if (book.count !== number) return "again";
        if (typeof suggestion === "string") return { kind: "nothing", reason: suggestion };
        const trial = book.add(suggestion.params, suggestion.reason, study.parts.clock.now(), plan);
        study.log.add("info", "sampler", `Trial ${number}: ${suggestion.reason}`, number);
        return { kind: "trial", trial, plan };
      }
      case "copy":
        addCopy(study, this.definition, action);
        return "again";
      default:
        return action satisfies never;
    }
  }

  /** The first of the trials that a person has enqueued and nobody has begun. */
  #enqueued(): BookTrial | undefined {
    return this.book.open("waiting").find(({ number, scheduled }) => !scheduled && !this.live.active.has(number));
  }

  #paused(number: number, verb: string): BookTrial {
    const trial = this.book.trial(number);
    if (trial?.state === "paused" && !this.live.active.has(number)) return trial;
    const { kind } = this.definition.scheduler;
    throw new BasinError("internal", `The scheduler ${kind} ${verb} trial ${number}, which is not paused.`);
  }

  #decided(decision: StoredDecision["decision"], number: number, reason: string): StoredDecision {
    return { at: this.study.parts.clock.now(), number, step: -1, decision, reason };
  }

  /** A paused trial will not go on. */
  #drop(number: number, reason: string): void {
    const { study, book } = this;
    this.#paused(number, "drops");
    book.finish(number, {
      state: "pruned",
      values: [],
      metrics: lastMetrics(study.parts.store.reports(study.id, number)),
      reason,
      at: study.parts.clock.now(),
      decision: this.#decided("drop", number, reason),
    });
    study.log.add("info", "scheduler", `Trial ${number} is pruned: ${reason}`, number);
    study.touch();
  }

  /** What the sampler proposes for trial `number`; where it has nothing left, the reason. Undefined: the run has ended. */
  async #suggestion(
    number: number,
    untilStep: number | undefined,
    epoch: number,
  ): Promise<Suggestion | string | undefined> {
    try {
      const guidance = this.#guidance;
      let history = this.book.evidence;
      if (guidance !== undefined) {
        const guided = await guidance.evidence(history);
        if (epoch !== this.#epoch) return undefined;
        // As after a restart: what it knows of earlier trials holds no more.
        if (guided.renewed) this.#sampler!.update(this.definition);
        history = guided.history;
      }
      const maxSteps = maxStepsOf(this.definition);
      return await this.#sampler!.suggest({
        history,
        pending: guidance?.pending(this.book.pending()) ?? this.book.pending(),
        number,
        ...(untilStep === undefined ? {} : { untilStep }),
        ...(maxSteps === undefined ? {} : { maxSteps }),
      });
    } catch (error) {
      if (epoch !== this.#epoch) return undefined;
      if (error instanceof BasinError && error.code === "space-exhausted") return error.message;
      throw error;
    }
  }

  #finished({ number, state, values, reason, byUser }: Finished): void {
    if (state === "complete") this.study.topology?.follow();
    if (!this.#on) return;
    if (state === "failed" && !byUser) this.#failures += 1;
    else if (state !== "failed") this.#succeeded = true;
    const target = state === "complete" ? targetReached(this.definition.objectives, values) : undefined;
    const patience = this.#ends?.afterTrial();
    if (target !== undefined) {
      this.#close("complete", `${target} by trial ${number}.`, "The target was reached.");
    } else if (patience !== undefined) {
      this.#close("complete", `${patience}.`, "The study's patience is over.");
    } else if (!this.#succeeded && this.#failures >= hopelessFailures && this.book.open("paused").length === 0) {
      const reasonText = `The first ${this.#failures} trials all failed. The last one: ${reason}`;
      this.#close("failed", reasonText, "The study gave up.");
    }
  }

  /** Something in the engine itself went wrong with this study: it ends as failed, with the reason. */
  fail(error: unknown): void {
    const { study } = this;
    study.parts.log.error("A study failed", { study: study.id, ...errorDetails(error) });
    if (!this.#on) return;
    const reason =
      error instanceof BasinError
        ? errorText(error)
        : `Internal error: ${errorText(error)}. The engine's log has the details.`;
    try {
      this.#close("failed", reason, "The study failed.");
    } catch (second) {
      // The store itself does not work: the next engine finds the study as it was.
      this.#leave();
      study.parts.log.error("The failure could not be stored", { study: study.id, ...errorDetails(second) });
      this.live.abandon();
    }
  }

  /**
   * For trials driven from outside: whether all of the budget is told.
   * @param nothing the scheduler has nothing to hand out, and why
   */
  checkEnd(nothing?: string): void {
    if (!this.#on || this.live.active.size > 0 || this.book.open("waiting", "running").length > 0) return;
    // Whether a paused trial goes on is known when somebody asks.
    const open = trialsLeft(this.definition.budget, this.book.given) > 0 || this.book.open("paused").length > 0;
    if (!open || nothing !== undefined) this.#exhausted(nothing ?? "");
  }

  /** Nothing runs and nothing is left to run. */
  #exhausted(reason: string): void {
    const counts = this.study.index.counts();
    const { trials } = this.definition.budget;
    if (counts.complete + counts.pruned === 0 && counts.failed > 0) {
      const last = this.study.parts.store.trial(this.study.id, this.book.history.at(-1)?.number ?? 0)?.reason ?? "";
      this.#close("failed", `All ${formatNumber(counts.failed)} trials failed. The last one: ${last}`, "");
      return;
    }
    const spent = trials !== undefined && this.book.given >= trials;
    this.#close(
      "complete",
      spent ? `The budget of ${trials} trials is used.` : `Nothing is left to try: ${reason}`,
      "",
    );
  }

  #arm(definition: StudyDefinition): void {
    const { clock, store } = this.study.parts;
    const left = timeLeft(definition.budget, this.study.elapsedMs());
    if (Number.isFinite(left)) {
      this.#timers.push(
        clock.after(left, () =>
          this.halt(
            "complete",
            `The time of ${formatDuration((definition.budget.time ?? 0) * 1000)} is up.`,
            "The study's time is up.",
          ),
        ),
      );
    }
    const tick = (): void => {
      try {
        store.tickStudy(this.study.id, clock.now());
        this.study.record = store.study(this.study.id) ?? this.study.record;
        this.#ends?.checkSpent();
        if (this.#on) this.#timers[0] = clock.after(tickMs, tick);
      } catch (error) {
        this.fail(error);
      }
    };
    this.#timers.unshift(clock.after(tickMs, tick));
  }

  #disarm(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers = [];
  }

  #leave(): void {
    this.#on = false;
    this.#epoch += 1;
    this.#disarm();
    void this.#sampler?.end();
    this.#ends?.leave();
    // Nothing is asked of them until the next run has made its own.
    this.#sampler = undefined;
    this.#scheduler = undefined;
    this.#guidance = undefined;
    this.#view = undefined;
    this.#ends = undefined;
  }

  #close(state: StudyState | undefined, reason: string, trialReason: string): void {
    this.#leave();
    for (const run of this.live.active.values()) if (!run.settled) this.live.suspend(run, "waiting", trialReason);
    const { study } = this;
    if (state === undefined) {
      study.parts.store.tickStudy(study.id, study.parts.clock.now());
      study.log.flush();
      return;
    }
    study.setState(state, reason);
    const word =
      state === "complete"
        ? "The study is complete."
        : state === "failed"
          ? "The study has failed."
          : `The study is ${state}.`;
    study.log.add(state === "failed" ? "error" : "info", "runner", reason === "" ? word : `${word} ${reason}`);
    study.log.flush();
    if (state === "complete" || state === "failed") study.parts.ended(study);
  }
}

/** The last value of each metric. */
function lastMetrics(reports: readonly StoredReport[]): Record<string, number> {
  return Object.fromEntries(reports.map(({ metric, value }) => [metric, value]));
}
