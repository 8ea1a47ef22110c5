import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ensureBasinFolder, readLock, type WorkspaceFiles } from "../client/workspaceFiles.ts";
import { acquireLock, processStart } from "./lock.ts";

let folder = "";
let files: WorkspaceFiles;
const children: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "basin-lock-"));
  files = ensureBasinFolder(folder);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const info = (pid: number, nonce: string) => ({
  pid,
  nonce,
  socket: `/nowhere/${nonce}`,
  protocolVersion: 1,
  engineVersion: "0",
  startedAt: 1,
});

/** A process that says "ready", takes the lock on "go" and says "won" or "lost"; it keeps what it has until it is killed. */
function contender(nonce: string): { child: ChildProcess; next: () => Promise<string> } {
  const code = `
    import { acquireLock } from ${JSON.stringify(path.join(import.meta.dirname, "lock.ts"))};
    console.log("ready");
    process.stdin.once("data", () => {
      globalThis.lock = acquireLock(${JSON.stringify(files)});
      globalThis.lock?.publish({ ...${JSON.stringify(info(0, nonce))}, pid: process.pid });
      console.log(globalThis.lock === undefined ? "lost" : "won");
    });`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => String((await lines.next()).value) };
}

it("is won by exactly one of several processes that try at the same instant, and free again when that one is killed", async () => {
  const contenders = ["a", "b", "c", "d"].map((nonce) => contender(nonce));
  for (const { next } of contenders) expect(await next()).toBe("ready");
  for (const { child } of contenders) child.stdin?.write("go\n");
  const results = await Promise.all(contenders.map(({ next }) => next()));
  expect(results.toSorted()).toEqual(["lost", "lost", "lost", "won"]);
  const winner = contenders[results.indexOf("won")]!;
  expect(readLock(files.lock)?.pid).toBe(winner.child.pid);
  expect(acquireLock(files)).toBeUndefined();

  const gone = new Promise((resolve) => {
    winner.child.once("exit", resolve);
  });
  winner.child.kill("SIGKILL");
  await gone;
  const lock = acquireLock(files);
  expect(lock?.left).toMatchObject({ lock: { pid: winner.child.pid }, because: `process ${winner.child.pid} is gone` });
  lock?.publish(info(process.pid, "mine"));
  expect(acquireLock(files)).toBeUndefined();
  lock?.release();
  expect(readLock(files.lock)).toBeUndefined();
});

it("does not take a lock file's word for it: a pid that lives, as another program or not, is no engine without the guard", () => {
  const started = processStart(process.pid);
  writeFileSync(files.lock, JSON.stringify({ ...info(process.pid, "old"), processStart: "1" }));
  const reused = acquireLock(files);
  if (started !== undefined) expect(reused?.left?.because).toContain("another program");
  reused?.release();
  writeFileSync(files.lock, JSON.stringify({ ...info(process.pid, "old"), processStart: started }));
  const silent = acquireLock(files);
  expect(silent?.left?.because).toContain("no longer serves");
  silent?.release();
  // It was not this engine's file, so it stays for whoever looks.
  expect(readLock(files.lock)?.nonce).toBe("old");
  writeFileSync(files.lock, "garbage");
  const garbage = acquireLock(files);
  expect(garbage?.left).toBeUndefined();
  garbage?.release();
});
