/**
 * Which study a command means: the path of its file, its name, `name#generation`, or the id that `basin list` shows.
 * Invariant: of several generations the newest is meant unless one is named.
 */
import path from "node:path";
import { BasinError } from "../core/errors.ts";
import { studyFormatOf } from "../core/study/format.ts";
import type { StudySummary } from "../protocol/engine.ts";
import type { Asker } from "./session.ts";
import { workspaceFor, workspaceHere } from "./workspace.ts";

/** The workspace to look in. */
export function workspaceOfRef(ref: string, given: string | undefined): string {
  return studyFormatOf(ref) === undefined ? workspaceHere(given) : workspaceFor(path.resolve(ref), given);
}

/** @throws BasinError `unknown-study` */
export async function findStudy(client: Asker, ref: string): Promise<StudySummary> {
  return pickStudy(await client.request("study.list", {}), ref);
}

/** The study of `studies` that `ref` means. @throws BasinError `unknown-study` */
export function pickStudy(studies: readonly StudySummary[], ref: string): StudySummary {
  const newestFirst = [...studies].sort((a, b) => b.id - a.id);
  const file = path.resolve(ref);
  const [, name = ref, generation] = /^(.*)#(\d+)$/.exec(ref) ?? [];
  const found =
    newestFirst.find((study) => study.path === file) ??
    newestFirst.find(
      (study) => study.name === name && (generation === undefined || study.generation === Number(generation)),
    ) ??
    newestFirst.find((study) => String(study.id) === ref.replace(/^#/, ""));
  if (found !== undefined) return found;
  const names = [...new Set(newestFirst.map((study) => study.name))];
  throw new BasinError(
    "unknown-study",
    `No study "${ref}" has been started here.`,
    names.length === 0 ? "Start one with: basin run <study file>" : `Known are: ${names.join(", ")}.`,
  );
}
