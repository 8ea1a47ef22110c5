import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LogFile } from "./logFile.ts";
import { temporaryFolder } from "./testing.ts";

let place: ReturnType<typeof temporaryFolder>;
beforeEach(() => (place = temporaryFolder("log")));
afterEach(() => place.remove());

const quiet = { drained: () => undefined, warning: () => undefined };
const bytes = (text: string): Uint8Array => Buffer.from(text);

describe("LogFile", () => {
  it("appends to what an earlier attempt left", async () => {
    const file = path.join(place.folder, "trainer.log");
    for (const text of ["first\n", "second\n"]) {
      const log = new LogFile(file, quiet);
      log.write(bytes(text));
      await log.close();
    }
    expect(readFileSync(file, "utf8")).toBe("first\nsecond\n");
  });

  it.each([1, 3, 7, 100, 1000])("keeps head and tail of what is too long, in pieces of %i", async (size) => {
    const file = path.join(place.folder, "trainer.log");
    const text = Array.from({ length: 500 }, (_, index) => `${index}\n`).join("");
    const log = new LogFile(file, { ...quiet, headBytes: 100, tailBytes: 100 });
    for (let at = 0; at < text.length; at += size) log.write(bytes(text.slice(at, at + size)));
    await log.close();
    const written = readFileSync(file, "utf8");
    const [head, tail] = written.split(/\n\[basin: [\d.]+ MB of output dropped here.*\]\n/);
    expect(head).toBe(text.slice(0, 100));
    expect(tail!.length).toBeGreaterThanOrEqual(50);
    expect(tail!.length).toBeLessThanOrEqual(100);
    expect(text.endsWith(tail!)).toBe(true);
    expect(existsSync(`${file}.part0`) || existsSync(`${file}.part1`)).toBe(false);
  });

  it("drops nothing when it just fits", async () => {
    const file = path.join(place.folder, "trainer.log");
    const log = new LogFile(file, { ...quiet, headBytes: 10, tailBytes: 10 });
    log.write(bytes("0123456789abcdefghij"));
    await log.close();
    expect(readFileSync(file, "utf8")).toBe("0123456789abcdefghij");
  });

  it("asks for a pause when the disk is behind, and says when it is not any more", async () => {
    const { promise: drained, resolve } = Promise.withResolvers<void>();
    const log = new LogFile(path.join(place.folder, "trainer.log"), { ...quiet, drained: resolve });
    const block = new Uint8Array(300_000);
    expect(log.write(block)).toBe(true);
    for (let i = 0; i < 4; i++) log.write(block);
    expect(log.write(block)).toBe(false);
    await drained;
    expect(log.write(block)).toBe(true);
    await log.close();
  });

  it("moves a log that has become long aside", async () => {
    const file = path.join(place.folder, "trainer.log");
    writeFileSync(file, "x".repeat(50));
    const log = new LogFile(file, { ...quiet, rotateBytes: 50 });
    log.write(bytes("new\n"));
    await log.close();
    expect(readFileSync(file, "utf8")).toBe("new\n");
    expect(readFileSync(`${file}.previous`, "utf8")).toBe("x".repeat(50));
  });

  it("warns once when it cannot write, and goes on taking", async () => {
    const warnings: string[] = [];
    const log = new LogFile(path.join(place.folder, "missing", "trainer.log"), {
      drained: () => undefined,
      warning: (text) => warnings.push(text),
    });
    log.write(bytes("a"));
    log.write(bytes("b"));
    await log.close();
    expect(log.write(bytes("c"))).toBe(true);
    expect(warnings).toHaveLength(1);
  });
});
