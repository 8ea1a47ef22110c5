/**
 * The engine's end of a heavy sampler: a worker thread that holds a copy of the history and computes the suggestions.
 * Invariant: only trials that are new cross, and paused ones that have changed; a thread that is lost is started again with the whole history, and what it
 * answers is the same; a thread lost twice over one trial is given up.
 */
import { Worker } from "node:worker_threads";
import { BasinError, errorText } from "../../core/errors.ts";
import { formatDuration } from "../../core/format.ts";
import type { StudyDefinition } from "../../core/study/definition.ts";
import type { Suggestion } from "../../samplers/sampler.ts";
import { breathe, type Clock } from "../clock.ts";
import { errorOf, finishedData, type FromThread, pendingData, type ToThread } from "./messages.ts";
import { PausedSaid } from "./pausedSaid.ts";
import type { StudyRequest, StudySampler } from "./studySampler.ts";

/** For one suggestion; the slowest method needs seconds at its largest history. */
const patienceMs = 10 * 60_000;
/** Trials in one message: copying them keeps the engine from its other work. */
const trialsAtOnce = 500;

export interface ThreadSamplerOptions {
  readonly definition: StudyDefinition;
  /** The program of the thread; see `samplerThreadFile`. */
  readonly file: string;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

/** The thread is gone, or as good as gone. */
class ThreadLost extends Error {}

interface Snapshot extends StudyRequest {
  /** Trials of the history that count. */
  readonly count: number;
}

interface Asked {
  readonly id: number;
  readonly resolve: (suggestion: Suggestion) => void;
  readonly reject: (error: unknown) => void;
}

export class ThreadSampler implements StudySampler {
  readonly #options: ThreadSamplerOptions;
  #definition: StudyDefinition;
  #worker: Worker | undefined;
  /** Trials the thread knows. */
  #said = 0;
  readonly #pausedSaid = new PausedSaid();
  #asked: Asked | undefined;
  #ids = 0;
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ThreadSamplerOptions) {
    this.#options = options;
    this.#definition = options.definition;
  }

  suggest(asked: StudyRequest): Promise<Suggestion> {
    // What is asked is what is so now, however long the thread takes to hear all of it.
    const request: Snapshot = { ...asked, count: asked.history.length, pending: asked.pending.map(pendingData) };
    const turn = this.#turn.then(() => this.#suggest(request));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #suggest(request: Snapshot): Promise<Suggestion> {
    const { kind } = this.#definition.sampler;
    for (let losses = 0; ; losses++) {
      if (this.#ended) throw new BasinError("cancelled", "The study does not run any more.");
      try {
        return await this.#ask(request);
      } catch (error) {
        if (!(error instanceof ThreadLost)) throw error;
        if (losses > 0) {
          throw new BasinError(
            "internal",
            `The sampler ${kind} failed twice at trial ${request.number}: ${error.message}.`,
            "Resume the study to try once more, or choose another sampler.",
            { cause: error },
          );
        }
        this.#options.warn(`The sampler ${kind} is started again: ${error.message}.`);
      }
    }
  }

  async #ask({ history, count, pending, ...asked }: Snapshot): Promise<Suggestion> {
    const worker = this.#start();
    const lost = (): boolean => this.#worker !== worker;
    if (this.#said > count) throw new RangeError("the history of a running study has become shorter");
    const id = ++this.#ids;
    const answer = new Promise<Suggestion>((resolve, reject) => {
      this.#asked = { id, resolve, reject };
    });
    // It may be lost before anybody waits for it.
    answer.catch(() => undefined);
    while (this.#said < count && !lost()) {
      const trials = history.slice(this.#said, Math.min(count, this.#said + trialsAtOnce)).map(finishedData);
      this.#post({ type: "finished", trials });
      this.#said += trials.length;
      if (this.#said < count) await breathe();
    }
    if (!lost()) {
      const { trials, gone, others } = this.#pausedSaid.changes(pending);
      for (let from = 0; from === 0 || (from < trials.length && !lost()); from += trialsAtOnce) {
        if (from > 0) await breathe();
        this.#post({ type: "paused", trials: trials.slice(from, from + trialsAtOnce), gone: from === 0 ? gone : [] });
      }
      if (!lost()) this.#post({ type: "suggest", id, ...asked, pending: others });
    }
    const cancel = this.#options.clock.after(patienceMs, () =>
      this.#lose(worker, `it gave no answer within ${formatDuration(patienceMs)}`),
    );
    try {
      return await answer;
    } finally {
      cancel();
      this.#asked = undefined;
    }
  }

  update(definition: StudyDefinition): void {
    this.#definition = definition;
    if (this.#worker !== undefined) this.#post({ type: "study", definition });
  }

  end(): Promise<void> {
    this.#ended = true;
    const asked = this.#asked;
    const gone = this.#drop();
    asked?.reject(new BasinError("cancelled", "The study does not run any more."));
    return gone;
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    // What the engine itself was started with (a debugger's port, loaders of a test runner) is not for the thread.
    const worker = new Worker(this.#options.file, { execArgv: [], name: "sampler" });
    this.#worker = worker;
    this.#said = 0;
    this.#pausedSaid.clear();
    worker.on("message", (message: FromThread) => {
      const asked = this.#asked;
      if (this.#worker !== worker || asked?.id !== message.id) return;
      if ("error" in message) asked.reject(errorOf(message.error));
      else asked.resolve(message.suggestion);
    });
    worker.on("messageerror", (error) => this.#lose(worker, errorText(error)));
    worker.on("error", (error) => this.#lose(worker, lossText(error)));
    worker.on("exit", (code) => this.#lose(worker, `its thread ended with code ${code}`));
    this.#post({ type: "study", definition: this.#definition });
    return worker;
  }

  #post(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  #lose(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    const asked = this.#asked;
    void this.#drop();
    asked?.reject(new ThreadLost(why));
  }

  /** Forgets the thread and stops it, also in the middle of a computation. Resolves when it is gone; never rejects. */
  async #drop(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate().catch(() => undefined);
  }
}

function lossText(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ERR_WORKER_OUT_OF_MEMORY" ? "it ran out of memory" : errorText(error);
}
