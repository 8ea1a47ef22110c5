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

const breatheEveryMs = 20;
const aliveEveryMs = 2000;

export interface SessionStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly log: NodeJS.WritableStream;
  /** Called when the input has ended. */
  readonly onGone: () => void;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function openSession(streams: SessionStreams): Session {
  let stopping = false;
  let checkpointWanted = false;
  let breathed = performance.now();
  let spoke = performance.now();
  let rest = "";

  const onLine = (line: string): void => {
    if (line.trim() === "") return;
    let command: unknown;
    try {
      command = JSON.parse(line);
    } catch {
      session.log(`A command was not understood: ${line.slice(0, 200)}`);
      return;
    }
    const type = typeof command === "object" && command !== null && "type" in command ? command.type : undefined;
    if (type === "stop") stopping = true;
    else if (type === "checkpoint") checkpointWanted = true;
    else session.log(`A command was not understood: ${line.slice(0, 200)}`);
  };

  streams.input.setEncoding("utf8");
  streams.input.on("data", (chunk: string) => {
    rest += chunk;
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  });
  streams.input.on("end", streams.onGone);
  streams.input.on("error", streams.onGone);
  streams.output.on("error", streams.onGone);

  const session: Session = {
    send(event) {
      spoke = performance.now();
      streams.output.write(encodeEvent(event));
    },
    log(message) {
      streams.log.write(`${message}\n`);
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
    flush: () =>
      new Promise((resolve) => {
        streams.output.write("", () => resolve());
      }),
  };
  return session;
}
