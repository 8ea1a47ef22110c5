/**
 * What carries a trial: a process of its own, or a turn of one that serves several (sharedProcess.ts).
 * Invariant: `ended` comes exactly once, after the trial's last event and log line, when nothing of the trial can write any
 * more: its process tree is gone, or the process has said that the turn is over and is as clean as before it.
 */
import type { TrainerCommand, TrainerEvent } from "../../trainers/protocol.ts";
import { createEventStream, createLogStream } from "../../trainers/eventStream.ts";
import type { LaunchPlan } from "./launchPlan.ts";
import { TrainerProcess, type ProcessEnd, type ProcessOptions } from "./trainerProcess.ts";

/** A trial, as its carrier sees it. */
export interface Passenger {
  /** Output has come, of any kind. */
  bytes(count: number): void;
  event(event: TrainerEvent): void;
  /** Whole lines; owned by the callee. */
  log(lines: Uint8Array): void;
  warning(message: string): void;
  ended(end: ProcessEnd): void;
}

export interface Carrier {
  readonly pid: number | undefined;
  /** It has ended by itself; what is left is being cleared away. */
  readonly leaving: boolean;
  send(command: TrainerCommand): void;
  /** Stops or goes on reading the trial's output. */
  hold(held: boolean): void;
  /** Ends the process and its whole tree, SIGKILL after `graceMs`. Does nothing once `ended` was called. */
  end(graceMs: number): void;
}

/** Spawns a process for one trial. */
export function ownProcess(plan: LaunchPlan, passenger: Passenger, options: ProcessOptions): Carrier {
  const stdout = createEventStream({
    event: (event) => passenger.event(event),
    log: (lines) => passenger.log(lines),
    warning: (message) => passenger.warning(message),
  });
  const stderr = createLogStream({ log: (lines) => passenger.log(lines) });
  let over = false;
  const child = new TrainerProcess(
    plan,
    {
      stdout: (chunk) => {
        passenger.bytes(chunk.length);
        stdout.write(chunk);
      },
      stderr: (chunk) => {
        passenger.bytes(chunk.length);
        stderr.write(chunk);
      },
      warning: (message) => passenger.warning(message),
      ended: (end) => {
        over = true;
        stdout.end();
        stderr.end();
        passenger.ended(end);
      },
    },
    options,
  );
  return {
    pid: child.pid,
    get leaving() {
      return child.exited;
    },
    send: (command) => child.write(JSON.stringify(command)),
    hold: (held) => child.hold(held),
    end: (graceMs) => {
      if (!over) child.end(graceMs);
    },
  };
}
