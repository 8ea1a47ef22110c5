/**
 * One process of trainers, from spawn to the last of its descendants, whatever trials it carries.
 * Invariant: `ended` is called exactly once, after all output, when no process of the tree is left; nothing the process does
 * (output, signals, forks, silence) throws or lets memory grow.
 */
import { spawn, type ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { errorText } from "../../core/errors.ts";
import type { LaunchPlan } from "./launchPlan.ts";
import { startTimeOf } from "./procFolder.ts";
import { endProcesses, taskkill, trialFinder } from "./processTree.ts";

export type ProcessEnd =
  /** By itself. */
  | { readonly kind: "exited"; readonly code: number }
  /** By a signal, ours or not. */
  | { readonly kind: "signal"; readonly signal: string }
  | { readonly kind: "spawn-failed"; readonly message: string };

export interface ProcessCallbacks {
  stdout(chunk: Uint8Array): void;
  stderr(chunk: Uint8Array): void;
  warning(message: string): void;
  ended(end: ProcessEnd): void;
}

export interface ProcessOptions {
  /** Descendants that are still there when the process has ended by itself get this long, in ms. */
  readonly strayGraceMs: number;
}

/** Longest wait without a byte for the output of a process whose tree is gone, in ms. */
const drainMs = 2_000;

export class TrainerProcess {
  readonly pid: number | undefined;

  readonly #plan: LaunchPlan;
  readonly #callbacks: ProcessCallbacks;
  readonly #options: ProcessOptions;
  readonly #child: ChildProcess | undefined;
  readonly #since: Promise<number | undefined>;
  #ending: Promise<void> | undefined;
  #killed = false;
  #exited = false;
  #over = false;
  #held = false;
  #lastOutput = 0;

  constructor(plan: LaunchPlan, callbacks: ProcessCallbacks, options: ProcessOptions) {
    this.#plan = plan;
    this.#callbacks = callbacks;
    this.#options = options;
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
      queueMicrotask(() => this.#conclude({ kind: "spawn-failed", message: this.#spawnMessage(error) }));
      return;
    }
    this.pid = this.#child.pid;
    this.#since = this.pid === undefined ? Promise.resolve(undefined) : startTimeOf(this.pid);
    this.#attach(this.#child);
  }

  /** It has ended by itself; what is left of it is being cleared away. */
  get exited(): boolean {
    return this.#exited;
  }

  /** A line for its standard input. */
  write(line: string): void {
    const stdin = this.#child?.stdin;
    // One that never reads must not make this process hold its commands for ever.
    if (stdin === null || stdin === undefined || stdin.destroyed || stdin.writableLength > 65_536) return;
    stdin.write(`${line}\n`);
  }

  /** Says that nothing more will come. */
  closeInput(): void {
    this.#child?.stdin?.end();
  }

  /** Stops or goes on reading the output. */
  hold(held: boolean): void {
    if (this.#held === held) return;
    this.#held = held;
    for (const stream of [this.#child?.stdout, this.#child?.stderr]) {
      if (held) stream?.pause();
      else stream?.resume();
    }
    if (!held) this.#lastOutput = performance.now();
  }

  /** Whether this process is kept alive by that one. */
  keepUp(wanted: boolean): void {
    for (const handle of [this.#child, ...(this.#child?.stdio ?? [])] as (ChildProcess | Socket | null)[]) {
      if (wanted) handle?.ref();
      else handle?.unref();
    }
  }

  /** SIGTERM to the whole tree, `graceMs` to go by itself, then SIGKILL; with 0 at once. `ended` follows. */
  end(graceMs: number): void {
    this.#killed = true;
    if (graceMs === 0) void this.#killTree(0);
    else this.#ending ??= this.#killTree(graceMs);
    // One that is stuck behind a full pipe could not act on SIGTERM.
    this.hold(false);
  }

  #attach(child: ChildProcess): void {
    this.#pipe(child.stdout, (chunk) => this.#callbacks.stdout(chunk));
    this.#pipe(child.stderr, (chunk) => this.#callbacks.stderr(chunk));
    // EPIPE when the trainer has closed its standard input: it does not listen, which is its right.
    child.stdin?.on("error", () => undefined);
    child.once("error", (error) => {
      if (child.pid === undefined) this.#conclude({ kind: "spawn-failed", message: this.#spawnMessage(error) });
    });
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.once("exit", (code, signal) => void this.#onExit(code, signal, closed));
  }

  #pipe(stream: Readable | null, take: (chunk: Uint8Array) => void): void {
    stream?.on("data", (chunk: Uint8Array) => {
      this.#lastOutput = performance.now();
      take(chunk);
    });
    stream?.on("error", () => undefined);
  }

  async #killTree(graceMs: number): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    if (process.platform === "win32") return taskkill(pid);
    const since = await this.#since;
    const tree = { root: pid, marker: this.#plan.marker, ...(since === undefined ? {} : { since }) };
    const left = await endProcesses(trialFinder(tree), graceMs);
    if (left.length > 0) this.#callbacks.warning(`Processes of this trial could not be ended: ${left.join(", ")}`);
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null, closed: Promise<void>): Promise<void> {
    this.#exited = true;
    // The rest of the tree has the grace that is running, if one is; a process can also fork between two looks.
    await this.#ending;
    // On Windows a parent that is gone cannot name its children any more.
    if (process.platform !== "win32") await this.#killTree(this.#killed ? 0 : this.#options.strayGraceMs);
    await this.#drained(closed);
    this.#conclude(code === null ? { kind: "signal", signal: signal ?? "unknown" } : { kind: "exited", code });
  }

  /** Waits for the end of the output, but not for a pipe that a process we cannot see keeps open. */
  async #drained(closed: Promise<void>): Promise<void> {
    let open = true;
    const ended = async (): Promise<void> => {
      await closed;
      open = false;
    };
    void ended();
    this.#lastOutput = performance.now();
    for (;;) {
      await Promise.race([closed, delay(200)]);
      if (!open) return;
      if (!this.#held && performance.now() - this.#lastOutput > drainMs) {
        this.#callbacks.warning("Output was still held open by a process outside the trial; it was cut off");
        this.#child?.stdout?.destroy();
        this.#child?.stderr?.destroy();
        return;
      }
    }
  }

  #conclude(end: ProcessEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#exited = true;
    this.#child?.stdin?.destroy();
    this.#callbacks.ended(end);
  }

  #spawnMessage(error: unknown): string {
    const { code } = error as NodeJS.ErrnoException;
    const { program } = this.#plan;
    if (code === "ENOENT") return `Program not found: ${program}. Check \`run\` in the study, or that it is on PATH.`;
    if (code === "EACCES") return `Program may not be executed: ${program}. Is it a file with the executable bit set?`;
    if (code === "E2BIG") return `The arguments or parameters are too long for ${program}.`;
    return `${program} could not be started: ${errorText(error)}`;
  }
}
