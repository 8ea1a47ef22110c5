/**
 * How records look in rows of the database.
 * Invariant: decoding what was encoded gives the same record, NaN and infinities included.
 */
import type { Params } from "../core/space/parameter.ts";
import { trialStates } from "../core/trial.ts";
import type {
  IndexedTrial,
  LogLine,
  NewChild,
  StoredAttempt,
  StoredDecision,
  StudyRecord,
  StudyState,
  TrialOutcome,
  TrialRecord,
} from "./trialStore.ts";

/** Columns of a trial in the order that `trialFromRow` reads. */
export const trialColumns =
  "study_id, number, state, params, objectives, metrics, attempt, interruptions, suggested_because, reason, created_at, " +
  "started_at, finished_at, slot, placement, pid, marker, until_step, checkpoint_step, checkpoint_path, last_step, last_value, scheduled, parent, parent_step";

/** Columns in the order that `indexedFromRow` reads. */
export const indexedColumns =
  "number, state, params, objectives, metrics, started_at, finished_at, slot, last_step, last_value, parent, parent_step";

/** Columns in the order that `outcomeFromRow` reads. */
export const outcomeColumns = "number, state, objectives, parent IS NOT NULL";

/** Columns in the order that `decisionFromRow` reads. */
export const decisionColumns = "at, number, step, decision, reason, detail";

/** Columns in the order that `attemptFromRow` reads. */
export const attemptColumns = "number, attempt, slot, started_at, ended_at, from_step, to_step, outcome";

export const studyColumns =
  "id, name, path, generation, text, format, objective, state, reason, created_at, elapsed_ms, running_since";

export type Cell = number | string | null;
export type Row = readonly Cell[];

/** JSON with non-finite numbers as strings ("NaN", "Infinity", "-Infinity"). */
export function encodeNumbers(value: readonly number[] | Readonly<Record<string, number>>): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "number" && !Number.isFinite(item) ? String(item) : item,
  );
}

/** What `encodeNumbers` was given. */
export function decodeList(text: string): number[] {
  if (text === "[]") return [];
  return (JSON.parse(text) as (number | string)[]).map(Number);
}

/** What `encodeNumbers` was given. */
export function decodeRecord(text: string): Record<string, number> {
  if (text === "{}") return {};
  const record = JSON.parse(text) as Record<string, number>;
  if (text.includes('"NaN"') || text.includes('Infinity"')) {
    for (const key of Object.keys(record)) record[key] = Number(record[key]);
  }
  return record;
}

/** A number that SQLite stores as NULL when it is NaN. */
export function numberOf(cell: Cell | undefined): number {
  return typeof cell === "number" ? cell : Number.NaN;
}

/** A row selected with `trialColumns`. Written out field by field: it runs 100,000 times when a large study is opened. */
export function trialFromRow(row: Row): TrialRecord {
  const record: { -readonly [K in keyof TrialRecord]: TrialRecord[K] } = {
    studyId: row[0] as number,
    number: row[1] as number,
    state: trialStates[row[2] as number] ?? "failed",
    params: JSON.parse(row[3] as string) as Params,
    values: decodeList(row[4] as string),
    metrics: decodeRecord(row[5] as string),
    attempt: row[6] as number,
    interruptions: row[7] as number,
    suggestedBecause: row[8] as string,
    reason: row[9] as string,
    createdAt: row[10] as number,
    scheduled: row[22] === 1,
  };
  if (typeof row[11] === "number") record.startedAt = row[11];
  if (typeof row[12] === "number") record.finishedAt = row[12];
  if (typeof row[13] === "number") record.slot = row[13];
  if (typeof row[14] === "string") record.placement = row[14];
  if (typeof row[15] === "number") record.pid = row[15];
  if (typeof row[16] === "string") record.marker = row[16];
  if (typeof row[17] === "number") record.untilStep = row[17];
  if (typeof row[18] === "number") record.checkpoint = { step: row[18], path: row[19] as string };
  if (typeof row[20] === "number") record.last = { step: row[20], value: numberOf(row[21]) };
  if (typeof row[23] === "number") record.parent = { number: row[23], step: row[24] as number };
  return record;
}

/** A row selected with `indexedColumns`. */
export function indexedFromRow(row: Row): IndexedTrial {
  const trial: { -readonly [K in keyof IndexedTrial]: IndexedTrial[K] } = {
    number: row[0] as number,
    state: trialStates[row[1] as number] ?? "failed",
    params: JSON.parse(row[2] as string) as Params,
    values: decodeList(row[3] as string),
    metrics: decodeRecord(row[4] as string),
  };
  if (typeof row[5] === "number") trial.startedAt = row[5];
  if (typeof row[6] === "number") trial.finishedAt = row[6];
  if (typeof row[7] === "number") trial.slot = row[7];
  if (typeof row[8] === "number") trial.last = { step: row[8], value: numberOf(row[9]) };
  if (typeof row[10] === "number") trial.parent = { number: row[10], step: row[11] as number };
  return trial;
}

/** A row selected with `outcomeColumns`. */
export function outcomeFromRow(row: Row): TrialOutcome {
  return {
    number: row[0] as number,
    state: trialStates[row[1] as number] ?? "failed",
    values: decodeList(row[2] as string),
    isChild: row[3] === 1,
  };
}

/** A row selected with `decisionColumns`. */
export function decisionFromRow(row: Row): StoredDecision {
  return {
    at: row[0] as number,
    number: row[1] as number,
    step: row[2] as number,
    decision: row[3] as StoredDecision["decision"],
    reason: row[4] as string,
    ...(typeof row[5] === "string" ? { child: JSON.parse(row[5]) as NewChild } : {}),
  };
}

/** A row selected with `attemptColumns`. Written out: thousands of them are read for one picture. */
export function attemptFromRow(row: Row): StoredAttempt {
  const attempt: { -readonly [K in keyof StoredAttempt]: StoredAttempt[K] } = {
    number: row[0] as number,
    attempt: row[1] as number,
    slot: row[2] as number,
    startedAt: row[3] as number,
    outcome: row[7] as StoredAttempt["outcome"],
  };
  if (typeof row[4] === "number") attempt.endedAt = row[4];
  if (typeof row[5] === "number") attempt.fromStep = row[5];
  if (typeof row[6] === "number") attempt.toStep = row[6];
  return attempt;
}

/** A row selected with `studyColumns`. */
export function studyFromRow(row: Row): StudyRecord {
  return {
    id: row[0] as number,
    name: row[1] as string,
    path: row[2] as string,
    generation: row[3] as number,
    text: row[4] as string,
    format: row[5] as "yaml" | "json",
    objective: row[6] as string,
    state: row[7] as StudyState,
    reason: row[8] as string,
    createdAt: row[9] as number,
    elapsedMs: row[10] as number,
    ...(typeof row[11] === "number" ? { runningSince: row[11] } : {}),
  };
}

/** A row of at, level, source, number, message. */
export function logFromRow(row: Row): LogLine {
  return {
    at: row[0] as number,
    level: row[1] as LogLine["level"],
    source: row[2] as LogLine["source"],
    ...(typeof row[3] === "number" ? { number: row[3] } : {}),
    message: row[4] as string,
  };
}
