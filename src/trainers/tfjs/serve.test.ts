import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { serve, type ServeOptions } from "./serve.ts";

interface Line {
  readonly turn: string;
  readonly [key: string]: unknown;
}

function open(run: ServeOptions["run"], leftovers: ServeOptions["leftovers"] = () => Promise.resolve(undefined)) {
  const input = new PassThrough();
  const output = new PassThrough();
  const log = new PassThrough();
  const exits: number[] = [];
  const serving = serve({
    streams: { input, output, log, onGone: () => exits.push(-1) },
    run,
    leftovers,
    exit: (code) => exits.push(code),
  });
  const read = (stream: PassThrough): string => String(stream.read() ?? "");
  const say = (command: object): void => void input.write(`${JSON.stringify(command)}\n`);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const out = (): Line[] =>
    read(output)
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line.slice(1)) as Line);
  return { serving, say, settle, out, logged: () => read(log), exits, end: () => input.end() };
}

describe("serving", () => {
  it("runs trials in turn, each between marks in both streams, with its own commands", async () => {
    const place = open(async (env, session) => {
      session.log(`this is ${env["NAME"]}`);
      while (env["WAIT"] !== undefined && !session.stopping) await new Promise((resolve) => setImmediate(resolve));
      session.send({ type: "report", step: 1, metrics: { loss: Number.NaN } });
      return 0;
    });
    place.say({ type: "run", turn: "1", env: { NAME: "a", WAIT: "yes" } });
    place.say({ type: "tell", turn: "0", command: { type: "stop", reason: "for one that is over" } });
    await place.settle();
    expect(place.out()).toEqual([{ turn: "1", begin: true }]);
    place.say({ type: "tell", turn: "1", command: { type: "stop", reason: "" } });
    await place.settle();
    expect(place.out()).toEqual([
      { turn: "1", event: { type: "report", step: 1, metrics: { loss: "NaN" } } },
      { turn: "1", end: { code: 0, keep: true, rss: expect.any(Number) as number } },
    ]);
    const marks = place.logged().split("\n");
    expect(marks.map((line) => line.replace("\u001E", "mark ").slice(0, 20))).toEqual([
      'mark {"turn":"1","be',
      "this is a",
      'mark {"turn":"1","en',
      "",
    ]);
    place.say({ type: "run", turn: "2", env: { NAME: "b" } });
    await place.settle();
    expect(place.out().map(({ turn }) => turn)).toEqual(["2", "2", "2"]);
    expect(place.logged()).toContain("this is b");
    place.end();
    await place.settle();
    expect(place.exits).toEqual([-1]);
  });

  it.each<[string, ServeOptions["run"], number]>([
    ["throws", () => Promise.reject(new Error("no luck")), 1],
    ["fails", () => Promise.resolve(1), 1],
    ["leaves something behind", () => Promise.resolve(0), 0],
  ])("ends after a trial that %s", async (what, run, code) => {
    const place = open(run, () => Promise.resolve("a timer"));
    place.say({ type: "run", turn: "1", env: {} });
    await place.settle();
    const lines = place.out();
    expect(lines.at(-1)).toMatchObject({ turn: "1", end: { code, keep: false } });
    if (what === "throws") expect(lines[1]).toMatchObject({ event: { type: "failed", reason: "no luck" } });
    if (what === "leaves something behind") expect(lines.at(-1)).toMatchObject({ end: { because: "a timer" } });
    expect(place.exits).toEqual([code]);
    // It takes nothing more.
    place.say({ type: "run", turn: "2", env: {} });
    await place.settle();
    expect(place.out()).toEqual([]);
  });

  it("fails the trial of the turn for an error nobody has caught, and for what it cannot read", async () => {
    const hang = (): Promise<number> => new Promise(() => undefined);
    const first = open(hang);
    first.say({ type: "run", turn: "1", env: {} });
    await first.settle();
    first.serving.fail(new Error("from a timer"));
    await first.settle();
    expect(first.out().slice(1)).toMatchObject([
      { event: { type: "failed", reason: "from a timer" } },
      { end: { code: 1, keep: false } },
    ]);
    const second = open(hang);
    second.say({ type: "run", turn: "1", env: {} });
    second.say({ type: "run", turn: "2", env: {} });
    await second.settle();
    expect(second.out().at(-1)).toMatchObject({ turn: "1", end: { code: 1 } });
    const idle = open(hang);
    idle.serving.fail(new Error("between trials"));
    expect(idle.exits).toEqual([1]);
  });
});
