/**
 * Sharpness and landscapes on demand: what was asked for, one computation after the other, each in a process of its own.
 * Invariant: equal questions about equal weights are one job with one result, which stays on disk; the engine's thread computes
 * nothing of it; when a study is deleted or the engine ends, no process of its jobs is left.
 */
import { createHash } from "node:crypto";
import path from "node:path";
import { dataFolderOf, trialFolderOf } from "../../client/workspaceFiles.ts";
import { BasinError, errorText } from "../../core/errors.ts";
import type { FlatnessRequest, FlatnessResult } from "../../core/flatness.ts";
import { rngFor } from "../../core/rng.ts";
import type { DiagnoseJob, DiagnoseOutcome, RunningDiagnosis } from "../../executors/executor.ts";
import type { FlatnessJob, FlatnessState } from "../../protocol/flatness.ts";
import { newestCheckpoint, type CheckpointIdentity } from "../../trainers/tfjs/training/checkpoint.ts";
import { errorDetails } from "../log.ts";
import type { EngineParts, Study } from "../study.ts";
import { keepFlatness, listedFlatness, readFlatness } from "./sharpnessFiles.ts";

interface Entry {
  readonly id: string;
  readonly studyId: number;
  readonly number: number;
  readonly request: FlatnessRequest;
  state: FlatnessState;
  progress: number;
  reason: string;
  at: number;
  /** What is to be computed; undefined for results of earlier engines. */
  readonly job?: DiagnoseJob;
  /** Resolves when the job has ended. */
  ended?: Promise<void>;
}

/** Between two changes of the revision for progress alone: clients then pull more than that. */
const tellEveryMs = 1_000;
/** Part of every id: results of another way to compute are others. */
const format = 1;

type Parts = Pick<EngineParts, "workspace" | "executor" | "clock" | "revisions" | "log">;

export class FlatnessJobs {
  readonly #parts: Parts;
  readonly #studyOf: (id: number) => Study;
  /** By study, then by id; loaded from disk with the first question about the study. */
  readonly #studies = new Map<number, Promise<Map<string, Entry>>>();
  readonly #queue: Entry[] = [];
  #current: { readonly entry: Entry; readonly running: RunningDiagnosis } | undefined;
  #told = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @param studyOf @throws BasinError `unknown-study` */
  constructor(parts: Parts, studyOf: (id: number) => Study) {
    this.#parts = parts;
    this.#studyOf = studyOf;
  }

  /** Jobs that are not over. */
  get busy(): number {
    return this.#queue.length + (this.#current === undefined ? 0 : 1);
  }

  /**
   * Asks for a computation, or finds it: waiting, running or done. One that has failed or was cancelled is tried again.
   * @throws BasinError `unknown-study`, `unknown-trial`, `wrong-state` when there is nothing to look at
   */
  async compute(studyId: number, number: number, request: FlatnessRequest): Promise<FlatnessJob> {
    const study = this.#studyOf(studyId);
    const checkpoint = await this.#checkpointOf(study, number);
    const other = request.kind === "path" ? await this.#checkpointOf(study, request.to) : undefined;
    const id = idOf(number, request, checkpoint, other);
    const entries = await this.#entries(studyId);
    const known = entries.get(id);
    if (known !== undefined && known.state !== "failed" && known.state !== "cancelled") {
      const gone = known.state === "done" && (await this.#read(known)) === undefined;
      if (!gone) return seen(known);
    }
    // Somebody else may have asked while the disk was.
    const again = entries.get(id);
    if (again !== undefined && again !== known) return seen(again);
    if (this.#closed) throw new BasinError("cancelled", "The engine is ending.");
    const entry: Entry = {
      id,
      studyId,
      number,
      request,
      state: "waiting",
      progress: 0,
      reason: "",
      at: this.#parts.clock.now(),
      job: this.#jobOf(study, number, request, checkpoint, other),
    };
    entries.set(id, entry);
    this.#queue.push(entry);
    this.#parts.revisions.touch(studyId);
    this.#next();
    return seen(entry);
  }

  /** All jobs of a study, oldest first. @throws BasinError `unknown-study` */
  async list(studyId: number): Promise<FlatnessJob[]> {
    this.#studyOf(studyId);
    const entries = await this.#entries(studyId);
    return [...entries.values()].map(seen).sort((a, b) => a.at - b.at);
  }

  /** @throws BasinError `invalid-argument`, `wrong-state` when there is no result */
  async result(studyId: number, id: string): Promise<FlatnessResult> {
    const entry = await this.#entry(studyId, id);
    const result = entry.state === "done" ? await this.#read(entry) : undefined;
    if (result !== undefined) return result;
    throw new BasinError(
      "wrong-state",
      entry.state === "failed" ? entry.reason : `This computation is ${entry.state === "done" ? "gone" : entry.state}.`,
      entry.state === "waiting" || entry.state === "running" ? "Wait until it is done." : "Ask for it again.",
    );
  }

  /** Ends a job; one that is over stays as it is. @throws BasinError `invalid-argument` */
  async cancel(studyId: number, id: string): Promise<void> {
    await this.#cancel(await this.#entry(studyId, id));
  }

  /** Ends all jobs of a study that is being deleted and forgets them. */
  async drop(studyId: number): Promise<void> {
    // Those that wait first: the end of one that runs would start the next.
    const waiting = this.#queue.filter((entry) => entry.studyId === studyId);
    for (const entry of waiting) await this.#cancel(entry);
    if (this.#current?.entry.studyId === studyId) await this.#cancel(this.#current.entry);
    this.#studies.delete(studyId);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const entry of this.#queue.splice(0)) this.#end(entry, "cancelled");
    if (this.#current !== undefined) await this.#cancel(this.#current.entry);
  }

  #entries(studyId: number): Promise<Map<string, Entry>> {
    let entries = this.#studies.get(studyId);
    if (entries === undefined) {
      entries = listedFlatness(this.#parts.workspace, studyId).then(
        (kept) =>
          new Map(
            kept.map((one): [string, Entry] => [one.id, { ...one, studyId, state: "done", progress: 1, reason: "" }]),
          ),
      );
      this.#studies.set(studyId, entries);
    }
    return entries;
  }

  async #entry(studyId: number, id: string): Promise<Entry> {
    this.#studyOf(studyId);
    const entry = (await this.#entries(studyId)).get(id);
    if (entry === undefined) throw new BasinError("invalid-argument", `The study has no computation ${id}.`);
    return entry;
  }

  #read({ studyId, number, id }: Entry): Promise<FlatnessResult | undefined> {
    return readFlatness(this.#parts.workspace, studyId, number, id);
  }

  async #checkpointOf(study: Study, number: number): Promise<CheckpointIdentity> {
    const { trainer } = study.requireDefinition();
    if (trainer.kind !== "tfjs")
      throw new BasinError(
        "wrong-state",
        `${study.title} has no built-in trainer, whose checkpoints Basin can read.`,
        "A PyTorch script measures itself: basin.torch.sharpness and its landscapes.",
      );
    if (study.parts.store.trial(study.id, number) === undefined)
      throw new BasinError("unknown-trial", `${study.title} has no trial ${number}.`);
    const folder = path.join(trialFolderOf(this.#parts.workspace, study.id, number), "checkpoints");
    const found = await newestCheckpoint(folder);
    if (found === undefined)
      throw new BasinError(
        "wrong-state",
        `Trial ${number} of ${study.title} has no checkpoint.`,
        "There is one when it is complete, and of a longer trial while it runs.",
      );
    return found;
  }

  #jobOf(
    study: Study,
    number: number,
    request: FlatnessRequest,
    checkpoint: CheckpointIdentity,
    other: CheckpointIdentity | undefined,
  ): DiagnoseJob {
    const definition = study.requireDefinition();
    const trial = study.parts.store.trial(study.id, number);
    if (trial === undefined) throw new BasinError("unknown-trial", `${study.title} has no trial ${number}.`);
    const { workspace } = this.#parts;
    return {
      studyId: study.id,
      study: definition,
      studyFolder: study.folder,
      number,
      params: trial.params,
      seed: rngFor(definition.seed, number, "train").int(2 ** 31),
      trialFolder: trialFolderOf(workspace, study.id, number),
      cacheFolder: dataFolderOf(workspace),
      order: {
        request,
        weights: checkpoint.file,
        ...(other === undefined ? {} : { otherWeights: other.file }),
      },
    };
  }

  /** Starts the next job when none runs. */
  #next(): void {
    if (this.#closed || this.#current !== undefined) return;
    const entry = this.#queue.shift();
    if (entry?.job === undefined) return;
    const { executor } = this.#parts;
    let finished = (): void => undefined;
    entry.ended = new Promise((resolve) => {
      finished = resolve;
    });
    try {
      if (executor.diagnose === undefined)
        throw new BasinError("wrong-state", "Trials of this engine run where their weights cannot be looked at.");
      entry.state = "running";
      const running = executor.diagnose(entry.job, {
        progress: (fraction) => this.#progress(entry, fraction),
        ended: (outcome) => {
          this.#ended(entry, outcome)
            .catch((error: unknown) => this.#parts.log.error("A computation could not end", errorDetails(error)))
            .finally(finished)
            .catch(() => undefined);
        },
      });
      this.#current = { entry, running };
      this.#parts.revisions.touch(entry.studyId);
    } catch (error) {
      this.#end(entry, "failed", errorText(error));
      finished();
      this.#next();
    }
  }

  #progress(entry: Entry, fraction: number): void {
    entry.progress = fraction;
    const now = this.#parts.clock.now();
    if (now - this.#told < tellEveryMs) return;
    this.#told = now;
    this.#parts.revisions.touch(entry.studyId);
  }

  async #ended(entry: Entry, outcome: DiagnoseOutcome): Promise<void> {
    try {
      if (outcome.kind === "done") {
        const { id, number, request, studyId } = entry;
        const at = this.#parts.clock.now();
        await keepFlatness(this.#parts.workspace, studyId, { id, number, request, at }, outcome.result);
        this.#end(entry, "done");
      } else if (outcome.kind === "failed") this.#end(entry, "failed", outcome.reason);
      else this.#end(entry, "cancelled");
    } catch (error) {
      this.#end(entry, "failed", `The result could not be kept: ${errorText(error)}`);
    } finally {
      this.#current = undefined;
      this.#next();
    }
  }

  #end(entry: Entry, state: FlatnessState, reason = ""): void {
    entry.state = state;
    entry.reason = reason;
    entry.at = this.#parts.clock.now();
    if (state === "done") entry.progress = 1;
    this.#parts.revisions.touch(entry.studyId);
  }

  async #cancel(entry: Entry): Promise<void> {
    const waiting = this.#queue.indexOf(entry);
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1);
      this.#end(entry, "cancelled");
    } else if (this.#current?.entry === entry) {
      await this.#current.running.cancel();
      await entry.ended;
    }
  }
}

function seen({ id, number, request, state, progress, reason, at }: Entry): FlatnessJob {
  return { id, number, request, state, progress, reason, at };
}

function idOf(
  number: number,
  request: FlatnessRequest,
  checkpoint: CheckpointIdentity,
  other: CheckpointIdentity | undefined,
): string {
  const text = JSON.stringify([format, number, request, checkpoint.digest, other?.digest ?? ""]);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
