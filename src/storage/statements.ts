/**
 * Every SQL statement of the store, prepared once. With migrations/ and the few pragmas of openDatabase.ts, all SQL of Basin.
 * Invariant: values only ever come as bound parameters.
 */
import type Database from "better-sqlite3";
import { trialStates } from "../core/trial.ts";
import { attemptColumns, decisionColumns, indexedColumns, outcomeColumns, studyColumns, trialColumns } from "./rows.ts";

/** States as the database holds them. */
export const waiting = trialStates.indexOf("waiting");
export const running = trialStates.indexOf("running");
export const paused = trialStates.indexOf("paused");

export type Statements = ReturnType<typeof prepareStatements>;

/** `sql` runs, `rows` answers arrays of cells, `values` the first cell of each row. */
export function prepareStatements(db: Database.Database) {
  const sql = (source: string): Database.Statement => db.prepare(source);
  const rows = (source: string): Database.Statement => db.prepare(source).raw();
  const values = (source: string): Database.Statement => db.prepare(source).pluck();
  return {
    begin: sql("BEGIN IMMEDIATE"),
    commit: sql("COMMIT"),
    rollback: sql("ROLLBACK"),

    lastGeneration: values("SELECT max(generation) FROM studies WHERE path = ? AND name = ?"),
    insertStudy: sql(
      "INSERT INTO studies (name, path, generation, text, format, objective, state, created_at) VALUES (?, ?, ?, ?, ?, ?, 'created', ?)",
    ),
    findStudy: rows(
      `SELECT ${studyColumns} FROM studies WHERE path = ? AND name = ? AND deleted = 0 ORDER BY generation DESC LIMIT 1`,
    ),
    study: rows(`SELECT ${studyColumns} FROM studies WHERE id = ? AND deleted = 0`),
    studies: rows(`SELECT ${studyColumns} FROM studies WHERE deleted = 0 ORDER BY id`),
    updateText: sql("UPDATE studies SET text = ? WHERE id = ? AND deleted = 0"),
    setState: sql("UPDATE studies SET state = ?, reason = ?, elapsed_ms = ?, running_since = ? WHERE id = ?"),
    tick: sql(
      "UPDATE studies SET elapsed_ms = elapsed_ms + max(0, ? - running_since), running_since = ? WHERE id = ? AND running_since IS NOT NULL",
    ),
    // A generation below zero frees the name for the next study of this file.
    hideStudy: sql(
      "UPDATE studies SET deleted = 1, generation = -id, running_since = NULL WHERE id = ? AND deleted = 0",
    ),
    hiddenStudy: values("SELECT id FROM studies WHERE deleted = 1 LIMIT 1"),
    purgeReports: sql("DELETE FROM reports WHERE study_id = ? AND number > ?"),
    purgeAttempts: sql("DELETE FROM attempts WHERE study_id = ? AND number > ?"),
    purgeTrials: sql("DELETE FROM trials WHERE study_id = ? AND number > ?"),
    purgeStudy: [
      sql("DELETE FROM metrics WHERE study_id = ?"),
      sql("DELETE FROM log WHERE study_id = ?"),
      sql("DELETE FROM decisions WHERE study_id = ?"),
      sql("DELETE FROM studies WHERE id = ?"),
    ],

    lastNumber: values("SELECT max(number) FROM trials WHERE study_id = ?"),
    lastFinish: values("SELECT max(finish_order) FROM trials WHERE study_id = ? AND finish_order IS NOT NULL"),
    lastDecisionId: values("SELECT max(id) FROM decisions WHERE study_id = ?"),
    lastLine: values("SELECT max(line) FROM log WHERE study_id = ?"),
    addTrial: sql(
      `INSERT INTO trials (study_id, number, state, params, suggested_because, created_at, scheduled, until_step, parent, parent_step)
       VALUES (?, ?, ${waiting}, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    startTrial: rows(
      `UPDATE trials SET state = ${running}, attempt = attempt + 1, slot = ?, marker = ?, started_at = ?, until_step = ?,
         pid = NULL, reason = '', finished_at = NULL, scheduled = 1
       WHERE study_id = ? AND number = ? AND state IN (${waiting}, ${paused}) RETURNING ${trialColumns}`,
    ),
    setProcess: sql(
      `UPDATE trials SET pid = coalesce(?, pid), placement = coalesce(?, placement)
       WHERE study_id = ? AND number = ? AND state = ${running}`,
    ),
    clearProcess: sql("UPDATE trials SET pid = NULL, marker = NULL WHERE study_id = ? AND number = ?"),
    addMetric: sql("INSERT INTO metrics (study_id, name) VALUES (?, ?)"),
    metrics: rows("SELECT id, name FROM metrics WHERE study_id = ? ORDER BY id"),
    addReport: sql(
      "INSERT INTO reports (study_id, number, metric_id, step, value, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    ),
    setLast: sql(
      `UPDATE trials SET last_value = iif(? > coalesce(last_step, -1), ?, last_value), last_step = iif(? > coalesce(last_step, -1), ?, last_step)
       WHERE study_id = ? AND number = ? AND state = ${running}`,
    ),
    addCheckpoint: sql(
      "UPDATE trials SET checkpoint_step = ?, checkpoint_path = ? WHERE study_id = ? AND number = ? AND state < 3",
    ),
    setParentStep: sql("UPDATE trials SET parent_step = ? WHERE study_id = ? AND number = ?"),
    suspend: sql(
      `UPDATE trials SET state = ?, reason = ?, interruptions = interruptions + ?,
         pid = iif(?, pid, NULL), marker = iif(?, marker, NULL)
       WHERE study_id = ? AND number = ? AND state = ${running}`,
    ),
    finish: sql(
      `UPDATE trials SET state = ?, objectives = ?, metrics = ?, reason = ?, finished_at = ?, finish_order = ?,
         pid = iif(?, pid, NULL), marker = iif(?, marker, NULL)
       WHERE study_id = ? AND number = ? AND (state IN (${running}, ${paused}) OR (state = ${waiting} AND ? = ${waiting}))`,
    ),

    finalMetrics: rows("SELECT metrics FROM trials WHERE study_id = ? AND number = ? AND finish_order IS NOT NULL"),
    amendMetrics: sql("UPDATE trials SET metrics = ? WHERE study_id = ? AND number = ?"),

    trial: rows(`SELECT ${trialColumns} FROM trials WHERE study_id = ? AND number = ?`),
    trials: rows(`SELECT ${trialColumns} FROM trials WHERE study_id = ? AND number >= ? ORDER BY number LIMIT ?`),
    indexedTrials: rows(
      `SELECT ${indexedColumns} FROM trials WHERE study_id = ? AND number >= ? ORDER BY number LIMIT ?`,
    ),
    outcomes: rows(`SELECT ${outcomeColumns} FROM trials WHERE study_id = ? AND number >= ? ORDER BY number LIMIT ?`),
    runningTrials: rows(
      `SELECT ${trialColumns} FROM trials WHERE study_id = ? AND state < 3 AND state = ${running} ORDER BY number`,
    ),
    openTrials: rows(`SELECT ${trialColumns} FROM trials WHERE study_id = ? AND state < 3 ORDER BY number`),
    // Deleted studies too: a process does not end because its study is hidden.
    leftProcesses: rows("SELECT study_id, number, pid, marker FROM trials WHERE marker IS NOT NULL"),
    reports: rows(
      `SELECT m.name, r.step, r.value, r.at FROM reports r JOIN metrics m ON m.id = r.metric_id
       WHERE r.study_id = ? AND r.number = ? ORDER BY r.metric_id, r.step`,
    ),
    reportsBetween: rows(
      "SELECT number, step, value FROM reports WHERE study_id = ? AND number >= ? AND number < ? AND metric_id = ? ORDER BY number, step",
    ),
    finishOrder: values(
      "SELECT number FROM trials WHERE study_id = ? AND finish_order >= ? ORDER BY finish_order LIMIT ?",
    ),
    addDecision: sql(
      "INSERT INTO decisions (study_id, id, at, number, step, decision, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    ),
    decisions: rows(`SELECT ${decisionColumns} FROM decisions WHERE study_id = ? ORDER BY id DESC LIMIT ?`),
    lastDecision: rows(
      `SELECT ${decisionColumns} FROM decisions WHERE study_id = ? AND number = ? ORDER BY id DESC LIMIT 1`,
    ),
    beginAttempt: sql(
      "INSERT INTO attempts (study_id, number, attempt, slot, started_at, from_step) VALUES (?, ?, ?, ?, ?, ?)",
    ),
    endAttempt: sql(
      `UPDATE attempts SET ended_at = coalesce(?, started_at), from_step = coalesce(?, from_step), to_step = ?, outcome = ?
       WHERE study_id = ? AND number = ? AND ended_at IS NULL`,
    ),
    attempts: rows(
      `SELECT ${attemptColumns} FROM attempts WHERE study_id = ? AND number >= ? AND number < ? ORDER BY number, attempt`,
    ),
    spent: rows(
      `SELECT total(max(0, ended_at - started_at)), total(max(0, to_step - from_step)), count(DISTINCT number)
       FROM attempts WHERE study_id = ?`,
    ),
    addLog: sql("INSERT INTO log (study_id, line, at, level, source, number, message) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    trimLog: sql("DELETE FROM log WHERE study_id = ? AND line < ?"),
    log: rows("SELECT at, level, source, number, message FROM log WHERE study_id = ? ORDER BY line DESC LIMIT ?"),
  };
}
