/**
 * One trial from its start to its exit: its log, its limits and what its trainer says, whatever carries it.
 * Invariant: `exit` is called exactly once, after every event, when nothing of the trial can write any more; nothing the
 * trainer does (output, signals, forks, silence) throws or lets memory grow.
 */
import { isUtf8 } from "node:buffer";
import path from "node:path";
import { createMetricMatcher, type MetricMatcher } from "../../trainers/command/metricPatterns.ts";
import type { TrainerCommand, TrainerEvent } from "../../trainers/protocol.ts";
import type { RunningTrial, TrialCallbacks, TrialExit, TrialJob } from "../executor.ts";
import type { Carrier, Passenger } from "./carrier.ts";
import type { LaunchPlan } from "./launchPlan.ts";
import { LogFile } from "./logFile.ts";
import { createSilenceLimit, type SilenceLimit } from "./silenceLimit.ts";
import type { ProcessEnd } from "./trainerProcess.ts";

export interface LocalTrialOptions {
  readonly placement: string;
  /** Bytes of output after which the trial is ended. */
  readonly maxOutputBytes: number;
  /** Between SIGTERM and SIGKILL, in ms. */
  readonly termGraceMs: number;
  /** Starts what carries the trial; the passenger is called later, never meanwhile. */
  readonly board: (passenger: Passenger) => Carrier;
  /** Called when everything is over, before `exit`. */
  readonly released: () => void;
}

type Cause = Extract<TrialExit, { kind: "killed" }>["cause"];

export class LocalTrial implements RunningTrial {
  readonly placement: string;
  readonly finished: Promise<void>;

  readonly #job: TrialJob;
  readonly #plan: LaunchPlan;
  readonly #callbacks: TrialCallbacks;
  readonly #options: LocalTrialOptions;
  readonly #log: LogFile;
  readonly #matcher: MetricMatcher | undefined;
  readonly #carrier: Carrier;
  readonly #silence: SilenceLimit | undefined;
  readonly #timers = new Set<NodeJS.Timeout>();
  #finish: () => void = () => undefined;
  #over = false;
  #closing = false;
  #cause: { readonly cause: Cause; readonly detail?: string } | undefined;
  #outputBytes = 0;
  #held = false;
  #spoke = false;
  #final: "done" | "failed" | undefined;
  #lastMetrics: Record<string, number> = {};
  #lastStep = 0;
  #askedToStop = false;

  constructor(job: TrialJob, plan: LaunchPlan, callbacks: TrialCallbacks, options: LocalTrialOptions) {
    this.#job = job;
    this.#plan = plan;
    this.#callbacks = callbacks;
    this.#options = options;
    this.placement = options.placement;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    this.#log = new LogFile(path.join(job.trialFolder, "trainer.log"), {
      drained: () => this.#hold(false),
      warning: (message) => this.#warn(message),
    });
    const { trainer, limits } = job.study;
    if (trainer.kind === "command" && trainer.metrics.length > 0) {
      this.#matcher = createMetricMatcher(trainer.metrics, (message) => this.#warn(message));
    }
    this.#silence = createSilenceLimit(limits.heartbeat, trainer.kind === "tfjs", performance.now());
    this.#writeHeader();
    this.#carrier = options.board({
      bytes: (count) => this.#onBytes(count),
      event: (event) => this.#onEvent(event),
      log: (lines) => this.#onLog(lines),
      warning: (message) => this.#warn(message),
      ended: (end) => void this.#onEnded(end),
    });
    this.#watch();
  }

  /** Leader of the process group that runs it now. */
  get pid(): number | undefined {
    return this.#carrier.pid;
  }

  send(command: TrainerCommand): void {
    if (command.type === "stop") this.#askedToStop = true;
    this.#carrier.send(command);
  }

  async stop(graceMs: number): Promise<void> {
    if (this.#over) return;
    this.send({ type: "stop", reason: "requested" });
    // A program that is read by patterns and never spoke the protocol does not read commands: waiting would be in vain.
    const deaf = this.#matcher !== undefined && !this.#spoke;
    if (!deaf && graceMs > 0) await this.#finishedWithin(graceMs);
    if (!this.#over) await this.#end("requested", this.#options.termGraceMs);
  }

  async kill(): Promise<void> {
    if (!this.#over) await this.#end("requested", 0);
  }

  /** Ends it, since the machine is about to run out of memory. `detail` for people. */
  endForMemory(detail: string): void {
    void this.#end("memory", this.#options.termGraceMs, detail);
  }

  #onBytes(count: number): void {
    this.#silence?.sign(performance.now());
    this.#outputBytes += count;
    if (this.#outputBytes > this.#options.maxOutputBytes && this.#cause === undefined) {
      void this.#end("log-limit", this.#options.termGraceMs);
    }
  }

  #watch(): void {
    const { timeout } = this.#job.study.limits;
    if (timeout !== undefined) this.#after(timeout * 1000, () => void this.#end("timeout", this.#options.termGraceMs));
    const silence = this.#silence;
    if (silence === undefined) return;
    const check = (): void => {
      const now = performance.now();
      // While the log is behind, it is this process that is silent, not the trainer.
      if (this.#held) silence.sign(now);
      const left = silence.left(now);
      if (left > 0) this.#after(left, check);
      else void this.#end("heartbeat", this.#options.termGraceMs, silence.detail());
    };
    this.#after(silence.left(performance.now()), check);
  }

  #after(ms: number, action: () => void): void {
    // Timers hold at most 2^31 - 1 ms; a longer limit is looked at again then.
    const longest = 2 ** 31 - 1;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (this.#closing || this.#carrier.leaving) return;
        if (ms > longest) this.#after(ms - longest, action);
        else action();
      },
      Math.min(ms, longest),
    );
    this.#timers.add(timer);
  }

  /** Ends the whole tree; the first cause is the one that counts. Resolves when `exit` has been called. */
  #end(cause: Cause, graceMs: number, detail?: string): Promise<void> {
    // A process that has ended by itself was not killed, even if its descendants still are.
    if (!this.#closing && !this.#carrier.leaving) {
      this.#cause ??= { cause, ...(detail === undefined ? {} : { detail }) };
    }
    this.#carrier.end(graceMs);
    return this.finished;
  }

  #onEnded(end: ProcessEnd): Promise<void> {
    return this.#conclude(
      this.#cause === undefined || end.kind === "spawn-failed" ? end : { kind: "killed", ...this.#cause },
    );
  }

  async #conclude(exit: TrialExit): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#synthesiseDone(exit);
    await this.#log.close();
    this.#over = true;
    this.#options.released();
    this.#callbacks.exit(exit);
    this.#finish();
  }

  /**
   * A program says by its exit code 0 that its last metrics are the final ones, unless it has ended early because it was
   * asked to or was at its rung.
   */
  #synthesiseDone(exit: TrialExit): void {
    if (exit.kind !== "exited" || exit.code !== 0 || this.#final !== undefined) return;
    const { study, untilStep } = this.#job;
    if (study.trainer.kind !== "command" || this.#askedToStop) return;
    if (untilStep !== undefined && this.#lastStep >= untilStep) return;
    // A later attempt may have found nothing left to do: then the earlier ones' reports hold.
    if (Object.keys(this.#lastMetrics).length > 0 || (this.#job.attempt > 1 && this.#spoke)) {
      this.#callbacks.event({ type: "done", metrics: this.#lastMetrics });
    } else if (this.#matcher !== undefined) {
      this.#warn("No line of the output matched a metric's pattern");
    }
  }

  #onEvent(event: TrainerEvent): void {
    this.#spoke = true;
    if (event.type === "done" || event.type === "failed") this.#final = event.type;
    if (event.type === "report") this.#noteMetrics(event.step, event.metrics);
    this.#callbacks.event(event);
  }

  #noteMetrics(step: number, metrics: Readonly<Record<string, number>>): void {
    this.#lastStep = Math.max(this.#lastStep, step);
    this.#lastMetrics = { ...this.#lastMetrics, ...metrics };
  }

  #onLog(lines: Uint8Array): void {
    if (this.#matcher !== undefined) {
      const text = new TextDecoder().decode(lines);
      for (const { step, metrics } of this.#matcher.match(text)) {
        this.#noteMetrics(step, metrics);
        this.#callbacks.event({ type: "report", step, metrics: { ...metrics } });
      }
    }
    if (!this.#log.write(readable(lines))) this.#hold(true);
  }

  /** Stops or goes on reading the trainer's output: back-pressure from the disk to the program. */
  #hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    this.#carrier.hold(held);
    if (!held) this.#silence?.sign(performance.now());
  }

  #warn(message: string): void {
    this.#log.write(Buffer.from(`[basin: ${message}]\n`));
    this.#callbacks.warning(message);
  }

  #writeHeader(): void {
    const { number, attempt, params } = this.#job;
    const words = [this.#plan.program, ...this.#plan.args].map((word) =>
      /^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word),
    );
    const lines = [
      `trial ${number}, attempt ${attempt}, ${this.placement}: ${JSON.stringify(params)}`,
      `${this.#plan.shell ? this.#plan.program : words.join(" ")} (in ${this.#plan.cwd})`,
      ...this.#plan.notes,
    ];
    this.#log.write(Buffer.from(lines.map((line) => `[basin: ${line}]\n`).join("")));
  }

  async #finishedWithin(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.finished, late]);
    clearTimeout(timer);
  }
}

/** Binary output as text that an editor opens: what is no UTF-8, and NUL, become the replacement character. */
function readable(lines: Uint8Array): Uint8Array {
  if (!lines.includes(0) && isUtf8(lines)) return lines;
  return Buffer.from(new TextDecoder().decode(lines).replaceAll("\0", "\uFFFD"));
}
