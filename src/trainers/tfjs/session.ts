/**
 * The trainer's side of the protocol: events on standard output, commands from standard input.
 * Invariant: every event is one write, in order; when standard input closes the engine is gone and the process ends.
 */
import { encodeEvent, type TrainerEvent } from "../protocol.ts";

export interface Session {
  send(event: TrainerEvent): void;
  /** A line for the trial's log. */
  log(message: string): void;
  readonly stopping: boolean;
  takeCheckpointRequest(): boolean;
  /** Says that the training is alive, now and then. */
  alive(fraction?: number): void;
  /** Gives waiting input a turn when the last turn is a while ago. */
  breathe(): Promise<void>;
  /** Resolves when all that was sent has been handed over. */
  flush(): Promise<void>;
}

/** What the engine asks of a trial. */
export interface CommandedSession extends Session {
  /** Takes a command as it came: it is checked here. */
  take(command: unknown): void;
}

const breatheEveryMs = 20;
const aliveEveryMs = 2000;
/** Signs of life are not queued behind output that nobody reads: they would say nothing when they arrive. */
const crowdedBytes = 65_536;

export interface SessionOutput {
  readonly output: NodeJS.WritableStream;
  readonly log: NodeJS.WritableStream;
  /** An event as text for the output. */
  readonly encode: (event: TrainerEvent) => string;
}

export interface SessionStreams extends Omit<SessionOutput, "encode"> {
  readonly input: NodeJS.ReadableStream;
  /** Called when the input has ended. */
  readonly onGone: () => void;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves when all that was written to the streams has been handed over. */
export async function flushed(...streams: readonly NodeJS.WritableStream[]): Promise<void> {
  await Promise.all(
    streams.map(
      (stream) =>
        new Promise<void>((resolve) => {
          stream.write("", () => resolve());
        }),
    ),
  );
}

/** Calls `onLine` for each line that is not blank, and `onGone` when the engine is gone. */
export function readLines(
  { input, output, onGone }: Pick<SessionStreams, "input" | "output" | "onGone">,
  onLine: (line: string) => void,
): void {
  let rest = "";
  input.setEncoding("utf8");
  input.on("data", (chunk: string) => {
    rest += chunk;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") onLine(line);
  });
  input.on("end", onGone);
  input.on("error", onGone);
  output.on("error", onGone);
}

/** The session of one trial; commands are handed in. */
export function createSession({ output, log, encode }: SessionOutput): CommandedSession {
  let stopping = false;
  let checkpointWanted = false;
  let breathed = performance.now();
  let spoke = performance.now();
  const session: CommandedSession = {
    send(event) {
      spoke = performance.now();
      output.write(encode(event));
    },
    log(message) {
      log.write(`${message}\n`);
    },
    take(command) {
      const type = typeof command === "object" && command !== null && "type" in command ? command.type : undefined;
      if (type === "stop") stopping = true;
      else if (type === "checkpoint") checkpointWanted = true;
      else session.log(`A command was not understood: ${JSON.stringify(command).slice(0, 200)}`);
    },
    get stopping() {
      return stopping;
    },
    takeCheckpointRequest() {
      const wanted = checkpointWanted;
      checkpointWanted = false;
      return wanted;
    },
    alive(fraction) {
      if (performance.now() - spoke < aliveEveryMs) return;
      if ("writableLength" in output && Number(output.writableLength) > crowdedBytes) return;
      session.send(
        fraction === undefined
          ? { type: "heartbeat" }
          : { type: "heartbeat", fraction: Math.min(1, Math.max(0, fraction)) },
      );
    },
    async breathe() {
      if (performance.now() - breathed < breatheEveryMs) return;
      await turn();
      breathed = performance.now();
    },
    flush: () => flushed(output),
  };
  return session;
}

/** The session of a process for one trial. */
export function openSession(streams: SessionStreams): Session {
  const session = createSession({ ...streams, encode: encodeEvent });
  readLines(streams, (line) => {
    let command: unknown;
    try {
      command = JSON.parse(line);
    } catch {
      command = line;
    }
    session.take(command);
  });
  return session;
}
