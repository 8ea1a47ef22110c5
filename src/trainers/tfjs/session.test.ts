import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { openSession } from "./session.ts";

function open() {
  const input = new PassThrough();
  const output = new PassThrough();
  const log = new PassThrough();
  let gone = 0;
  const session = openSession({ input, output, log, onGone: () => gone++ });
  const text = (stream: PassThrough): string => String(stream.read() ?? "");
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { input, session, settle, out: () => text(output), logged: () => text(log), gone: () => gone };
}

describe("a session", () => {
  it("writes events as JSON text sequences, non-finite numbers as text", () => {
    const { session, out } = open();
    session.send({ type: "report", step: 1, metrics: { loss: Number.NaN } });
    expect(out()).toBe('\u001E{"type":"report","step":1,"metrics":{"loss":"NaN"}}\n');
  });

  it("takes commands that come in pieces, and only logs what it does not know", async () => {
    const { input, session, settle, logged } = open();
    input.write('{"type":"checkpoint"}\n{"type":');
    await settle();
    expect(session.stopping).toBe(false);
    expect([session.takeCheckpointRequest(), session.takeCheckpointRequest()]).toEqual([true, false]);
    input.write('"stop","reason":"pruned"}\nrubbish\n{"type":"dance"}\n');
    await settle();
    expect(session.stopping).toBe(true);
    expect(logged()).toMatch(/rubbish[\s\S]*dance/);
  });

  it("notices that the engine is gone", async () => {
    const { input, settle, gone } = open();
    input.end();
    await settle();
    await settle();
    expect(gone()).toBe(1);
  });

  it("keeps quiet while there was an event lately", () => {
    const { session, out } = open();
    session.alive(0.5);
    expect(out()).toBe("");
  });
});
