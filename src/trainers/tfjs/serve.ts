/**
 * A trainer process that serves trials in turn: reads which trial is next, runs it, and says how it has ended.
 * Invariant: one turn at a time; its output lies between the marks of the turn in both streams; after a failure, or when the
 * process is not as it was before the trial, it says so and ends.
 */
import { errorText } from "../../core/errors.ts";
import { encodeShared, type SharedCommand, type SharedRecord, type TurnEnd } from "../sharedProtocol.ts";
import { createSession, type CommandedSession, flushed, readLines, type SessionStreams } from "./session.ts";

type TurnEnvironment = Extract<SharedCommand, { type: "run" }>["env"];

export interface ServeOptions {
  readonly streams: SessionStreams;
  /** Runs a trial; gives the exit code. */
  readonly run: (env: TurnEnvironment, session: CommandedSession) => Promise<number>;
  /** What a finished trial has left behind, in words; undefined = nothing. */
  readonly leftovers: () => Promise<string | undefined>;
  /** Ends the process. */
  readonly exit: (code: number) => void;
}

export interface Serving {
  /** An error nobody has caught: the trial of the turn fails, and the process ends. */
  fail(error: unknown): void;
}

interface Turn {
  readonly name: string;
  readonly session: CommandedSession;
}

/** Serves until the engine goes or a trial fails. */
export function serve({ streams, run, leftovers, exit }: ServeOptions): Serving {
  const { output, log } = streams;
  let current: Turn | undefined;
  let ending = false;

  const mark = (record: SharedRecord): void => {
    const text = encodeShared(record);
    output.write(text);
    log.write(text);
  };
  const close = async (turn: Turn, end: Omit<TurnEnd, "rss">): Promise<void> => {
    if (ending) return;
    ending = !end.keep;
    current = undefined;
    mark({ turn: turn.name, end: { ...end, rss: process.memoryUsage.rss() } });
    if (end.keep) return;
    await flushed(output, log);
    exit(end.code);
  };
  const fail = (error: unknown): void => {
    const turn = current;
    if (turn === undefined) {
      if (!ending) exit(1);
      return;
    }
    const stack = error instanceof Error ? error.stack : undefined;
    if (stack !== undefined) turn.session.log(stack);
    turn.session.send({ type: "failed", reason: errorText(error).slice(0, 10_000) });
    void close(turn, { code: 1, keep: false });
  };
  const begin = async (name: string, env: TurnEnvironment): Promise<void> => {
    const session = createSession({ output, log, encode: (event) => encodeShared({ turn: name, event }) });
    const turn = { name, session };
    current = turn;
    mark({ turn: name, begin: true });
    try {
      const code = await run(env, session);
      if (code !== 0) return await close(turn, { code, keep: false });
      const because = await leftovers();
      await close(turn, because === undefined ? { code, keep: true } : { code, keep: false, because });
    } catch (error) {
      fail(error);
    }
  };
  readLines(streams, (line) => {
    if (ending) return;
    try {
      const command = JSON.parse(line) as SharedCommand;
      if (command.type === "tell") {
        // A command that comes when its trial has ended is nobody's.
        if (current?.name === command.turn) current.session.take(command.command);
      } else if (current === undefined) void begin(command.turn, command.env);
      else throw new Error(`${command.turn} was to begin during ${current.name}`);
    } catch (error) {
      fail(error);
    }
  });
  return { fail };
}
