/**
 * Results of sharpness and landscapes on disk: one file each in the trial's folder, and a list of them in the study's.
 * Invariant: a file under its final name is whole, and its name follows from trial, request and weights; a line of the list is
 * written after its file, so what is listed is there or was deleted since.
 */
import { appendFile, mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { studyFolderOf, trialFolderOf } from "../../client/workspaceFiles.ts";
import type { FlatnessRequest, FlatnessResult } from "../../core/flatness.ts";
import { numbersFromJson, numbersToJson } from "../../trainers/diagnoseProtocol.ts";

/** One line of the list. */
export interface KeptFlatness {
  readonly id: string;
  readonly number: number;
  readonly request: FlatnessRequest;
  /** Ms since 1970. */
  readonly at: number;
}

const fileOf = (workspace: string, studyId: number, number: number, id: string): string =>
  path.join(trialFolderOf(workspace, studyId, number), "flatness", `${id}.json`);

const listOf = (workspace: string, studyId: number): string =>
  path.join(studyFolderOf(workspace, studyId), "flatness.jsonl");

export async function keepFlatness(
  workspace: string,
  studyId: number,
  kept: KeptFlatness,
  result: FlatnessResult,
): Promise<void> {
  const file = fileOf(workspace, studyId, kept.number, kept.id);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.tmp`, numbersToJson(result));
  await rename(`${file}.tmp`, file);
  await listFlatness(workspace, studyId, kept);
}

async function listFlatness(workspace: string, studyId: number, kept: KeptFlatness): Promise<void> {
  await appendFile(listOf(workspace, studyId), `${JSON.stringify(kept)}\n`);
}

/** undefined when it has not been computed, or its file is gone or unreadable. */
export async function readFlatness(
  workspace: string,
  studyId: number,
  number: number,
  id: string,
): Promise<FlatnessResult | undefined> {
  try {
    const text = await readFile(fileOf(workspace, studyId, number, id), "utf8");
    return numbersFromJson(JSON.parse(text)) as FlatnessResult;
  } catch {
    return undefined;
  }
}

/** Everything that has been computed and is still there, in the order in which it was. */
export async function listedFlatness(workspace: string, studyId: number): Promise<KeptFlatness[]> {
  let text: string;
  try {
    text = await readFile(listOf(workspace, studyId), "utf8");
  } catch {
    return [];
  }
  const byId = new Map<string, KeptFlatness>();
  for (const line of text.split("\n")) {
    const kept = parsed(line);
    if (kept !== undefined) byId.set(kept.id, kept);
  }
  const there = await Promise.all(
    [...byId.values()].map(async (kept) => {
      const file = fileOf(workspace, studyId, kept.number, kept.id);
      return (await stat(file).catch(() => undefined)) === undefined ? [] : [kept];
    }),
  );
  return there.flat();
}

/** A line that a killed engine has left half written is none. */
function parsed(line: string): KeptFlatness | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && "id" in value ? (value as KeptFlatness) : undefined;
  } catch {
    return undefined;
  }
}
