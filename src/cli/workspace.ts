/**
 * Which workspace a study belongs to: the nearest folder at or above it with `.basin`, `.git` or `.vscode`; without one the
 * study's own folder. The home folder does not count by its `.vscode`, which is where VS Code keeps its extensions.
 */
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";

const marks = [".basin", ".git", ".vscode"] as const;

/**
 * @param folder absolute folder of the study, or the current folder
 * @param home for tests
 */
export function workspaceOf(folder: string, home = os.homedir()): string {
  for (let at = folder; ; at = path.dirname(at)) {
    const found = marks.filter((mark) => existsSync(path.join(at, mark)));
    if (found.length > 0 && !(at === home && found.every((mark) => mark === ".vscode"))) return at;
    if (path.dirname(at) === at) return folder;
  }
}

/** The workspace of a study file, or the one given by `--workspace`. */
export function workspaceFor(studyFile: string, given: string | undefined): string {
  return given === undefined ? workspaceOf(path.dirname(studyFile)) : path.resolve(given);
}

/** The workspace of a command that names no file: that of the current folder, or the one given by `--workspace`. */
export function workspaceHere(given: string | undefined): string {
  return given === undefined ? workspaceOf(process.cwd()) : path.resolve(given);
}
