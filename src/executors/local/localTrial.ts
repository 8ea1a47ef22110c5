/**
 * One trainer process from spawn to the last of its descendants.
 * Invariant: `exit` is called exactly once, after every event, when no process of the trial is left; nothing the process
 * does (output, signals, forks, silence) throws or lets memory grow.
 */
import { isUtf8 } from "node:buffer";
import { spawn, type ChildProcess } from "node:child_process";
import path from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { errorText } from "../../core/errors.ts";
import { createMetricMatcher, type MetricMatcher } from "../../trainers/command/metricPatterns.ts";
import { createEventStream, createLogStream, type ByteSink } from "../../trainers/eventStream.ts";
import type { TrainerCommand, TrainerEvent } from "../../trainers/protocol.ts";
import type { RunningTrial, TrialCallbacks, TrialExit, TrialJob } from "../executor.ts";
import type { LaunchPlan } from "./launchPlan.ts";
import { LogFile } from "./logFile.ts";
import { startTimeOf } from "./procFolder.ts";
import { endProcesses, taskkill, trialFinder } from "./processTree.ts";

export interface LocalTrialOptions {
  readonly placement: string;
  /** Bytes of output after which the trial is ended. */
  readonly maxOutputBytes: number;
  /** Between SIGTERM and SIGKILL, in ms. */
  readonly termGraceMs: number;
  /** Descendants that are still there when the trainer has ended by itself get this long, in ms. */
  readonly strayGraceMs: number;
  /** Called when everything is over, before `exit`. */
  readonly released: () => void;
}

/** Longest wait without a byte for the output of a trainer whose processes are all gone, in ms. */
const drainMs = 2_000;

type Cause = Extract<TrialExit, { kind: "killed" }>["cause"];

export class LocalTrial implements RunningTrial {
  readonly pid: number | undefined;
  readonly placement: string;
  readonly finished: Promise<void>;

  readonly #job: TrialJob;
  readonly #plan: LaunchPlan;
  readonly #callbacks: TrialCallbacks;
  readonly #options: LocalTrialOptions;
  readonly #log: LogFile;
  readonly #matcher: MetricMatcher | undefined;
  readonly #child: ChildProcess | undefined;
  readonly #since: Promise<number | undefined>;
  readonly #timers = new Set<NodeJS.Timeout>();
  #streams: ByteSink[] = [];
  #finish: () => void = () => undefined;
  #over = false;
  #cause: Cause | undefined;
  #ending: Promise<void> | undefined;
  #lastActivity = performance.now();
  #outputBytes = 0;
  #held = false;
  #spoke = false;
  #closing = false;
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
    const { trainer } = job.study;
    if (trainer.kind === "command" && trainer.metrics.length > 0) {
      this.#matcher = createMetricMatcher(trainer.metrics, (message) => this.#warn(message));
    }
    this.#writeHeader();
    try {
      this.#child = spawn(plan.program, plan.args, {
        cwd: plan.cwd,
        env: plan.env,
        shell: plan.shell,
        // A group (and session) of its own, so that one signal reaches all of it; on Windows it would open a console.
        detached: process.platform !== "win32",
        windowsHide: true,
        stdio: ["pipe", "pipe", "pipe"],
      });
    } catch (error) {
      this.#since = Promise.resolve(undefined);
      queueMicrotask(() => void this.#conclude({ kind: "spawn-failed", message: this.#spawnMessage(error) }));
      return;
    }
    this.pid = this.#child.pid;
    this.#since = this.pid === undefined ? Promise.resolve(undefined) : startTimeOf(this.pid);
    this.#attach(this.#child);
    if (this.pid !== undefined) this.#watch();
  }

  send(command: TrainerCommand): void {
    if (command.type === "stop") this.#askedToStop = true;
    const stdin = this.#child?.stdin;
    // A trainer that never reads must not make this process hold its commands for ever.
    if (stdin === null || stdin === undefined || stdin.destroyed || stdin.writableLength > 65_536) return;
    stdin.write(`${JSON.stringify(command)}\n`);
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

  #attach(child: ChildProcess): void {
    const stdout = createEventStream({
      event: (event) => this.#onEvent(event),
      log: (lines) => this.#onLog(lines),
      warning: (message) => this.#warn(message),
    });
    const stderr = createLogStream({ log: (lines) => this.#onLog(lines) });
    this.#streams = [stdout, stderr];
    this.#pipe(child.stdout, stdout);
    this.#pipe(child.stderr, stderr);
    // EPIPE when the trainer has closed its standard input: it does not listen, which is its right.
    child.stdin?.on("error", () => undefined);
    child.once("error", (error) => {
      if (child.pid === undefined) void this.#conclude({ kind: "spawn-failed", message: this.#spawnMessage(error) });
    });
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.once("exit", (code, signal) => void this.#onExit(code, signal, closed));
  }

  #pipe(stream: Readable | null, sink: ByteSink): void {
    stream?.on("data", (chunk: Uint8Array) => {
      this.#lastActivity = performance.now();
      this.#outputBytes += chunk.length;
      sink.write(chunk);
      if (this.#outputBytes > this.#options.maxOutputBytes && this.#cause === undefined) {
        void this.#end("log-limit", this.#options.termGraceMs);
      }
    });
    stream?.on("error", () => undefined);
  }

  #watch(): void {
    const { timeout, heartbeat } = this.#job.study.limits;
    if (timeout !== undefined) this.#after(timeout * 1000, () => void this.#end("timeout", this.#options.termGraceMs));
    if (heartbeat === undefined) return;
    const check = (): void => {
      // While the log is behind, it is this process that is silent, not the trainer.
      if (this.#held) this.#lastActivity = performance.now();
      const left = this.#lastActivity + heartbeat * 1000 - performance.now();
      if (left > 0) this.#after(left, check);
      else void this.#end("heartbeat", this.#options.termGraceMs);
    };
    this.#after(heartbeat * 1000, check);
  }

  #after(ms: number, action: () => void): void {
    // Timers hold at most 2^31 - 1 ms; a longer limit is looked at again then.
    const longest = 2 ** 31 - 1;
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (this.#over || this.#closing) return;
        if (ms > longest) this.#after(ms - longest, action);
        else action();
      },
      Math.min(ms, longest),
    );
    this.#timers.add(timer);
  }

  /** Ends the whole tree; the first cause is the one that counts. Resolves when `exit` has been called. */
  #end(cause: Cause, graceMs: number): Promise<void> {
    // A process that has ended by itself was not killed, even if its descendants still are.
    if (!this.#closing) this.#cause ??= cause;
    if (graceMs === 0) void this.#killTree(0);
    else this.#ending ??= this.#killTree(graceMs);
    // A trainer that is stuck behind a full pipe could not act on SIGTERM.
    this.#hold(false);
    return this.finished;
  }

  async #killTree(graceMs: number): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    if (process.platform === "win32") return taskkill(pid);
    const since = await this.#since;
    const trial = { root: pid, marker: this.#plan.marker, ...(since === undefined ? {} : { since }) };
    const left = await endProcesses(trialFinder(trial), graceMs);
    if (left.length > 0) this.#warn(`Processes of this trial could not be ended: ${left.join(", ")}`);
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null, closed: Promise<void>): Promise<void> {
    this.#closing = true;
    // The rest of the tree has the grace that is running, if one is; a process can also fork between two looks.
    await this.#ending;
    // On Windows a parent that is gone cannot name its children any more.
    if (process.platform !== "win32") await this.#killTree(this.#cause === undefined ? this.#options.strayGraceMs : 0);
    await this.#drained(closed);
    if (this.#cause !== undefined) await this.#conclude({ kind: "killed", cause: this.#cause });
    else if (code !== null) await this.#conclude({ kind: "exited", code });
    else await this.#conclude({ kind: "signal", signal: signal ?? "unknown" });
  }

  /** Waits for the end of the output, but not for a pipe that a process we cannot see keeps open. */
  async #drained(closed: Promise<void>): Promise<void> {
    let open = true;
    const ended = async (): Promise<void> => {
      await closed;
      open = false;
    };
    void ended();
    this.#lastActivity = performance.now();
    for (;;) {
      await Promise.race([closed, delay(200)]);
      if (!open) return;
      if (!this.#held && performance.now() - this.#lastActivity > drainMs) {
        this.#warn("Output was still held open by a process outside the trial; it was cut off");
        this.#child?.stdout?.destroy();
        this.#child?.stderr?.destroy();
        return;
      }
    }
  }

  async #conclude(exit: TrialExit): Promise<void> {
    if (this.#over) return;
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const stream of this.#streams) stream.end();
    this.#child?.stdin?.destroy();
    this.#synthesiseDone(exit);
    await this.#log.close();
    if (this.#over) return;
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
    for (const stream of [this.#child?.stdout, this.#child?.stderr]) {
      if (held) stream?.pause();
      else stream?.resume();
    }
    if (!held) this.#lastActivity = performance.now();
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

  #spawnMessage(error: unknown): string {
    const { code } = error as NodeJS.ErrnoException;
    const { program } = this.#plan;
    if (code === "ENOENT") return `Program not found: ${program}. Check \`run\` in the study, or that it is on PATH.`;
    if (code === "EACCES") return `Program may not be executed: ${program}. Is it a file with the executable bit set?`;
    if (code === "E2BIG") return `The arguments or parameters are too long for ${program}.`;
    return `${program} could not be started: ${errorText(error)}`;
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
