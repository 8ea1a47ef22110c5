/**
 * Gives a trial that takes another one's place the checkpoint of the trial it copies.
 * Invariant: the child's checkpoint folder is whole or as it was: the copy is made beside it and renamed; only then the store
 * says what the child begins with, so a copy that was interrupted is made again.
 */
import { existsSync } from "node:fs";
import { copyFile, cp, link, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { checkpointFolderOf, trialFolderOf } from "../client/workspaceFiles.ts";
import { errorText } from "../core/errors.ts";
import { copiedCheckpointName } from "../trainers/tfjs/training/checkpoint.ts";
import type { Study } from "./study.ts";
import type { BookTrial } from "./trialBook.ts";
import type { TrialRun } from "./trialRun.ts";

/** The parent may write a newer checkpoint, and remove this one, while it is being copied. */
const maxTries = 5;
/** Where the Python SDK notes its newest checkpoint. */
const pointerName = "latest.json";

export class CheckpointCopies {
  readonly #study: Study;
  readonly #runOf: (number: number) => TrialRun | undefined;
  readonly #copies = new Map<number, Promise<void>>();
  readonly #ready = new Set<number>();

  /** @param runOf the attempt of a trial that is under way */
  constructor(study: Study, runOf: (number: number) => TrialRun | undefined) {
    this.#study = study;
    this.#runOf = runOf;
  }

  /** Whether a waiting trial may start now as far as its parent's checkpoint is concerned. */
  isReady(trial: BookTrial): boolean {
    return (
      trial.parent === undefined ||
      trial.attempt > 0 ||
      trial.checkpointStep !== undefined ||
      // Whoever drives trials from outside copies the weights, too.
      this.#study.definition?.trainer.kind === "none" ||
      this.#ready.has(trial.number)
    );
  }

  /** Whether the parent is about to write the checkpoint that is waited for. */
  waitsForParent({ parent }: BookTrial): boolean {
    const run = parent === undefined ? undefined : this.#runOf(parent.number);
    return run?.pause !== undefined && !run.settled;
  }

  /** Makes the copy unless it is there, or being made. Never rejects: without a checkpoint the child begins anew. */
  ensure(trial: BookTrial): Promise<void> {
    let copy = this.#copies.get(trial.number);
    if (copy === undefined) {
      copy = this.#ensure(trial).finally(() => this.#copies.delete(trial.number));
      this.#copies.set(trial.number, copy);
    }
    return copy;
  }

  async #ensure(trial: BookTrial): Promise<void> {
    const { parent, number } = trial;
    if (parent === undefined || this.isReady(trial)) return;
    if (this.waitsForParent(trial)) await this.#runOf(parent.number)?.settlement;
    const { book, log } = this.#study;
    let problem = "";
    let copied: { step: number; path: string } | undefined;
    for (let tries = 0; tries < maxTries && copied === undefined; tries++) {
      try {
        copied = await this.#copy(parent.number, number);
        problem = `Trial ${parent.number} has no checkpoint`;
        if (copied === undefined) break;
      } catch (error) {
        problem = `The checkpoint of trial ${parent.number} could not be copied (${errorText(error)})`;
      }
    }
    if (book.trial(number)?.state !== "waiting") return;
    book.adopt(number, copied);
    this.#ready.add(number);
    if (copied === undefined) log.add("warning", "runner", `${problem}, so trial ${number} begins anew.`, number);
  }

  /** @throws Error of the file system, or when the file changed meanwhile */
  async #copy(from: number, to: number): Promise<{ step: number; path: string } | undefined> {
    const { parts, id, definition } = this.#study;
    const source = parts.store.trial(id, from)?.checkpoint;
    if (source === undefined) return undefined;
    const folder = checkpointFolderOf(parts.workspace, id, to);
    const aside = path.join(trialFolderOf(parts.workspace, id, to), "checkpoints.copy");
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    const own = definition?.trainer.kind === "tfjs";
    const name = own ? copiedCheckpointName : path.basename(source.path);
    const target = path.join(aside, name);
    const before = await stat(source.path);
    // The built-in trainer never writes into a finished checkpoint, so both trials may hold the same file.
    if (own) await link(source.path, target).catch(() => copyFile(source.path, target));
    else await cp(source.path, target, { recursive: true });
    const after = await stat(source.path);
    if (before.mtimeMs !== after.mtimeMs || before.size !== after.size) throw new Error("it was being written");
    if (existsSync(path.join(path.dirname(source.path), pointerName))) {
      const pointer = { step: source.step, path: path.join(folder, name), reports: [] };
      await writeFile(path.join(aside, pointerName), JSON.stringify(pointer));
    }
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
    return { step: source.step, path: path.join(folder, name) };
  }
}
