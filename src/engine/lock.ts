/**
 * One engine per workspace. Who owns it is decided by a lock of the operating system (SQLite's, on `.basin/engine.guard`),
 * which vanishes with its process whatever kills it: a dead owner, a reused pid or a silent socket can never be mistaken for
 * a living engine, and of two engines that start at once exactly one gets it. The lock file beside it is the address.
 * Invariant: the lock file is written and removed only while the guard is held, each time in one step.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import Database from "better-sqlite3";
import { isCode, type LockInfo, readLock, type WorkspaceFiles } from "../client/workspaceFiles.ts";
import { BasinError, errorText } from "../core/errors.ts";

export interface EngineLock {
  /** Tells clients where this engine listens. */
  publish(info: LockInfo): void;
  /** What an engine that did not end properly left in the lock file, for the log. */
  readonly left: { readonly lock: LockInfo; readonly because: string } | undefined;
  release(): void;
}

/**
 * Takes the workspace, or answers undefined when a living engine has it.
 * @param nativeBinding of better-sqlite3, when bundled
 * @throws BasinError `storage` when the folder cannot be used
 */
export function acquireLock(files: WorkspaceFiles, nativeBinding?: string): EngineLock | undefined {
  let guard: Database.Database | undefined;
  try {
    guard = new Database(files.guard, { timeout: 0, ...(nativeBinding === undefined ? {} : { nativeBinding }) });
    guard.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    guard?.close();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY")) return undefined;
    throw new BasinError(
      "storage",
      `Basin cannot lock ${files.guard}: ${errorText(error)}.`,
      "The workspace's disk must support file locks; network folders often do not.",
      { cause: error },
    );
  }
  const held = guard;
  const before = readLock(files.lock);
  let nonce: string | undefined;
  return {
    left: before === undefined ? undefined : { lock: before, because: whyStale(before) },
    publish(info) {
      const fresh = `${files.lock}.${info.nonce}`;
      writeFileSync(fresh, `${JSON.stringify(info)}\n`, { mode: 0o600 });
      renameSync(fresh, files.lock);
      nonce = info.nonce;
    },
    release() {
      if (!held.open) return;
      if (nonce !== undefined && readLock(files.lock)?.nonce === nonce) rmSync(files.lock, { force: true });
      held.close();
    },
  };
}

/** Why a lock file without a guard is stale, in words. */
function whyStale(lock: LockInfo): string {
  try {
    process.kill(lock.pid, 0);
  } catch (error) {
    if (!isCode(error, "EPERM")) return `process ${lock.pid} is gone`;
  }
  const start = processStart(lock.pid);
  if (start !== undefined && lock.processStart !== undefined && start !== lock.processStart) {
    return `process ${lock.pid} is another program by now`;
  }
  return `process ${lock.pid} no longer serves the workspace`;
}

/** When a process started, in the system's own unit; undefined where the system does not tell (only Linux does here). */
export function processStart(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may hold anything, so fields are counted from behind it; starttime is field 22.
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
