/**
 * Opens the database file and brings it to the current version.
 * Invariant: versions only go forward, each in one transaction and after a backup; a database of a newer Basin is refused
 * and left as it is.
 */
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { BasinError, errorText } from "../core/errors.ts";
import { migrations as allMigrations } from "./migrations/migrations.ts";

export interface OpenOptions {
  /** Absolute path, or ":memory:". */
  readonly file: string;
  /** Native part of better-sqlite3; undefined = the one of the installed package. */
  readonly nativeBinding?: string;
  /** For tests of migrations. */
  readonly migrations?: readonly string[];
}

/**
 * @throws BasinError `storage`: newer version, damaged file, no permission, no space
 */
export function openDatabase(options: OpenOptions): Database.Database {
  const { file, migrations = allMigrations } = options;
  refuseNewer(headerVersion(file), migrations.length, file);
  let db: Database.Database | undefined;
  try {
    db = new Database(file, options.nativeBinding === undefined ? {} : { nativeBinding: options.nativeBinding });
    const version = Number(db.pragma("user_version", { simple: true }));
    refuseNewer(version, migrations.length, file);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = NORMAL");
    db.pragma("foreign_keys = ON");
    migrate(db, version, migrations, file);
    return db;
  } catch (error) {
    db?.close();
    throw storageError(error, file);
  }
}

function migrate(db: Database.Database, version: number, migrations: readonly string[], file: string): void {
  if (version === migrations.length) return;
  if (version > 0) {
    const backup = `${file}.v${version}.${Date.now()}.backup`;
    db.prepare("VACUUM INTO ?").run(backup);
  } else if (db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() !== 0) {
    throw new BasinError(
      "storage",
      `${file} is a database, but not one of Basin's.`,
      "Move it away, and Basin makes its own.",
    );
  }
  for (let next = version; next < migrations.length; next++) {
    const sql = migrations[next] ?? "";
    db.transaction(() => {
      db.exec(sql);
      db.pragma(`user_version = ${next + 1}`);
    })();
  }
}

function refuseNewer(version: number, known: number, file: string): void {
  if (version <= known) return;
  throw new BasinError(
    "storage",
    `${file} was written by a newer version of Basin (database version ${version}, this one knows ${known}).`,
    "Update Basin. The file has not been touched.",
  );
}

/** `user_version` from the file's header, without opening it as a database (which could write beside it); 0 if unknown. */
function headerVersion(file: string): number {
  if (file === ":memory:" || !existsSync(file)) return 0;
  const header = Buffer.alloc(64);
  let fd: number | undefined;
  try {
    fd = openSync(file, "r");
    const read = readSync(fd, header, 0, 64, 0);
    return read === 64 && header.toString("latin1", 0, 15) === "SQLite format 3" ? header.readUInt32BE(60) : 0;
  } catch {
    return 0; // Opening the database says it better.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Any failure of SQLite as an error for people. */
export function storageError(error: unknown, file: string): BasinError {
  if (error instanceof BasinError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const name = path.basename(file);
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") {
    return new BasinError(
      "storage",
      `Basin's database ${file} is damaged (${errorText(error)}).`,
      `Restore it from a backup, or move ${name}, ${name}-wal and ${name}-shm away to begin anew.`,
      { cause: error },
    );
  }
  if (code === "SQLITE_FULL" || code === "ENOSPC") {
    return new BasinError(
      "storage",
      `There is no space left for Basin's database ${file}.`,
      "Free some space, then resume.",
      { cause: error },
    );
  }
  if (code.startsWith("SQLITE_BUSY")) {
    return new BasinError(
      "storage",
      `Another program holds Basin's database ${file}.`,
      "Close the program that has it open.",
      { cause: error },
    );
  }
  return new BasinError(
    "storage",
    `Basin's database ${file} cannot be used: ${errorText(error)}.`,
    "Check the file's permissions and the disk.",
    {
      cause: error,
    },
  );
}
