/**
 * A trainer process that serves trials in turn. Each turn is opened and closed by marks in both output streams, so that
 * events and log go to the trial they are of. Invariant: at most one turn at a time; a turn is over when both streams have
 * been closed for it, or when the process and its tree are gone; after a turn that failed, or left anything behind, the
 * process takes no other.
 */
import { createRecordStream, schemaProblem, type ByteSink } from "../../trainers/eventStream.ts";
import {
  type SharedCommand,
  type SharedRecord,
  sharedRecordSchema,
  type TurnEnd,
} from "../../trainers/sharedProtocol.ts";
import type { TrainerCommand } from "../../trainers/protocol.ts";
import type { Passenger } from "./carrier.ts";
import type { LaunchPlan } from "./launchPlan.ts";
import { TrainerProcess, type ProcessEnd, type ProcessOptions } from "./trainerProcess.ts";

export interface Turn {
  /** Unique. */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly passenger: Passenger;
  /** Commands for it so far. */
  readonly said: TrainerCommand[];
}

export interface SharedProcessOptions extends ProcessOptions {
  /** Turns after which it takes no other. */
  readonly maxTurns: number;
  /** Bytes of resident memory more than after the leanest turn, above which it takes no other. */
  readonly maxGrowth: number;
  /** The turn is over and the process takes another. */
  readonly free: () => void;
  /** The process and its tree are gone. */
  readonly gone: () => void;
  /** What concerns no trial. */
  readonly log: (message: string) => void;
}

type StreamName = "out" | "err";

/** For a process that has said it ends, before it is made to. */
const leaveMs = 5_000;

export class SharedProcess {
  readonly key: string;
  readonly #options: SharedProcessOptions;
  readonly #process: TrainerProcess;
  readonly #streams: Readonly<Record<StreamName, ByteSink>>;
  /** Turn whose output a stream carries now. */
  readonly #open: Record<StreamName, string | undefined> = { out: undefined, err: undefined };
  readonly #closed = new Set<StreamName>();
  #turn: Turn | undefined;
  /** Until the turn has begun. */
  #missed: (() => void) | undefined;
  #end: TurnEnd | undefined;
  #turns = 0;
  #leanest = Number.POSITIVE_INFINITY;
  #leaving = false;
  #force: NodeJS.Timeout | undefined;

  constructor(plan: LaunchPlan, key: string, options: SharedProcessOptions) {
    this.key = key;
    this.#options = options;
    this.#streams = { out: this.#stream("out"), err: this.#stream("err") };
    this.#process = new TrainerProcess(
      plan,
      {
        stdout: (chunk) => this.#take("out", chunk),
        stderr: (chunk) => this.#take("err", chunk),
        warning: (message) => this.#warn(message),
        ended: (end) => this.#onEnded(end),
      },
      options,
    );
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** It takes no other turn. */
  get leaving(): boolean {
    return this.#leaving || this.#process.exited;
  }

  /** The turn has come to its end; what is left of it is being cleared away. */
  get turnIsOver(): boolean {
    return this.#end !== undefined || this.#process.exited;
  }

  /**
   * Begins a turn; there must be none.
   * @param missed called instead of anything else when the process turns out to be dead before it began the turn
   */
  begin(turn: Turn, missed?: () => void): void {
    this.#turn = turn;
    this.#missed = missed;
    this.#end = undefined;
    this.#closed.clear();
    this.#turns += 1;
    this.#process.keepUp(true);
    this.#say({ type: "run", turn: turn.name, env: turn.env });
    for (const command of turn.said) this.tell(command);
  }

  serves(turn: Turn): boolean {
    return this.#turn === turn;
  }

  tell(command: TrainerCommand): void {
    if (this.#turn !== undefined) this.#say({ type: "tell", turn: this.#turn.name, command });
  }

  hold(held: boolean): void {
    this.#process.hold(held);
  }

  /** Ends the process with its turn, if it has one. */
  end(graceMs: number): void {
    this.#leaving = true;
    this.#missed = undefined;
    this.#process.end(graceMs);
  }

  /** Lets a process without a turn go. */
  dismiss(): void {
    this.#leaving = true;
    this.#process.closeInput();
    this.#force ??= setTimeout(() => this.#process.end(1_000), leaveMs).unref();
  }

  /** Whether this process is kept alive by that one. */
  keepUp(wanted: boolean): void {
    this.#process.keepUp(wanted);
  }

  #say(command: SharedCommand): void {
    this.#process.write(JSON.stringify(command));
  }

  #take(name: StreamName, chunk: Uint8Array): void {
    this.#turn?.passenger.bytes(chunk.length);
    this.#streams[name].write(chunk);
  }

  #stream(name: StreamName): ByteSink {
    return createRecordStream({
      record: (value) => {
        const parsed = sharedRecordSchema.safeParse(value);
        if (!parsed.success) return schemaProblem(parsed.error);
        this.#onRecord(name, parsed.data);
        return undefined;
      },
      log: (lines) => this.#onLog(name, lines),
      warning: (message) => this.#warn(message),
    });
  }

  #onRecord(name: StreamName, record: SharedRecord): void {
    const turn = this.#turn;
    if (turn === undefined || record.turn !== turn.name) {
      this.#options.log(`A trainer said something late, of ${record.turn}; it is dropped`);
      return;
    }
    if ("event" in record) {
      if (!this.#closed.has("out")) turn.passenger.event(record.event);
    } else if ("begin" in record) {
      this.#missed = undefined;
      this.#open[name] = turn.name;
    } else {
      this.#open[name] = undefined;
      this.#closed.add(name);
      this.#end = record.end;
      if (this.#closed.size === 2) this.#onTurnOver(turn, record.end);
    }
  }

  #onTurnOver(turn: Turn, end: TurnEnd): void {
    // Somebody is ending the process: the turn is over when that is done.
    if (this.#leaving) return;
    this.#process.hold(false);
    this.#leanest = Math.min(this.#leanest, end.rss);
    const because = end.keep ? this.#worn(end.rss) : (end.because ?? "");
    if (because === undefined) {
      this.#turn = undefined;
      this.#options.free();
      turn.passenger.ended({ kind: "exited", code: end.code });
      return;
    }
    if (because !== "") this.#options.log(`Trainer process ${this.pid ?? 0} takes no further trial: ${because}`);
    this.dismiss();
  }

  /** Why a process that is clean takes no other turn. */
  #worn(rss: number): string | undefined {
    const { maxTurns, maxGrowth } = this.#options;
    if (this.#turns >= maxTurns) return `it has served ${this.#turns}`;
    if (rss > this.#leanest + maxGrowth) return `it holds ${Math.round(rss / 1e6)} MB`;
    return undefined;
  }

  #onEnded(end: ProcessEnd): void {
    clearTimeout(this.#force);
    this.#streams.out.end();
    this.#streams.err.end();
    const turn = this.#turn;
    this.#turn = undefined;
    this.#leaving = true;
    this.#options.gone();
    if (this.#missed !== undefined) return this.#missed();
    if (turn === undefined) return;
    // What it has said of the turn holds, however the process went after that.
    turn.passenger.ended(this.#end === undefined ? end : { kind: "exited", code: this.#end.code });
  }

  #onLog(name: StreamName, lines: Uint8Array): void {
    const turn = this.#turn;
    // Before the first turn begins, Node itself speaks; between turns, nobody should.
    const starting = this.#turns === 1 && !this.#closed.has(name);
    if (turn !== undefined && (starting || this.#open[name] === turn.name)) turn.passenger.log(lines);
    else this.#options.log(`A trainer printed between trials: ${new TextDecoder().decode(lines).slice(0, 500).trim()}`);
  }

  #warn(message: string): void {
    if (this.#turn === undefined) this.#options.log(message);
    else this.#turn.passenger.warning(message);
  }
}
