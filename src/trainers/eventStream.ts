/**
 * Standard output of a trainer, taken apart as it arrives: events (RS + JSON + LF) and log text.
 * Invariant: no input throws, memory stays below `maxRecordBytes` plus one log line, and how the bytes are cut into chunks
 * changes neither the events nor the log.
 */
import type { ZodError } from "zod";
import { GrowingBytes } from "./growingBytes.ts";
import { trainerEventSchema, type TrainerEvent } from "./protocol.ts";

interface TextSink {
  /** Log bytes: whole lines with their ends (a line longer than `maxLineBytes` is split by an added LF). Owned by the callee. */
  log(lines: Uint8Array): void;
  warning(message: string): void;
}

export interface EventStreamSink extends TextSink {
  event(event: TrainerEvent): void;
}

export interface RecordStreamSink extends TextSink {
  /** The JSON value of a record, not checked; the answer is what is wrong with it, or undefined. */
  record(value: unknown): string | undefined;
}

export interface EventStreamOptions {
  /** Longest event taken, in bytes; longer ones are skipped with a warning. Default 16 MiB: parsing that much takes some 50 ms; larger arrays come as .npy files. */
  readonly maxRecordBytes?: number;
  /** Log lines are split at this length, never inside a UTF-8 character. Default 64 KiB. */
  readonly maxLineBytes?: number;
  /** Malformed events described one by one; the rest is only counted. Default 10. */
  readonly maxWarnings?: number;
}

export interface ByteSink {
  write(chunk: Uint8Array): void;
  /** No more bytes: what is pending comes out. Further calls do nothing. */
  end(): void;
}

const lf = 0x0a;
const cr = 0x0d;
const rs = 0x1e;
const lineFeed = Uint8Array.of(lf);

/** Log text only, as on standard error: RS has no meaning there. O(bytes). */
export function createLogStream(sink: Pick<EventStreamSink, "log">, maxLineBytes = 65_536): ByteSink {
  // One byte is kept for the LF that ends a split line.
  const pending = new GrowingBytes(Math.max(maxLineBytes, 8));
  let ended = false;

  const flushPending = (withEnd: boolean): void => {
    if (pending.length === 0) return;
    const text = pending.take();
    sink.log(withEnd ? joined(text, lineFeed) : text);
  };
  /** Bytes without any line end; splits what grows too long. */
  const addPartial = (bytes: Uint8Array): void => {
    let rest = bytes;
    while (rest.length > 0) {
      const room = pending.limit - pending.length;
      if (rest.length <= room) {
        pending.append(rest);
        return;
      }
      pending.append(rest.subarray(0, room));
      rest = rest.subarray(room);
      const full = pending.take();
      const cut = characterBoundary(full);
      sink.log(joined(full.subarray(0, cut), lineFeed));
      pending.append(full.subarray(cut));
    }
  };
  return {
    write(chunk) {
      if (ended) return;
      const last = Math.max(chunk.lastIndexOf(lf), chunk.lastIndexOf(cr));
      if (last < 0) {
        addPartial(chunk);
        return;
      }
      const whole = chunk.subarray(0, last + 1);
      // The common case hands the chunk on as it is; only the first line can have become too long.
      let start = 0;
      for (;;) {
        const end = nextLineEnd(whole, start);
        if (end < 0) break;
        const tooLong = end - start + pending.length > pending.limit;
        if (!tooLong && start === 0 && pending.length > 0) {
          pending.append(whole.subarray(0, end));
          const text = pending.take();
          sink.log(joined(text, whole.subarray(end, end + 1)));
          start = end + 1;
          continue;
        }
        if (tooLong) {
          addPartial(whole.subarray(start, end));
          const text = pending.take();
          sink.log(joined(text, whole.subarray(end, end + 1)));
          start = end + 1;
          continue;
        }
        const runEnd = endOfShortLines(whole, start, pending.limit);
        sink.log(whole.slice(start, runEnd));
        start = runEnd;
      }
      addPartial(chunk.subarray(last + 1));
    },
    end() {
      if (ended) return;
      ended = true;
      flushPending(true);
    },
  };
}

/** Events and log text, as on standard output. O(bytes). */
export function createEventStream(sink: EventStreamSink, options: EventStreamOptions = {}): ByteSink {
  return createRecordStream(
    {
      record: (value) => {
        const parsed = trainerEventSchema.safeParse(value);
        if (!parsed.success) return schemaProblem(parsed.error);
        sink.event(parsed.data);
        return undefined;
      },
      log: (lines) => sink.log(lines),
      warning: (message) => sink.warning(message),
    },
    options,
  );
}

/** What is wrong with a value, in a few words. */
export function schemaProblem(error: ZodError): string {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  return `${where}${issue?.message ?? "unknown reason"}`;
}

/** Records of any kind and log text. O(bytes). */
export function createRecordStream(sink: RecordStreamSink, options: EventStreamOptions = {}): ByteSink {
  const maxRecordBytes = options.maxRecordBytes ?? 16 * 1024 * 1024;
  const maxWarnings = options.maxWarnings ?? 10;
  const record = new GrowingBytes(maxRecordBytes);
  let log = createLogStream(sink, options.maxLineBytes);
  let state: "log" | "record" | "oversized" = "log";
  let malformed = 0;
  let ended = false;

  const complain = (message: string): void => {
    malformed += 1;
    if (malformed <= maxWarnings) sink.warning(message);
  };
  const finishRecord = (cutOff: boolean): void => {
    // RS RS and RS LF are empty sequence elements, which RFC 7464 lets pass.
    if (state === "record" && record.length > 0) {
      const problem = decodeRecord(record.take(), cutOff, sink);
      if (problem !== undefined) complain(problem);
    }
    record.clear();
    state = "log";
  };
  const addToRecord = (bytes: Uint8Array): void => {
    if (state !== "record" || record.append(bytes)) return;
    record.append(bytes.subarray(0, record.limit - record.length));
    const start = excerpt(record.peek(200));
    record.clear();
    state = "oversized";
    complain(`An event of more than ${maxRecordBytes} bytes was skipped; it began with ${start}`);
  };
  return {
    write(chunk) {
      if (ended) return;
      let at = 0;
      while (at < chunk.length) {
        if (state === "log") {
          const begin = chunk.indexOf(rs, at);
          log.write(chunk.subarray(at, begin < 0 ? chunk.length : begin));
          if (begin < 0) return;
          // A line that was begun ends where the event begins.
          log.end();
          log = createLogStream(sink, options.maxLineBytes);
          state = "record";
          at = begin + 1;
          continue;
        }
        const end = chunk.indexOf(lf, at);
        const again = chunk.indexOf(rs, at);
        if (again >= 0 && (end < 0 || again < end)) {
          // JSON text holds no raw RS, so the record before it was cut off (RFC 7464, section 2.3).
          addToRecord(chunk.subarray(at, again));
          finishRecord(true);
          state = "record";
          at = again + 1;
          continue;
        }
        addToRecord(chunk.subarray(at, end < 0 ? chunk.length : end));
        if (end < 0) return;
        finishRecord(false);
        at = end + 1;
      }
    },
    end() {
      if (ended) return;
      ended = true;
      finishRecord(true);
      log.end();
      if (malformed > maxWarnings) sink.warning(`${malformed - maxWarnings} more malformed events were skipped`);
    },
  };
}

/** Hands a record to the sink; the answer is what is wrong with it. */
function decodeRecord(bytes: Uint8Array, cutOff: boolean, sink: RecordStreamSink): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return `${cutOff ? "An event was cut off" : "An event is not JSON"}: ${excerpt(bytes.subarray(0, 200))}`;
  }
  const problem = sink.record(value);
  return problem === undefined ? undefined : `An event is not valid (${problem}): ${excerpt(bytes.subarray(0, 200))}`;
}

/** Quoted for a message: control characters become visible. */
function excerpt(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder().decode(bytes));
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

function nextLineEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) if (bytes[i] === lf || bytes[i] === cr) return i;
  return -1;
}

/** End of the run of lines from `start` that are all short enough; at least one line is. */
function endOfShortLines(bytes: Uint8Array, start: number, limit: number): number {
  // Nothing in a block of that length can be too long: no need to look at each line.
  if (bytes.length - start <= limit) return bytes.length;
  let end = start;
  for (;;) {
    const next = nextLineEnd(bytes, end);
    if (next < 0 || next - end > limit) return end;
    end = next + 1;
  }
}

/** Largest length <= bytes.length that does not end inside a UTF-8 sequence; all of it when the bytes are no UTF-8. */
function characterBoundary(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
