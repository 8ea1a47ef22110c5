/**
 * The store on SQLite (WAL); its SQL stands in statements.ts.
 * Invariant: every method is one transaction; a finished trial or a study's end is synced to the disk before the method
 * returns, everything else survives the death of the process.
 * The engine is the only user, so counters of numbers and finish order are kept in memory between calls.
 */
import { closeSync, fdatasyncSync, openSync } from "node:fs";
import type Database from "better-sqlite3";
import { BasinError } from "../core/errors.ts";
import type { Params } from "../core/space/parameter.ts";
import { isFinal, trialStates, type TrialState } from "../core/trial.ts";
import { openDatabase, type OpenOptions, storageError } from "./openDatabase.ts";
import {
  encodeNumbers,
  indexedFromRow,
  logFromRow,
  numberOf,
  outcomeFromRow,
  type Row,
  studyFromRow,
  trialFromRow,
} from "./rows.ts";
import { paused, prepareStatements, running, type Statements, waiting } from "./statements.ts";
import type {
  IndexedTrial,
  LogLine,
  NewStudy,
  StoredReport,
  StudyRecord,
  StudyState,
  Suspension,
  TrialFinish,
  TrialOutcome,
  TrialRecord,
  TrialStore,
} from "./trialStore.ts";

const keptLogLines = 1000;
/** Trials whose rows go in one step of `purgeDeleted`. */
const purgePage = 100;

interface Counters {
  nextNumber: number;
  nextFinish: number;
  nextLine: number;
  readonly metrics: Map<string, number>;
  readonly objective: string;
}

/** Opens (and creates or migrates) the database. @throws BasinError `storage` */
export function openSqliteStore(options: OpenOptions): SqliteStore {
  return new SqliteStore(openDatabase(options), options.file);
}

export class SqliteStore implements TrialStore {
  readonly #db: Database.Database;
  readonly #file: string;
  readonly #sql: Statements;
  readonly #counters = new Map<number, Counters>();
  /** The write-ahead log, for syncing; SQLite keeps the file as long as the database is open. */
  #log: number | undefined;
  #purging = true;

  constructor(db: Database.Database, file: string) {
    this.#db = db;
    this.#file = file;
    this.#sql = prepareStatements(db);
  }

  createStudy(study: NewStudy): StudyRecord {
    return this.#durably(true, () => {
      const id = this.#transaction(() => {
        const generation = this.#sql.lastGeneration.get(study.path, study.name) as number | null;
        return this.#sql.insertStudy.run(
          study.name,
          study.path,
          (generation ?? 0) + 1,
          study.text,
          study.format,
          study.objective,
          study.createdAt,
        ).lastInsertRowid;
      });
      return this.#knownStudy(Number(id));
    });
  }

  findStudy(path: string, name: string): StudyRecord | undefined {
    return this.#read(() => {
      const row = this.#sql.findStudy.get(path, name) as Row | undefined;
      return row === undefined ? undefined : studyFromRow(row);
    });
  }

  study(id: number): StudyRecord | undefined {
    return this.#read(() => {
      const row = this.#sql.study.get(id) as Row | undefined;
      return row === undefined ? undefined : studyFromRow(row);
    });
  }

  studies(): StudyRecord[] {
    return this.#read(() => (this.#sql.studies.all() as Row[]).map(studyFromRow));
  }

  updateStudyText(id: number, text: string): void {
    this.#durably(true, () => {
      if (this.#sql.updateText.run(text, id).changes === 0) throw unknownStudy(id);
    });
  }

  setStudyState(id: number, state: StudyState, reason: string, at: number): void {
    this.#durably(true, () => {
      const before = this.#knownStudy(id);
      // From running to running is a restart after a crash: the time in between was not spent running.
      const restarted = before.state === "running" && state === "running";
      const spent = before.runningSince === undefined || restarted ? 0 : Math.max(0, at - before.runningSince);
      this.#sql.setState.run(state, reason, before.elapsedMs + spent, state === "running" ? at : null, id);
    });
  }

  tickStudy(id: number, at: number): void {
    this.#durably(false, () => void this.#sql.tick.run(at, at, id));
  }

  deleteStudy(id: number): void {
    this.#durably(true, () => {
      if (this.#sql.hideStudy.run(id).changes === 0) throw unknownStudy(id);
      this.#counters.delete(id);
      this.#purging = true;
    });
  }

  purgeDeleted(): boolean {
    if (!this.#purging) return false;
    return this.#durably(false, () =>
      this.#transaction(() => {
        const id = this.#sql.hiddenStudy.get() as number | undefined;
        if (id === undefined) return (this.#purging = false);
        const last = this.#sql.lastNumber.get(id) as number | null;
        if (last === null) {
          for (const statement of this.#sql.purgeStudy) statement.run(id);
          return true;
        }
        const from = last - purgePage;
        this.#sql.purgeReports.run(id, from);
        this.#sql.purgeTrials.run(id, from);
        return true;
      }),
    );
  }

  addTrial(studyId: number, params: Params, suggestedBecause: string, at: number): TrialRecord {
    return this.#durably(false, () => {
      const counters = this.#countersOf(studyId);
      const number = counters.nextNumber;
      this.#sql.addTrial.run(studyId, number, JSON.stringify(params), suggestedBecause, at);
      counters.nextNumber = number + 1;
      return {
        studyId,
        number,
        state: "waiting",
        params,
        values: [],
        metrics: {},
        attempt: 0,
        interruptions: 0,
        suggestedBecause,
        reason: "",
        createdAt: at,
      };
    });
  }

  startTrial(
    studyId: number,
    number: number,
    run: { slot: number; marker: string; at: number; untilStep?: number },
  ): TrialRecord {
    return this.#durably(false, () => {
      const row = this.#sql.startTrial.get(run.slot, run.marker, run.at, run.untilStep ?? null, studyId, number);
      if (row === undefined) throw this.#refusal(studyId, number, "be started");
      return trialFromRow(row as Row);
    });
  }

  setTrialProcess(studyId: number, number: number, process: { pid?: number; placement?: string }): void {
    this.#durably(false, () => {
      const done = this.#sql.setProcess.run(process.pid ?? null, process.placement ?? null, studyId, number);
      if (done.changes === 0) throw this.#refusal(studyId, number, "be given a process");
    });
  }

  clearTrialProcess(studyId: number, number: number): void {
    this.#durably(false, () => {
      if (this.#sql.clearProcess.run(studyId, number).changes === 0) throw this.#refusal(studyId, number, "be changed");
    });
  }

  addReports(studyId: number, number: number, reports: readonly StoredReport[]): void {
    if (reports.length === 0) return;
    this.#durably(false, () => {
      const counters = this.#countersOf(studyId);
      const added: string[] = [];
      try {
        this.#transaction(() => {
          // The first report of a step counts, so the first one of the greatest step is the last report.
          let last: StoredReport | undefined;
          for (const report of reports) {
            let metric = counters.metrics.get(report.metric);
            if (metric === undefined) {
              metric = Number(this.#sql.addMetric.run(studyId, report.metric).lastInsertRowid);
              counters.metrics.set(report.metric, metric);
              added.push(report.metric);
            }
            this.#sql.addReport.run(studyId, number, metric, report.step, report.value, report.at);
            if (report.metric === counters.objective && (last === undefined || report.step > last.step)) last = report;
          }
          const step = last?.step ?? -1;
          const done = this.#sql.setLast.run(step, last?.value ?? null, step, step, studyId, number);
          if (done.changes === 0) throw this.#refusal(studyId, number, "take reports");
        });
      } catch (error) {
        // What was rolled back must not be remembered.
        for (const name of added) counters.metrics.delete(name);
        throw error;
      }
    });
  }

  addCheckpoint(studyId: number, number: number, step: number, path: string): void {
    this.#durably(false, () => {
      const done = this.#sql.addCheckpoint.run(step, path, studyId, number);
      if (done.changes === 0) throw this.#refusal(studyId, number, "be given a checkpoint");
    });
  }

  suspendTrial(
    studyId: number,
    number: number,
    state: "paused" | "waiting",
    reason: string,
    suspension: Suspension = {},
  ): void {
    this.#durably(false, () => {
      const done = this.#sql.suspend.run(
        state === "paused" ? paused : waiting,
        reason,
        suspension.interrupted === true ? 1 : 0,
        suspension.processLeft === true ? 1 : 0,
        suspension.processLeft === true ? 1 : 0,
        studyId,
        number,
      );
      if (done.changes === 0) throw this.#refusal(studyId, number, `be put to ${state}`);
    });
  }

  finishTrial(studyId: number, number: number, finish: TrialFinish): void {
    if (finish.state === "complete" ? finish.values.length === 0 : finish.values.length > 0) {
      throw new BasinError("invalid-argument", `A ${finish.state} trial has ${finish.values.length} objective values.`);
    }
    this.#durably(true, () => {
      const counters = this.#countersOf(studyId);
      const done = this.#sql.finish.run(
        trialStates.indexOf(finish.state),
        encodeNumbers(finish.values),
        encodeNumbers(finish.metrics),
        finish.reason,
        finish.at,
        counters.nextFinish,
        finish.processLeft === true ? 1 : 0,
        finish.processLeft === true ? 1 : 0,
        studyId,
        number,
        // A trial that never ran can only fail.
        finish.state === "failed" ? waiting : running,
      );
      if (done.changes === 0) throw this.#refusal(studyId, number, `become ${finish.state}`);
      counters.nextFinish += 1;
    });
  }

  trial(studyId: number, number: number): TrialRecord | undefined {
    return this.#read(() => {
      const row = this.#sql.trial.get(studyId, number) as Row | undefined;
      return row === undefined ? undefined : trialFromRow(row);
    });
  }

  trials(studyId: number, from: number, limit: number): TrialRecord[] {
    return this.#read(() => (this.#sql.trials.all(studyId, from, limit) as Row[]).map(trialFromRow));
  }

  indexedTrials(studyId: number, from: number, limit: number): IndexedTrial[] {
    return this.#read(() => (this.#sql.indexedTrials.all(studyId, from, limit) as Row[]).map(indexedFromRow));
  }

  outcomes(studyId: number, from: number, limit: number): TrialOutcome[] {
    return this.#read(() => (this.#sql.outcomes.all(studyId, from, limit) as Row[]).map(outcomeFromRow));
  }

  trialCount(studyId: number): number {
    return this.#read(() => this.#countersOf(studyId).nextNumber);
  }

  openTrials(studyId: number): TrialRecord[] {
    return this.#read(() => (this.#sql.openTrials.all(studyId) as Row[]).map(trialFromRow));
  }

  leftProcesses(): { studyId: number; number: number; pid: number; marker: string }[] {
    return this.#read(() =>
      (this.#sql.leftProcesses.all() as Row[]).map((row) => ({
        studyId: row[0] as number,
        number: row[1] as number,
        pid: (row[2] as number | null) ?? 0,
        marker: row[3] as string,
      })),
    );
  }

  reports(studyId: number, number: number): StoredReport[] {
    return this.#read(() =>
      (this.#sql.reports.all(studyId, number) as Row[]).map((row) => ({
        metric: row[0] as string,
        step: row[1] as number,
        value: numberOf(row[2]),
        at: row[3] as number,
      })),
    );
  }

  reportsBetween(
    studyId: number,
    metric: string,
    from: number,
    to: number,
  ): { number: number; step: number; value: number }[] {
    return this.#read(() => {
      const id = this.#countersOf(studyId).metrics.get(metric);
      if (id === undefined) return [];
      return (this.#sql.reportsBetween.all(studyId, from, to, id) as Row[]).map((row) => ({
        number: row[0] as number,
        step: row[1] as number,
        value: numberOf(row[2]),
      }));
    });
  }

  reportedMetrics(studyId: number): string[] {
    return this.#read(() => [...this.#countersOf(studyId).metrics.keys()]);
  }

  finishOrder(studyId: number, from = 0, limit = -1): number[] {
    // Finish order counts from 0 without a gap, so skipping is a look-up and not a scan.
    return this.#read(() => this.#sql.finishOrder.all(studyId, from, limit) as number[]);
  }

  addLog(studyId: number, lines: readonly LogLine[]): void {
    if (lines.length === 0) return;
    this.#durably(false, () => {
      const counters = this.#countersOf(studyId);
      const first = counters.nextLine;
      this.#transaction(() => {
        let line = first;
        for (const entry of lines) {
          this.#sql.addLog.run(studyId, line, entry.at, entry.level, entry.source, entry.number ?? null, entry.message);
          line += 1;
        }
        if (Math.floor(line / 100) !== Math.floor(first / 100)) this.#sql.trimLog.run(studyId, line - keptLogLines);
      });
      counters.nextLine = first + lines.length;
    });
  }

  log(studyId: number, limit: number): LogLine[] {
    return this.#read(() => (this.#sql.log.all(studyId, limit) as Row[]).map(logFromRow).toReversed());
  }

  close(): void {
    if (!this.#db.open) return;
    if (this.#log !== undefined) closeSync(this.#log);
    this.#db.pragma("optimize");
    this.#db.close();
  }

  #knownStudy(id: number): StudyRecord {
    const record = this.study(id);
    if (record === undefined) throw unknownStudy(id);
    return record;
  }

  #countersOf(studyId: number): Counters {
    let counters = this.#counters.get(studyId);
    if (counters === undefined) {
      const { objective } = this.#knownStudy(studyId);
      const metrics = new Map(
        (this.#sql.metrics.all(studyId) as Row[]).map((row) => [row[1] as string, row[0] as number]),
      );
      counters = {
        nextNumber: ((this.#sql.lastNumber.get(studyId) as number | null) ?? -1) + 1,
        nextFinish: ((this.#sql.lastFinish.get(studyId) as number | null) ?? -1) + 1,
        nextLine: ((this.#sql.lastLine.get(studyId) as number | null) ?? -1) + 1,
        metrics,
        objective,
      };
      this.#counters.set(studyId, counters);
    }
    return counters;
  }

  /** Why a change of state did not happen, in words. */
  #refusal(studyId: number, number: number, what: string): BasinError {
    const record = this.trial(studyId, number);
    if (record === undefined) {
      return new BasinError("unknown-trial", `Study ${studyId} has no trial ${number}.`, "It may have been deleted.");
    }
    const state: TrialState = record.state;
    return new BasinError(
      "wrong-state",
      `Trial ${number} is ${state} and cannot ${what}.`,
      isFinal(state) ? "A finished trial never changes." : "",
    );
  }

  #transaction<T>(work: () => T): T {
    this.#sql.begin.run();
    try {
      const result = work();
      this.#sql.commit.run();
      return result;
    } catch (error) {
      if (this.#db.inTransaction) this.#sql.rollback.run();
      throw error;
    }
  }

  /**
   * Runs a change. With `full`, what has been committed is on the disk when this returns: in WAL mode a commit is its frames
   * at the end of the log, so one sync of that file does what `synchronous = FULL` would, for this commit and all before it,
   * without changing the pragma twice per trial.
   */
  #durably<T>(full: boolean, work: () => T): T {
    try {
      const result = work();
      if (full && this.#file !== ":memory:") {
        this.#log ??= openSync(`${this.#file}-wal`, "r+");
        fdatasyncSync(this.#log);
      }
      return result;
    } catch (error) {
      throw storageError(error, this.#file);
    }
  }

  #read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(error, this.#file);
    }
  }
}

function unknownStudy(id: number): BasinError {
  return new BasinError("unknown-study", `There is no study ${id}.`, "It may have been deleted; refresh the list.");
}
