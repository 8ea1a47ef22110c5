/**
 * The trials of a study that have a process (or somebody outside) working on them: what trainers say becomes results.
 * Invariant: a trial is marked as running in the store before anything of it runs; once it has left `running` there, nothing
 * its trainer says counts; it stays in `active`, and its slot taken, until the process of the attempt is gone.
 */
import { mkdirSync } from "node:fs";
import { dataFolderOf, trainerLogOf, trialFolderOf } from "../client/workspaceFiles.ts";
import { BasinError, errorText } from "../core/errors.ts";
import { rngFor } from "../core/rng.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import { type FinalState, isFinal, type Report } from "../core/trial.ts";
import type { TrialExit } from "../executors/executor.ts";
import { markerOf } from "../executors/marker.ts";
import type { Decision } from "../schedulers/scheduler.ts";
import type { NewChild, StoredDecision } from "../storage/trialStore.ts";
import type { TrainerEvent } from "../trainers/protocol.ts";
import { CheckpointCopies } from "./checkpointCopies.ts";
import { type EmbeddingEvent, keepEmbedding } from "./embeddingFiles.ts";
import { errorDetails } from "./log.ts";
import { exitReason, finalValues, valuesText } from "./outcome.ts";
import { Pauses } from "./pauses.ts";
import { ReportFlow } from "./reportFlow.ts";
import type { Study } from "./study.ts";
import type { BookTrial } from "./trialBook.ts";
import { lastLogLine } from "./trialLog.ts";
import { TrialRun } from "./trialRun.ts";
import { decidedPause, maxStepsOf, verdictOn } from "./verdicts.ts";

/** Between the command `stop` and force. */
const stopGraceMs = 5_000;
/** For a process that has reported its result and does not end. */
const lingerMs = 10_000;

export interface Finished {
  readonly number: number;
  readonly state: FinalState;
  readonly values: readonly number[];
  readonly reason: string;
  /** A person ended it. */
  readonly byUser: boolean;
}

/** What the study makes of what happens to its trials. */
export interface LiveHooks {
  readonly definition: () => StudyDefinition;
  readonly decide: (number: number, report: Report) => Decision;
  readonly finished: (finished: Finished) => void;
  /** Reports were stored, or a process is gone: a slot may be filled. */
  readonly moved: () => void;
  /** The engine itself failed at this study. */
  readonly failed: (error: unknown) => void;
}

/** What a scheduler wants of a trial's next attempt. */
export interface AttemptPlan {
  readonly slot: number;
  readonly untilStep?: number | undefined;
  /** To be stored with its start. */
  readonly decision?: StoredDecision | undefined;
}

export class LiveTrials {
  readonly active = new Map<number, TrialRun>();
  readonly flow: ReportFlow;
  readonly copies: CheckpointCopies;
  readonly #pauses: Pauses;
  readonly #study: Study;
  readonly #hooks: LiveHooks;
  readonly #idle = new Set<() => void>();
  #gradientsMissed = false;

  constructor(study: Study, hooks: LiveHooks) {
    this.#study = study;
    this.#hooks = hooks;
    this.flow = new ReportFlow({
      book: study.book,
      clock: study.parts.clock,
      objective: study.record.objective,
      decide: (run, report) => verdictOn(study, hooks.definition(), run, report, hooks.decide(run.number, report)),
      apply: (run, decision) => this.#apply(run, decision),
      overdue: (run) => this.#pauses.hasten(run),
      warn: (run, message) => study.log.add("warning", "trainer", message, run.number),
      stored: () => {
        study.touch();
        hooks.moved();
      },
      failed: (error) => hooks.failed(error),
    });
    this.#pauses = new Pauses(study, {
      stop: (run, graceMs) => this.#stop(run, graceMs),
      suspend: (run, reason) => this.suspend(run, "paused", reason),
    });
    this.copies = new CheckpointCopies(study, (number) => this.active.get(number));
  }

  /** Resolves when no process of the study is left. */
  drained(): Promise<void> {
    if (this.active.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.add(resolve);
    });
  }

  /** The smallest free slot below `count`. */
  freeSlot(count: number): number | undefined {
    const taken = new Set<number>();
    for (const run of this.active.values()) taken.add(run.slot);
    for (let slot = 0; slot < count; slot++) if (!taken.has(slot)) return slot;
    return undefined;
  }

  /** Marks a trial as running and makes its run. Nothing of it runs yet. */
  open(trial: BookTrial, plan: AttemptPlan, owner?: unknown): { run: TrialRun; marker: string; folder: string } {
    const study = this.#study;
    const { number, parent } = trial;
    const { slot, untilStep, decision } = plan;
    const attempt = trial.attempt + 1;
    const folder = trialFolderOf(study.parts.workspace, study.id, number);
    const marker = markerOf({ study: this.#hooks.definition(), trialFolder: folder, number, attempt, slot });
    const at = study.parts.clock.now();
    const fromStep = trial.checkpointStep ?? parent?.step ?? 0;
    const pause = trial.state === "waiting" && attempt > 1 ? decidedPause(study, trial) : undefined;
    study.book.start(number, {
      slot,
      marker,
      at,
      fromStep,
      ...(untilStep === undefined ? {} : { untilStep }),
      ...(decision === undefined ? {} : { decision }),
    });
    // The last step of a full training is no place to stop at: the trainer is to end there by itself.
    const last =
      untilStep !== undefined && untilStep >= (maxStepsOf(this.#hooks.definition()) ?? Number.POSITIVE_INFINITY);
    const run = new TrialRun({
      number,
      slot,
      attempt,
      startedAt: at,
      owner,
      untilStep: pause?.step ?? (last ? undefined : untilStep),
      fromStep,
      parentStep: parent?.step,
    });
    run.pause = pause;
    if (attempt > 1) run.resume(study.parts.store.reports(study.id, number));
    this.active.set(number, run);
    study.touch();
    return { run, marker, folder };
  }

  /** Starts a trial's next attempt in a slot. */
  launch(trial: BookTrial, plan: AttemptPlan): void {
    const study = this.#study;
    const definition = this.#hooks.definition();
    const { slot } = plan;
    const { run, marker, folder } = this.open(trial, plan);
    const { untilStep } = run;
    const { number, attempt } = run;
    try {
      mkdirSync(folder, { recursive: true });
      const process = study.parts.executor.start(
        {
          studyId: study.id,
          study: definition,
          studyFolder: study.folder,
          number,
          attempt,
          params: trial.params,
          seed: rngFor(definition.seed, number, "train").int(2 ** 31),
          trialFolder: folder,
          cacheFolder: dataFolderOf(study.parts.workspace),
          slot,
          marker,
          ...(untilStep === undefined ? {} : { untilStep }),
          ...(study.book.wantsGradients ? { gradientOf: definition.objectives[0].metric } : {}),
        },
        {
          event: (event) => this.#guarded(() => this.#onEvent(run, event)),
          warning: (message) => this.#guarded(() => study.log.add("warning", "trainer", message, number)),
          exit: (exit) => this.#guarded(() => this.#onExit(run, exit)),
        },
      );
      run.process = process;
      run.placement = process.placement;
      if (!run.settled) {
        study.parts.store.setTrialProcess(study.id, number, {
          placement: process.placement,
          ...(process.pid === undefined ? {} : { pid: process.pid }),
        });
      }
      const again = attempt === 1 ? "" : ` again (attempt ${attempt})`;
      study.log.add(
        "info",
        "runner",
        `Trial ${number} started${again} in slot ${slot} (${process.placement}).`,
        number,
      );
    } catch (error) {
      this.#onExit(run, { kind: "spawn-failed", message: errorText(error) });
    }
  }

  /** Runs a callback of the executor: an error in it ends the study with a reason, never the engine. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#hooks.failed(error);
    }
  }

  #onEvent(run: TrialRun, event: TrainerEvent): void {
    if (run.settled) return;
    const study = this.#study;
    switch (event.type) {
      case "started": {
        const { backend, device, threads, steps } = event;
        if (steps !== undefined) run.planned = steps;
        const said = [
          backend,
          device,
          threads === undefined ? undefined : `${threads} thread${threads === 1 ? "" : "s"}`,
        ];
        const placement = said.filter((part) => part !== undefined && part !== "").join(", ");
        if (placement !== "") {
          run.placement = placement;
          study.parts.store.setTrialProcess(study.id, run.number, { placement });
        }
        study.touch();
        return;
      }
      case "report":
        if (event.repeated !== true) run.trained(event.step);
        this.flow.push(run, event.step, event.metrics);
        return;
      case "sharpness":
        this.flow.push(run, event.step ?? run.step ?? 0, { [`sharpness.${event.estimator}`]: event.value });
        return;
      case "checkpoint":
        this.flow.flush();
        if (run.settled) return;
        this.#study.book.checkpoint(run.number, event.step, event.path);
        this.#pauses.onCheckpoint(run, event.step);
        return;
      case "done":
        this.flow.flush();
        if (run.pause?.mayComplete === false) this.#pauses.onLastWord(run);
        else if (!run.settled) this.complete(run, event.metrics);
        run.cancelLinger = study.parts.clock.after(lingerMs, () => this.#stop(run, 2_000));
        return;
      case "failed":
        this.flow.flush();
        if (run.settled) return;
        if (run.pause === undefined) return this.#failTrial(run, event.reason);
        // It was good up to here, and may be so again.
        study.log.add("warning", "trainer", `Trial ${run.number} failed while it paused: ${event.reason}`, run.number);
        this.#pauses.onLastWord(run);
        return;
      case "embedding":
        this.#keepEmbedding(run, event);
        return;
      case "heartbeat":
        return;
      default:
        event satisfies never;
    }
  }

  #keepEmbedding({ number }: TrialRun, event: EmbeddingEvent): void {
    const { log, parts, id } = this.#study;
    try {
      keepEmbedding(trialFolderOf(parts.workspace, id, number), event);
    } catch (error) {
      log.add("warning", "trainer", `Trial ${number}: ${errorText(error)}`, number);
    }
  }

  #onExit(run: TrialRun, exit: TrialExit): void {
    const study = this.#study;
    if (run.exited) return;
    run.cancelLinger?.();
    try {
      this.flow.flush();
      run.exited = true;
      if (!run.settled && exit.kind === "exited" && exit.code === 0 && run.pause === undefined) this.#atItsStep(run);
      this.#pauses.onExit(run);
      if (!run.settled) {
        const line =
          exit.kind === "spawn-failed" ? "" : lastLogLine(trainerLogOf(study.parts.workspace, study.id, run.number));
        this.#failTrial(run, exitReason(exit, this.#hooks.definition().limits, line));
      }
      study.parts.store.clearTrialProcess(study.id, run.number);
    } finally {
      run.exited = true;
      this.active.delete(run.number);
      study.touch();
      if (this.active.size === 0) {
        for (const resolve of this.#idle) resolve();
        this.#idle.clear();
      }
    }
    this.#hooks.moved();
  }

  /** A trainer has stopped where it was told to, though it had nothing to be judged by there. */
  #atItsStep(run: TrialRun): void {
    const { to } = run.trainedSteps;
    if (run.untilStep === undefined || to < run.untilStep) return;
    const reason = `It stopped at step ${to}, where it is to be judged, and waits to go on.`;
    run.pause = { step: to, reason, mayComplete: false };
    this.suspend(run, "paused", reason, {
      at: this.#study.parts.clock.now(),
      number: run.number,
      step: to,
      decision: "pause",
      reason,
    });
  }

  /** The trial has its result: final metrics, completed by the last reported ones. */
  complete(run: TrialRun, metrics: Readonly<Record<string, number>>): void {
    for (const [metric, value] of Object.entries(metrics))
      if (this.#study.book.admitsMetric(metric)) run.latest.set(metric, value);
    const { objectives } = this.#hooks.definition();
    const result = finalValues(objectives, run.latest);
    if (result.ok) this.finish(run, "complete", result.values, "");
    else this.#failTrial(run, result.reason);
  }

  #failTrial(run: TrialRun, reason: string): void {
    this.finish(run, "failed", [], reason);
  }

  /** Ends a trial for good, and the study with it if that was what it waited for. */
  finish(
    run: TrialRun,
    state: FinalState,
    values: readonly number[],
    reason: string,
    { byUser = false, child }: { readonly byUser?: boolean; readonly child?: NewChild | undefined } = {},
  ): void {
    const study = this.#study;
    const definition = this.#hooks.definition();
    const { number } = run;
    const before = study.index.best();
    const born = this.#study.book.finish(number, {
      state,
      values,
      metrics: Object.fromEntries(run.latest),
      reason,
      at: study.parts.clock.now(),
      processLeft: !run.exited,
      steps: run.trainedSteps,
      ...(child === undefined ? {} : { child }),
    });
    run.settle();
    if (born !== undefined) {
      study.log.add("info", "scheduler", `Trial ${born.number}: ${child?.because ?? ""}`, born.number);
      void this.copies.ensure(born).catch((error: unknown) => this.#hooks.failed(error));
    }
    study.touch();
    if (state === "complete") {
      const best =
        definition.objectives.length === 1 && study.index.best() === number && before !== number
          ? ", the best so far"
          : "";
      study.log.add(
        "info",
        "runner",
        `Trial ${number} is complete: ${valuesText(definition.objectives, values)}${best}.`,
        number,
      );
      this.#missGradients(number);
    } else if (state === "pruned") {
      study.log.add("info", "scheduler", `Trial ${number} is pruned: ${reason}`, number);
    } else {
      study.log.add(
        byUser ? "info" : "warning",
        byUser ? "runner" : "trainer",
        `Trial ${number} has failed: ${reason}`,
        number,
      );
    }
    // A program that has reported its result ends by itself; nobody else has anything more to do.
    if (state !== "complete" || definition.trainer.kind === "none") this.#stop(run, stopGraceMs);
    this.#hooks.finished({ number, state, values, reason, byUser });
  }

  /** Says once that the sampler asks for derivatives in vain. */
  #missGradients(number: number): void {
    const { book, log } = this.#study;
    if (this.#gradientsMissed || !book.wantsGradients) return;
    if (book.history.some(({ gradient }) => gradient !== undefined)) return;
    this.#gradientsMissed = true;
    const { objectives, sampler } = this.#hooks.definition();
    log.add(
      "warning",
      "sampler",
      `Trial ${number} has brought no derivative of ${objectives[0].metric} (metrics named hypergradient.<parameter>); without them the sampler ${sampler.kind} can follow none.`,
      number,
    );
  }

  /** Puts a running trial back. */
  suspend(run: TrialRun, state: "waiting" | "paused", reason: string, decision?: StoredDecision): void {
    this.#study.book.suspend(run.number, state, reason, {
      at: this.#study.parts.clock.now(),
      processLeft: !run.exited,
      steps: run.trainedSteps,
      ...(decision === undefined ? {} : { decision }),
    });
    run.settle();
    this.#study.touch();
    this.#stop(run, stopGraceMs);
  }

  #stop(run: TrialRun, graceMs: number): void {
    if (run.exited) return;
    if (run.process === undefined) {
      // Driven from outside: there is no process to wait for.
      if (this.#hooks.definition().trainer.kind === "none") {
        run.exited = true;
        this.active.delete(run.number);
        this.#study.parts.store.clearTrialProcess(this.#study.id, run.number);
      }
      return;
    }
    run.process.stop(graceMs).catch((error: unknown) => {
      this.#study.parts.log.error("A trainer could not be stopped", {
        study: this.#study.id,
        trial: run.number,
        ...errorDetails(error),
      });
    });
  }

  /** Ends all processes without a word to the store, which does not work. */
  abandon(): void {
    for (const run of this.active.values()) {
      run.settle();
      if (run.process !== undefined) this.#stop(run, stopGraceMs);
    }
  }

  /** Ends all processes at once; what they were working on has been settled before. */
  async kill(): Promise<void> {
    await Promise.all([...this.active.values()].map((run) => run.process?.kill() ?? Promise.resolve()));
  }

  /** Ends a running, waiting or paused trial as failed. @throws BasinError */
  stopTrial(number: number): void {
    this.flow.flush();
    const trial = this.#study.book.trial(number);
    if (trial === undefined) throw new BasinError("unknown-trial", `${this.#study.title} has no trial ${number}.`);
    if (isFinal(trial.state)) {
      throw new BasinError(
        "wrong-state",
        `Trial ${number} is already ${trial.state}.`,
        "Only trials that are not finished can be stopped.",
      );
    }
    const run = this.active.get(number);
    if (run !== undefined && !run.settled) {
      this.finish(run, "failed", [], "Stopped by user.", { byUser: true });
    } else {
      this.#study.book.finish(number, {
        state: "failed",
        values: [],
        metrics: {},
        reason: "Stopped by user.",
        at: this.#study.parts.clock.now(),
        processLeft: run !== undefined,
      });
      this.#study.touch();
    }
    this.#hooks.moved();
  }

  /** Carries out what has been decided and stored. */
  #apply(run: TrialRun, decision: StoredDecision): void {
    run.decision = decision;
    if (run.settled) return;
    switch (decision.decision) {
      case "stop":
      case "exploit":
        return this.finish(run, "pruned", [], decision.reason, { child: decision.child });
      case "pause":
        return this.#pauses.begin(run, decision, run.told.has("arrived"));
      // About trials that do not run.
      case "promote":
      case "drop":
        return;
      default:
        decision.decision satisfies never;
    }
  }
}
