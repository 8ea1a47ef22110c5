/**
 * Where Basin keeps its files: everything of a workspace inside `<workspace>/.basin`, sockets in a private runtime folder.
 * Invariant: the only place that knows these names; `.basin` ignores itself in git from the moment it exists.
 */
import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { BasinError } from "../core/errors.ts";

export interface WorkspaceFiles {
  /** `<workspace>/.basin`. */
  readonly folder: string;
  readonly database: string;
  /** Who owns the workspace and where it listens (`LockInfo` as JSON). */
  readonly lock: string;
  /** Held locked by the living engine; its content means nothing. */
  readonly guard: string;
  /** Structured log of the engine, JSON lines. */
  readonly log: string;
  /** What a starting engine wrote to standard error, for the case that it never got as far as its log. */
  readonly startLog: string;
}

/** Content of the lock file. */
export interface LockInfo {
  readonly pid: number;
  /** Start time of the process as the system tells it, to recognise a pid that was given to another process. */
  readonly processStart?: string;
  /** Different for every engine that ever ran. */
  readonly nonce: string;
  /** Path of the Unix socket, or name of the pipe. */
  readonly socket: string;
  readonly protocolVersion: number;
  readonly engineVersion: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** @param workspace absolute folder */
export function workspaceFiles(workspace: string): WorkspaceFiles {
  const folder = path.join(workspace, ".basin");
  return {
    folder,
    database: path.join(folder, "basin.db"),
    lock: path.join(folder, "engine.lock"),
    guard: path.join(folder, "engine.guard"),
    log: path.join(folder, "engine.log"),
    startLog: path.join(folder, "engine.start.log"),
  };
}

/** Folder of one trial: params.json, trainer.log, checkpoints. */
export function trialFolderOf(workspace: string, studyId: number, number: number): string {
  return path.join(studyFolderOf(workspace, studyId), "trials", String(number));
}

/** Folder of one trial's checkpoints. */
export function checkpointFolderOf(workspace: string, studyId: number, number: number): string {
  return path.join(trialFolderOf(workspace, studyId, number), "checkpoints");
}

/** Folder of everything a study leaves on disk besides the database. */
export function studyFolderOf(workspace: string, studyId: number): string {
  return path.join(workspace, ".basin", "studies", String(studyId));
}

/** What a study took from earlier ones when it began. */
export function warmStartFileOf(workspace: string, studyId: number): string {
  return path.join(studyFolderOf(workspace, studyId), "warm-start.bin");
}

/** Folder of prepared data, shared by all trials of the workspace. */
export function dataFolderOf(workspace: string): string {
  return path.join(workspace, ".basin", "data");
}

/** Log of a trial's trainer: everything the process printed that was not an event. */
export function trainerLogOf(workspace: string, studyId: number, number: number): string {
  return path.join(trialFolderOf(workspace, studyId, number), "trainer.log");
}

/**
 * Creates `.basin` with a `.gitignore` that hides it.
 * @throws BasinError `storage` when the workspace cannot be written
 */
export function ensureBasinFolder(workspace: string): WorkspaceFiles {
  const files = workspaceFiles(workspace);
  try {
    if (!statSync(workspace).isDirectory()) throw new Error("it is not a folder");
    mkdirSync(files.folder, { recursive: true });
    try {
      writeFileSync(path.join(files.folder, ".gitignore"), "*\n", { flag: "wx" });
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
  } catch (error) {
    throw new BasinError(
      "storage",
      `Basin cannot write its folder ${files.folder}: ${error instanceof Error ? error.message : String(error)}.`,
      "Check that the workspace folder exists and that you may write to it.",
      { cause: error },
    );
  }
  return files;
}

/** The lock file's content; undefined when there is none or it is unreadable. */
export function readLock(file: string): LockInfo | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const lock = value as Partial<LockInfo>;
    if (typeof lock.pid !== "number" || typeof lock.nonce !== "string" || typeof lock.socket !== "string")
      return undefined;
    return {
      pid: lock.pid,
      nonce: lock.nonce,
      socket: lock.socket,
      protocolVersion: typeof lock.protocolVersion === "number" ? lock.protocolVersion : 0,
      engineVersion: typeof lock.engineVersion === "string" ? lock.engineVersion : "",
      startedAt: typeof lock.startedAt === "number" ? lock.startedAt : 0,
      ...(typeof lock.processStart === "string" ? { processStart: lock.processStart } : {}),
    };
  } catch {
    return undefined;
  }
}

/** Twelve characters that stand for the workspace, the same whichever link led to it. */
export function workspaceHash(workspace: string): string {
  let real = workspace;
  try {
    real = realpathSync(workspace);
  } catch {
    // A folder that is gone has only its name left.
  }
  return createHash("sha256").update(real).digest("hex").slice(0, 12);
}

/** Start of the names of all sockets of a workspace, in `runtimeFolder()`. */
export function socketPrefix(workspace: string): string {
  return `${workspaceHash(workspace)}-`;
}

/**
 * Path for a new engine's socket; the folder is private to the user (0700, owner checked). On Windows a pipe's name.
 * @throws BasinError `engine-unavailable` when somebody else owns the folder
 */
export function newSocketPath(workspace: string, nonce: string): string {
  const name = `${socketPrefix(workspace)}${nonce.slice(0, 8)}`;
  if (process.platform === "win32") return `\\\\.\\pipe\\basin-${name}`;
  return path.join(runtimeFolder(), `${name}.sock`);
}

/** The folder of this user's sockets, created with mode 0700. Short, since a socket's path may have about 100 bytes. */
export function runtimeFolder(): string {
  const uid = process.getuid?.() ?? 0;
  const xdg = process.env["XDG_RUNTIME_DIR"];
  const bases = [xdg, os.tmpdir(), "/tmp"].filter(
    (base): base is string => base !== undefined && base !== "" && base.length <= 60,
  );
  let problem: unknown;
  for (const base of bases) {
    const folder = path.join(base, `basin-${uid}`);
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (error) {
      if (!isCode(error, "EEXIST")) {
        problem = error;
        continue;
      }
    }
    const status = lstatSync(folder);
    // A folder of somebody else's making, or a link to one, could hand our socket to them.
    if (!status.isDirectory() || status.uid !== uid) {
      problem = new Error(`${folder} belongs to another user`);
      continue;
    }
    if ((status.mode & 0o077) !== 0) chmodSync(folder, 0o700);
    return folder;
  }
  throw new BasinError(
    "engine-unavailable",
    `Basin found no private folder for its socket: ${problem instanceof Error ? problem.message : "none can be written"}.`,
    "Set XDG_RUNTIME_DIR or TMPDIR to a folder that you own.",
  );
}

/** Whether `error` carries this code of the system ("ENOENT"). */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code;
}
