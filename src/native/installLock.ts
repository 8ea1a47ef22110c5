/**
 * One installation at a time: a lock of the operating system (SQLite's), which vanishes with its process whatever kills it.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { BasinError, errorText } from "../core/errors.ts";

/**
 * Takes the lock of a native home; gives the release.
 * @param nativeBinding of better-sqlite3, when bundled
 * @throws BasinError when another process holds it, or the folder cannot be used
 */
export function lockHome(home: string, nativeBinding?: string): () => void {
  let guard: Database.Database | undefined;
  try {
    mkdirSync(home, { recursive: true });
    const options = { timeout: 0, ...(nativeBinding === undefined ? {} : { nativeBinding }) };
    guard = new Database(path.join(home, "install.lock"), options);
    guard.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    guard?.close();
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY"))
      throw new BasinError(
        "native-backend",
        "Another `basin native` command is at work on this machine.",
        "Wait until it has finished, then try again.",
      );
    throw new BasinError(
      "native-backend",
      `Basin cannot write to ${home}: ${errorText(error)}.`,
      "Set XDG_DATA_HOME to a folder you can write to.",
      { cause: error },
    );
  }
  const held = guard;
  return () => {
    if (held.open) held.close();
  };
}
