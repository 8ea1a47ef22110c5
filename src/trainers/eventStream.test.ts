import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventStream, createLogStream, type EventStreamOptions } from "./eventStream.ts";
import { encodeEvent, type TrainerEvent } from "./protocol.ts";

function collect(chunks: readonly Uint8Array[], options: EventStreamOptions = {}) {
  const events: TrainerEvent[] = [];
  const warnings: string[] = [];
  const log: Uint8Array[] = [];
  const stream = createEventStream(
    { event: (event) => events.push(event), log: (lines) => log.push(lines), warning: (text) => warnings.push(text) },
    options,
  );
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return { events, warnings, log: Buffer.concat(log).toString("latin1"), pieces: log };
}

/** `bytes` cut at the given places (taken modulo its length). */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.constantFrom("\r\n", "\n", "\r", "é", "漢字", "🧪"),
);
const event = fc.oneof(
  fc.record({ type: fc.constant("report" as const), step: fc.nat(1000), metrics: fc.constant({ é: 0.5 }) }),
  fc.record({ type: fc.constant("failed" as const), reason: text }),
);
const wireBytes = fc
  .array(
    fc.oneof(
      text.map((value) => Buffer.from(value)),
      event.map((value) => Buffer.from(encodeEvent(value))),
      fc.uint8Array({ maxLength: 30 }),
      fc
        .constantFrom("\x1e", "\x1e{", '\x1e{"type":"done","metrics":{}}', '\x1e{"type":"nonsense"}\n')
        .map((value) => Buffer.from(value)),
    ),
    { maxLength: 20 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

describe("createEventStream", () => {
  it("separates events from log text", () => {
    const wire = `one\ntwo${encodeEvent({ type: "report", step: 1, metrics: { loss: Number.NaN } })}three\n`;
    const { events, log, warnings } = collect([Buffer.from(wire)]);
    expect(events).toEqual([{ type: "report", step: 1, metrics: { loss: Number.NaN } }]);
    // A line that was begun before an event ends there.
    expect(log).toBe("one\ntwo\nthree\n");
    expect(warnings).toEqual([]);
  });

  it("does not care how the bytes are cut, and throws at nothing", () => {
    fc.assert(
      fc.property(wireBytes, fc.array(fc.nat()), fc.constantFrom(8, 16, 100), (bytes, places, maxLineBytes) => {
        const options = { maxRecordBytes: 60, maxLineBytes };
        const whole = collect([bytes], options);
        const parts = collect(cut(bytes, places), options);
        expect(parts.events).toEqual(whole.events);
        expect(parts.warnings).toEqual(whole.warnings);
        expect(parts.log).toBe(whole.log);
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps every valid event whatever stands around it", () => {
    const noise = fc.uint8Array({ maxLength: 50 }).map((bytes) => bytes.filter((byte) => byte !== 0x1e));
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, event), { maxLength: 10 }), fc.array(fc.nat()), (items, places) => {
        const bytes = Buffer.concat(items.flatMap(([before, sent]) => [before, Buffer.from(encodeEvent(sent))]));
        const { events, warnings } = collect(cut(bytes, places));
        expect(events).toEqual(items.map(([, sent]) => sent));
        expect(warnings).toEqual([]);
      }),
    );
  });

  it("splits long lines, never inside a character, and passes the rest of the log unchanged", () => {
    fc.assert(
      fc.property(fc.array(text), fc.array(fc.nat()), (parts, places) => {
        const bytes = Buffer.from(parts.join(""));
        const { pieces } = collect(cut(bytes, places), { maxLineBytes: 16 });
        const out = Buffer.concat(pieces).toString();
        expect(out).not.toContain("\uFFFD");
        for (const line of out.split(/[\r\n]/)) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(16);
        expect(out.replaceAll(/[\r\n]/g, "")).toBe(parts.join("").replaceAll(/[\r\n]/g, ""));
        // Nothing is handed over in the middle of a line.
        for (const piece of pieces) expect([0x0a, 0x0d]).toContain(piece.at(-1));
      }),
    );
  });

  it("skips an event that is too long and goes on after it", () => {
    const long = `\x1e{"type":"failed","reason":"${"x".repeat(1000)}"}\n`;
    const { events, warnings } = collect([Buffer.from(long + encodeEvent({ type: "heartbeat" }))], {
      maxRecordBytes: 100,
    });
    expect(events).toEqual([{ type: "heartbeat" }]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("more than 100 bytes");
  });

  it("says what is wrong with an event, and counts when there are many", () => {
    const bad = '\x1e{"type":"report","step":-1,"metrics":{}}\n';
    const { warnings } = collect([Buffer.from(bad.repeat(1000))], { maxWarnings: 3 });
    expect(warnings).toHaveLength(4);
    expect(warnings[0]).toContain("step");
    expect(warnings[3]).toBe("997 more malformed events were skipped");
  });

  it("takes an event whose line end was lost with the process", () => {
    expect(collect([Buffer.from('\x1e{"type":"done","metrics":{"a":1}}')]).events).toEqual([
      { type: "done", metrics: { a: 1 } },
    ]);
  });

  it("a name like __proto__ is a metric like any other", () => {
    const { events } = collect([
      Buffer.from('\x1e{"type":"report","step":1,"metrics":{"constructor":1,"toString":2}}\n'),
    ]);
    expect(events).toEqual([{ type: "report", step: 1, metrics: { constructor: 1, toString: 2 } }]);
  });
});

describe("createLogStream", () => {
  it("knows no events", () => {
    const out: Uint8Array[] = [];
    const stream = createLogStream({ log: (lines) => out.push(lines) });
    stream.write(Buffer.from('a\x1e{"type":"heartbeat"}\nb'));
    stream.end();
    expect(Buffer.concat(out).toString()).toBe('a\x1e{"type":"heartbeat"}\nb\n');
  });
});
