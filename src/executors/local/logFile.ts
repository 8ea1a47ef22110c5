/**
 * The log of a trial: trainer.log with a first part, a last part, and a line that says how much was dropped between them.
 * Invariant: memory is bounded by the caller heeding `write`'s answer; the disk use of one attempt by head + tail; nothing
 * ever throws: a disk that refuses turns the log off with one warning.
 *
 * The head goes straight into the file. What follows goes into two part files in turn, the older one overwritten, and
 * `close` joins them to the head; should the engine be killed before that, the part files still hold the last output.
 */
import { open, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { errorText } from "../../core/errors.ts";

export interface LogFileOptions {
  readonly headBytes?: number;
  readonly tailBytes?: number;
  /** An older log at least this long is moved to `<path>.previous` first. */
  readonly rotateBytes?: number;
  /** Called when `write` may go on after it answered false. */
  drained(): void;
  warning(message: string): void;
}

const highWater = 1024 * 1024;
const lowWater = 256 * 1024;

export class LogFile {
  readonly #path: string;
  readonly #options: LogFileOptions;
  readonly #headBytes: number;
  readonly #partBytes: number;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #blocked = false;
  #draining = false;
  #closed = false;
  #working: Promise<void> | undefined;
  #failed = false;
  #head: FileHandle | undefined;
  #headLength = 0;
  #part: FileHandle | undefined;
  #partLength = 0;
  #partIndex: 0 | 1 = 0;
  #partsUsed = 0;
  #tailTotal = 0;

  constructor(path: string, options: LogFileOptions) {
    this.#path = path;
    this.#options = options;
    this.#headBytes = options.headBytes ?? 10 * 1024 * 1024;
    this.#partBytes = Math.ceil((options.tailBytes ?? 10 * 1024 * 1024) / 2);
  }

  /** Takes over `bytes`. False: hold back further output until `drained`. */
  write(bytes: Uint8Array): boolean {
    if (this.#failed || this.#closed || bytes.length === 0) return true;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#queued > highWater) this.#blocked = true;
    this.#work();
    return !this.#blocked;
  }

  /** Resolves when everything is in the file. What is written later is dropped. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#working;
    try {
      await this.#joinParts();
    } catch (error) {
      this.#giveUp(error);
    }
    await this.#head?.close().catch(() => undefined);
    await this.#part?.close().catch(() => undefined);
    this.#head = undefined;
    this.#part = undefined;
  }

  #work(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#working = this.#drain();
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const chunk = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue);
      this.#queue = [];
      try {
        if (!this.#failed) await this.#store(chunk);
      } catch (error) {
        this.#giveUp(error);
      }
      this.#queued -= chunk.length;
      if (this.#blocked && this.#queued <= lowWater) {
        this.#blocked = false;
        this.#options.drained();
      }
    }
    // In the same turn as the last look at the queue, so that no chunk is left without a worker.
    this.#draining = false;
  }

  #giveUp(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#options.warning(`The log of the trial could not be written: ${errorText(error)}`);
  }

  async #store(chunk: Uint8Array): Promise<void> {
    this.#head ??= await this.#openHead();
    const forHead = chunk.subarray(0, Math.max(0, this.#headBytes - this.#headLength));
    if (forHead.length > 0) {
      await writeAll(this.#head, forHead);
      this.#headLength += forHead.length;
    }
    let rest = chunk.subarray(forHead.length);
    while (rest.length > 0) {
      if (this.#part === undefined || this.#partLength >= this.#partBytes) {
        await this.#part?.close();
        this.#part = undefined;
        if (this.#partsUsed > 0) this.#partIndex = this.#partIndex === 0 ? 1 : 0;
        this.#part = await open(this.#partPath(this.#partIndex), "w");
        this.#partsUsed += 1;
        this.#partLength = 0;
      }
      const piece = rest.subarray(0, this.#partBytes - this.#partLength);
      await writeAll(this.#part, piece);
      this.#partLength += piece.length;
      this.#tailTotal += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  async #openHead(): Promise<FileHandle> {
    const size = await stat(this.#path).then(
      (found) => found.size,
      () => 0,
    );
    if (size >= (this.#options.rotateBytes ?? 20 * 1024 * 1024)) await rename(this.#path, `${this.#path}.previous`);
    return open(this.#path, "a");
  }

  async #joinParts(): Promise<void> {
    if (this.#head === undefined || this.#partsUsed === 0) return;
    const older =
      this.#partsUsed > 1 ? await readFile(this.#partPath(this.#partIndex === 0 ? 1 : 0)) : new Uint8Array(0);
    const newer = await readFile(this.#partPath(this.#partIndex));
    const dropped = this.#tailTotal - older.length - newer.length;
    if (dropped > 0) {
      const note = `\n[basin: ${(dropped / 1e6).toFixed(1)} MB of output dropped here: the log keeps the first and the last part]\n`;
      await writeAll(this.#head, Buffer.from(note));
    }
    await writeAll(this.#head, older);
    await writeAll(this.#head, newer);
    await rm(this.#partPath(0), { force: true });
    await rm(this.#partPath(1), { force: true });
  }

  #partPath(index: 0 | 1): string {
    return `${this.#path}.part${index}`;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await file.write(bytes, at)).bytesWritten;
}
