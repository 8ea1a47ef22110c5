/**
 * All studies of a workspace: what starting a text means, and everything that is asked of a study.
 * Invariant: one `Study` and one `StudyRunner` per study id for the life of the engine; texts of one path and name are
 * generations of each other, and only the newest of them is started from a file.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { studyFolderOf } from "../client/workspaceFiles.ts";
import { BasinError } from "../core/errors.ts";
import { formatDuration } from "../core/format.ts";
import { type Rng, rngFor } from "../core/rng.ts";
import { checkParams, completeParams } from "../core/space/configuration.ts";
import { feasibleSampler } from "../core/space/feasible.ts";
import type { Params } from "../core/space/parameter.ts";
import { feasibilityOf } from "../core/study/constraints.ts";
import type { StudyDefinition } from "../core/study/definition.ts";
import { studyFormatOf } from "../core/study/format.ts";
import type { EngineParams, StartResult, StudySummary } from "../protocol/engine.ts";
import { checkData } from "../trainers/tfjs/data/check.ts";
import { patienceOver, spentUp, targetReached, timeLeft, trialsLeft } from "./budget.ts";
import { breathe } from "./clock.ts";
import { ExternalTrials } from "./externalTrials.ts";
import { identityChanges, listed } from "./identity.ts";
import { Improvement } from "./improvement.ts";
import { spentOf } from "./spent.ts";
import { definitionOf, type EngineParts, Study } from "./study.ts";
import { StudyRunner } from "./studyRunner.ts";
import { bestTrial, summaryOf } from "./summary.ts";
import { checkWarmStart } from "./warmStart.ts";

interface Open {
  readonly study: Study;
  readonly runner: StudyRunner;
  readonly external: ExternalTrials;
}

export class Studies {
  readonly #parts: EngineParts;
  readonly #open = new Map<number, Open>();
  #starting: Promise<unknown> = Promise.resolve();

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** @throws BasinError `unknown-study` */
  get(id: number): Open {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const record = this.#parts.store.study(id);
    if (record === undefined) {
      throw new BasinError("unknown-study", `There is no study ${id}.`, "It may have been deleted; refresh the list.");
    }
    const study = new Study(this.#parts, record);
    const runner = new StudyRunner(study);
    const open: Open = { study, runner, external: new ExternalTrials(runner) };
    this.#open.set(id, open);
    return open;
  }

  /** Studies that keep the engine alive: running ones that do not wait for somebody outside. */
  get busy(): number {
    let busy = 0;
    for (const { study, runner } of this.#open.values()) {
      if (runner.live.active.size > 0 || (runner.on && study.definition?.trainer.kind !== "none")) busy += 1;
    }
    return busy;
  }

  get running(): number {
    return [...this.#open.values()].filter((open) => open.runner.on).length;
  }

  async list(): Promise<StudySummary[]> {
    const summaries: StudySummary[] = [];
    for (const { id } of this.#parts.store.studies()) {
      const { study, runner } = this.get(id);
      // Reading a study's text takes its time too.
      await breathe();
      const facts = await study.facts();
      // It may have been deleted meanwhile.
      if (this.#open.has(id)) summaries.push(summaryOf(study, runner, facts));
    }
    return summaries;
  }

  /**
   * Starts, continues or recognises the study of a text.
   * @throws BasinError `invalid-study`, `invalid-argument`, `unknown-study` (of `warmStart`)
   */
  start(request: EngineParams<"study.start">): Promise<StartResult> {
    // One after the other: two windows that start the same text must not make two studies.
    const turn = this.#starting.then(() => this.#start(request));
    this.#starting = turn.catch(() => undefined);
    return turn;
  }

  async #start({ path: file, text, mode }: EngineParams<"study.start">): Promise<StartResult> {
    if (!path.isAbsolute(file))
      throw new BasinError("invalid-argument", `The path of a study file must be absolute, not "${file}".`);
    const format = studyFormatOf(file);
    if (format === undefined) {
      throw new BasinError(
        "invalid-argument",
        `${path.basename(file)} is not the name of a study file.`,
        "Study files end in .study.yaml, .study.yml or .study.json.",
      );
    }
    const { definition, problem } = definitionOf(text, format);
    if (definition === undefined) {
      throw new BasinError(
        "invalid-study",
        `${path.basename(file)}, ${problem}`,
        "Correct the study file; the Problems panel shows every error at its place.",
      );
    }
    const known = this.#parts.store.findStudy(file, definition.name);
    // A study that runs has its data; whatever starts now needs it.
    if (known === undefined || !this.get(known.id).runner.on) checkData(definition, path.dirname(file));
    const own = { path: file, name: definition.name };
    if (known === undefined) {
      checkWarmStart(this.#parts.store, definition, own);
      return this.#create(file, text, format, definition, "");
    }
    const before = this.get(known.id);
    if (mode === "fresh") {
      checkWarmStart(this.#parts.store, definition, own);
      this.#replace(before, "It was started afresh.");
      return this.#create(file, text, format, definition, "");
    }
    if (before.study.definition === undefined) {
      return this.#create(file, text, format, definition, " The text of the earlier one can no longer be read.");
    }
    const changes = identityChanges(before.study.definition, definition);
    if (changes.length > 0) {
      checkWarmStart(this.#parts.store, definition, own);
      this.#replace(before, `The study file changed (${listed(changes)}).`);
      const kept = before.study.record.generation;
      return this.#create(
        file,
        text,
        format,
        definition,
        ` ${capital(listed(changes))} changed since #${kept}, whose trials are kept.`,
      );
    }
    return this.#continue(before, definition, text);
  }

  #create(file: string, text: string, format: "yaml" | "json", definition: StudyDefinition, why: string): StartResult {
    const record = this.#parts.store.createStudy({
      name: definition.name,
      path: file,
      text,
      format,
      createdAt: this.#parts.clock.now(),
      objective: definition.objectives[0].metric,
    });
    const { study, runner } = this.get(record.id);
    runner.begin(definition);
    return { studyId: record.id, how: "created", message: `Started ${study.title}.${why}` };
  }

  #replace({ study, runner }: Open, reason: string): void {
    if (runner.on) runner.halt("stopped", `${reason} The new study took its place.`, "The study was replaced.");
    else if (study.record.state === "running") study.setState("stopped", `${reason} The new study took its place.`);
  }

  async #continue({ study, runner }: Open, definition: StudyDefinition, text: string): Promise<StartResult> {
    await study.index.load();
    if (text !== study.record.text) study.setText(text);
    const given = study.index.count - study.index.children;
    const { trials } = definition.budget;
    const progress = trials === undefined ? `${given} trials so far` : `${given} of ${trials} trials`;
    if (runner.on) {
      runner.update(definition);
      return { studyId: study.id, how: "already-running", message: `${study.title} is running: ${progress}.` };
    }
    const end = await this.#endOf(study, definition);
    if (end !== undefined) {
      const message = `${study.title} is complete: ${end.why}. ${end.remedy} to go on, or start it afresh.`;
      return { studyId: study.id, how: "already-complete", message };
    }
    this.#requireFolder(study);
    runner.begin(definition);
    return { studyId: study.id, how: "continued", message: `Continues ${study.title} at ${progress}.` };
  }

  /** Why a study has nothing left to do, and what would change that. The index must be loaded. */
  async #endOf(
    study: Study,
    { budget, objectives }: StudyDefinition,
  ): Promise<{ why: string; remedy: string } | undefined> {
    const { waiting, running, paused } = study.index.counts();
    const given = study.index.count - study.index.children;
    // A study that has ended with paused trials is one whose scheduler has no use for them.
    const open = waiting + running + (study.record.state === "complete" ? 0 : paused);
    if (trialsLeft(budget, given) === 0 && open === 0) {
      return { why: `its budget of ${budget.trials} trials is used`, remedy: "Raise budget.trials" };
    }
    if (timeLeft(budget, study.elapsedMs()) === 0) {
      return { why: `its time of ${formatDuration((budget.time ?? 0) * 1000)} is used`, remedy: "Raise budget.time" };
    }
    const spent = spentUp(budget, spentOf(study, undefined));
    if (spent !== undefined) return { why: `its ${spent.why}`, remedy: spent.remedy };
    if (budget.patience !== undefined) {
      await study.book.load();
      const patience = patienceOver(budget, new Improvement(objectives).since(study.book.history));
      if (patience !== undefined) return { why: patience, remedy: "Raise budget.patience" };
    }
    const best = bestTrial(study, study.index);
    const reached = best === undefined ? undefined : targetReached(objectives, best.values);
    if (reached === undefined) return undefined;
    return { why: `${reached} by trial ${best?.number}`, remedy: "Change the target" };
  }

  pause(id: number): void {
    const { study, runner } = this.get(id);
    if (!runner.on) throw wrongState(study, "paused", "Only a running study can be paused.");
    runner.halt("paused", "Paused by user.", "The study was paused.");
  }

  /** @throws BasinError `study-complete`, `wrong-state`, `invalid-study` */
  async resume(id: number): Promise<void> {
    const { study, runner } = this.get(id);
    await study.index.load();
    if (runner.on) return;
    const definition = study.requireDefinition();
    const end = await this.#endOf(study, definition);
    if (runner.on) return;
    if (end !== undefined) {
      throw new BasinError(
        "study-complete",
        `${study.title} is complete: ${end.why}.`,
        `${end.remedy} in the study file and start it again.`,
      );
    }
    this.#requireFolder(study);
    runner.begin(definition);
  }

  stop(id: number): void {
    const { study, runner } = this.get(id);
    if (runner.on) {
      runner.halt("stopped", "Stopped by user.", "The study was stopped.");
      return;
    }
    if (study.record.state === "paused" || study.record.state === "created")
      study.setState("stopped", "Stopped by user.");
    else if (study.record.state !== "stopped")
      throw wrongState(study, "stopped", "Only a running or paused study can be stopped.");
  }

  /** Ends everything of a study, hides it at once and removes its files. Resolves when its processes are gone. */
  async delete(id: number): Promise<void> {
    const { study, runner } = this.get(id);
    runner.halt("stopped", "Deleted by user.", "The study was deleted.");
    await runner.live.kill();
    await runner.live.drained();
    study.log.drop();
    this.#parts.store.deleteStudy(id);
    this.#open.delete(id);
    this.#parts.revisions.forget(id);
    await rm(studyFolderOf(this.#parts.workspace, id), { recursive: true, force: true }).catch((error: unknown) => {
      this.#parts.log.warning("Files of a deleted study are left", { study: id, error: String(error) });
    });
  }

  /** Adds a configuration to run next. @throws BasinError `invalid-params`, `study-complete` */
  async enqueue(id: number, given: Params): Promise<number> {
    const { study, runner } = this.get(id);
    const definition = study.requireDefinition();
    await study.book.load();
    const number = study.book.count;
    const left = trialsLeft(definition.budget, study.book.given);
    if (left === 0 || (study.record.state === "complete" && !runner.on)) {
      throw new BasinError(
        "study-complete",
        `${study.title} has no trial left in its budget.`,
        "Raise budget.trials in the study file and start it again.",
      );
    }
    const rng = rngFor(definition.seed, number, "enqueue");
    const isFeasible = feasibilityOf(definition);
    const drawn = completeParams(definition.space, given, rng);
    const problems = checkParams(definition.space, drawn);
    if (problems.length > 0) {
      throw new BasinError(
        "invalid-params",
        problems.map(({ parameter, message }) => `${parameter} ${message}`).join("; ") + ".",
        "Domains and conditions are those of the study file.",
      );
    }
    const params = isFeasible(drawn) ? drawn : completed(definition, given, rng.fork("constraints"));
    const added = study.book.add(params, "Added by user.", this.#parts.clock.now());
    study.log.add("info", "runner", `Trial ${added.number} was added by the user.`, added.number);
    study.touch();
    runner.fill();
    return added.number;
  }

  async stopTrial(id: number, number: number): Promise<void> {
    const { study, runner } = this.get(id);
    await study.book.load();
    runner.live.stopTrial(number);
    runner.checkEnd();
  }

  /** @throws BasinError `wrong-state` unless the study is driven from outside */
  external(id: number): ExternalTrials {
    const { study, external } = this.get(id);
    if (study.requireDefinition().trainer.kind !== "none") {
      throw new BasinError(
        "wrong-state",
        `${study.title} has a trainer, so its trials are not asked for from outside.`,
        "Use `trainer: { kind: none }` for a study that is driven by ask and tell.",
      );
    }
    return external;
  }

  /** A client has left: its asked trials wait again. */
  leave(owner: unknown): void {
    for (const { external } of this.#open.values()) external.leave(owner);
  }

  /** Puts all running trials back and waits for their processes; studies stay `running` for the next engine. */
  async shutdown(reason: string): Promise<void> {
    const all = [...this.#open.values()];
    for (const { study, runner } of all) {
      try {
        runner.halt(undefined, "", reason);
        study.log.flush();
      } catch (error) {
        this.#parts.log.error("A study could not be put away", { study: study.id, error: String(error) });
      }
    }
    await Promise.all(all.map(({ runner }) => runner.live.drained()));
  }

  #requireFolder(study: Study): void {
    if (existsSync(study.folder)) return;
    throw new BasinError(
      "wrong-state",
      `The folder ${study.folder} of ${study.title} is not there.`,
      "Put it back, or start the study from where its file is now.",
    );
  }
}

/** A person's values with the rest drawn so that the constraints hold. @throws BasinError `invalid-params` */
function completed(definition: StudyDefinition, given: Params, rng: Rng): Params {
  const { space, constraints } = definition;
  try {
    return feasibleSampler(space, feasibilityOf(definition)).complete(given, rng);
  } catch (error) {
    if (!(error instanceof BasinError && error.code === "no-feasible-point")) throw error;
    const drawn = completeParams(space, given, rng);
    const violated = constraints.filter((text) => !feasibilityOf({ space, constraints: [text] })(drawn));
    const whole = Object.keys(drawn).every((name) => Object.hasOwn(given, name));
    throw new BasinError(
      "invalid-params",
      whole
        ? `The configuration violates ${violated.join(" and ")}.`
        : `No values for the other parameters were found that satisfy the constraints (${constraints.join("; ")}).`,
      "Constraints are those of the study file.",
      { cause: error },
    );
  }
}

function wrongState(study: Study, what: string, hint: string): BasinError {
  return new BasinError("wrong-state", `${study.title} is ${study.record.state} and cannot be ${what}.`, hint);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
