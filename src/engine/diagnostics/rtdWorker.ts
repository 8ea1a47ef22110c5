/**
 * The engine's end of one thread of topology.
 * Invariant: one request at a time; whatever ends the thread rejects the request in it with `RtdThreadLost`, and the next
 * request starts a new one.
 */
import { Worker } from "node:worker_threads";
import { errorText } from "../../core/errors.ts";
import { errorOf } from "../sampling/messages.ts";
import type { FromRtdThread, RtdAnswers, RtdRequest, RtdThreadData } from "./rtdMessages.ts";

/** The thread is gone. */
export class RtdThreadLost extends Error {}

interface Asked {
  readonly id: number;
  readonly resolve: (answer: RtdAnswers[keyof RtdAnswers]) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((share: number) => void) | undefined;
}

export class RtdWorker {
  readonly #file: string;
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | undefined;
  #asked: Asked | undefined;
  #ids = 0;

  /** @param file the program of the thread; see `rtdThreadFile` */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * The answer to a request.
   * @param options.signal breaks the computation off within a few milliseconds; a preparation is made to its end
   * @throws BasinError of the computation; `RtdThreadLost`
   */
  async ask<T extends RtdRequest>(
    request: T,
    options: {
      readonly signal?: AbortSignal | undefined;
      readonly onProgress?: ((share: number) => void) | undefined;
    } = {},
  ): Promise<RtdAnswers[T["type"]]> {
    const { signal, onProgress } = options;
    this.#start();
    const id = ++this.#ids;
    const breakOff = (): void => void Atomics.store(this.#cancelled, 0, id);
    signal?.addEventListener("abort", breakOff);
    try {
      return await new Promise((resolve, reject) => {
        this.#asked = { id, resolve: resolve as Asked["resolve"], reject, onProgress };
        this.#worker?.postMessage({ id, ...request });
      });
    } finally {
      signal?.removeEventListener("abort", breakOff);
      this.#asked = undefined;
    }
  }

  /** Ends the thread at once. Resolves when it is gone; never rejects. */
  async end(): Promise<void> {
    const worker = this.#worker;
    this.#lose(worker, "it was ended");
    await worker?.terminate().catch(() => undefined);
  }

  #start(): void {
    if (this.#worker !== undefined) return;
    const workerData: RtdThreadData = { cancelled: this.#cancelled };
    // What the engine itself was started with (a debugger's port, loaders of a test runner) is not for the thread.
    const worker = new Worker(this.#file, { execArgv: [], name: "topology", workerData });
    this.#worker = worker;
    worker.on("message", (message: FromRtdThread) => this.#hear(worker, message));
    worker.on("messageerror", (error) => this.#lose(worker, errorText(error)));
    worker.on("error", (error) => this.#lose(worker, errorText(error)));
    worker.on("exit", (code) => this.#lose(worker, `its thread ended with code ${code}`));
  }

  #hear(worker: Worker, message: FromRtdThread): void {
    const asked = this.#asked;
    if (this.#worker !== worker || asked?.id !== message.id) return;
    if ("share" in message) asked.onProgress?.(message.share);
    else if ("error" in message) asked.reject(errorOf(message.error));
    else asked.resolve(message.answer);
  }

  #lose(worker: Worker | undefined, why: string): void {
    if (worker === undefined || this.#worker !== worker) return;
    this.#worker = undefined;
    this.#asked?.reject(new RtdThreadLost(why));
  }
}
