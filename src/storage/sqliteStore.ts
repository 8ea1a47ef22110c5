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
import { type AttemptEnd, isFinal, type Parent, trialStates, type TrialState } from "../core/trial.ts";
import { openDatabase, type OpenOptions, storageError } from "./openDatabase.ts";
import { decodeRecord, encodeNumbers, numberOf, type Row, trialFromRow } from "./rows.ts";
import { SqliteReads } from "./sqliteReads.ts";
import { paused, prepareStatements, running, waiting } from "./statements.ts";
import type {
  MetricsChange,
  AttemptSteps,
  LogLine,
  NewStudy,
  StoredDecision,
  StoredReport,
  StudyRecord,
  StudyState,
  Suspension,
  TrialFinish,
  TrialRecord,
  TrialStart,
  TrialStore,
} from "./trialStore.ts";

const keptLogLines = 1000;
/** Trials whose rows go in one step of `purgeDeleted`. */
const purgePage = 100;

interface Counters {
  nextNumber: number;
  nextFinish: number;
  nextLine: number;
  nextDecision: number;
  readonly metrics: Map<string, number>;
  readonly objective: string;
}

/** Opens (and creates or migrates) the database. @throws BasinError `storage` */
export function openSqliteStore(options: OpenOptions): SqliteStore {
  return new SqliteStore(openDatabase(options), options.file);
}

export class SqliteStore extends SqliteReads implements TrialStore {
  readonly #db: Database.Database;
  readonly #counters = new Map<number, Counters>();
  /** The write-ahead log, for syncing; SQLite keeps the file as long as the database is open. */
  #log: number | undefined;
  #purging = true;

  constructor(db: Database.Database, file: string) {
    super(prepareStatements(db), file);
    this.#db = db;
  }

  createStudy(study: NewStudy): StudyRecord {
    return this.#durably(true, () => {
      const id = this.#transaction(() => {
        const generation = this.sql.lastGeneration.get(study.path, study.name) as number | null;
        return this.sql.insertStudy.run(
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

  updateStudyText(id: number, text: string): void {
    this.#durably(true, () => {
      if (this.sql.updateText.run(text, id).changes === 0) throw unknownStudy(id);
    });
  }

  setStudyState(id: number, state: StudyState, reason: string, at: number): void {
    this.#durably(true, () => {
      const before = this.#knownStudy(id);
      // From running to running is a restart after a crash: the time in between was not spent running.
      const restarted = before.state === "running" && state === "running";
      const spent = before.runningSince === undefined || restarted ? 0 : Math.max(0, at - before.runningSince);
      this.sql.setState.run(state, reason, before.elapsedMs + spent, state === "running" ? at : null, id);
    });
  }

  tickStudy(id: number, at: number): void {
    this.#durably(false, () => void this.sql.tick.run(at, at, id));
  }

  deleteStudy(id: number): void {
    this.#durably(true, () => {
      if (this.sql.hideStudy.run(id).changes === 0) throw unknownStudy(id);
      this.#counters.delete(id);
      this.#purging = true;
    });
  }

  purgeDeleted(): boolean {
    if (!this.#purging) return false;
    return this.#durably(false, () =>
      this.#transaction(() => {
        const id = this.sql.hiddenStudy.get() as number | undefined;
        if (id === undefined) return (this.#purging = false);
        const last = this.sql.lastNumber.get(id) as number | null;
        if (last === null) {
          for (const statement of this.sql.purgeStudy) statement.run(id);
          return true;
        }
        const from = last - purgePage;
        this.sql.purgeReports.run(id, from);
        this.sql.purgeAttempts.run(id, from);
        this.sql.purgeTrials.run(id, from);
        return true;
      }),
    );
  }

  addTrial(
    studyId: number,
    params: Params,
    suggestedBecause: string,
    at: number,
    plan?: { readonly untilStep?: number; readonly parent?: Parent },
  ): TrialRecord {
    return this.#durably(false, () => {
      const counters = this.#countersOf(studyId);
      const record = this.#insertTrial(studyId, counters.nextNumber, {
        params,
        suggestedBecause,
        createdAt: at,
        scheduled: plan !== undefined,
        ...(plan?.untilStep === undefined ? {} : { untilStep: plan.untilStep }),
        ...(plan?.parent === undefined ? {} : { parent: plan.parent }),
      });
      counters.nextNumber += 1;
      return record;
    });
  }

  #insertTrial(
    studyId: number,
    number: number,
    trial: Pick<TrialRecord, "params" | "suggestedBecause" | "createdAt" | "scheduled" | "untilStep" | "parent">,
  ): TrialRecord {
    this.sql.addTrial.run(
      studyId,
      number,
      JSON.stringify(trial.params),
      trial.suggestedBecause,
      trial.createdAt,
      trial.scheduled ? 1 : 0,
      trial.untilStep ?? null,
      trial.parent?.number ?? null,
      trial.parent?.step ?? null,
    );
    return {
      studyId,
      number,
      state: "waiting",
      values: [],
      metrics: {},
      attempt: 0,
      interruptions: 0,
      reason: "",
      ...trial,
    };
  }

  startTrial(studyId: number, number: number, run: TrialStart): TrialRecord {
    return this.#durably(false, () =>
      this.#transaction(() => {
        const row = this.sql.startTrial.get(run.slot, run.marker, run.at, run.untilStep ?? null, studyId, number);
        if (row === undefined) throw this.#refusal(studyId, number, "be started");
        const record = trialFromRow(row as Row);
        this.sql.beginAttempt.run(studyId, number, record.attempt, run.slot, run.at, run.fromStep ?? null);
        this.#decide(studyId, run.decision);
        return record;
      }),
    );
  }

  #decide(studyId: number, decision: StoredDecision | undefined): void {
    if (decision === undefined) return;
    const counters = this.#countersOf(studyId);
    const { at, number, step, reason, child } = decision;
    const detail = child === undefined ? null : JSON.stringify(child);
    this.sql.addDecision.run(studyId, counters.nextDecision, at, number, step, decision.decision, reason, detail);
    // A number that a rolled back transaction has used up is only a gap.
    counters.nextDecision += 1;
  }

  #endAttempt(
    studyId: number,
    number: number,
    end: { readonly at?: number; readonly steps?: AttemptSteps; readonly outcome: AttemptEnd },
  ): void {
    const { at, steps, outcome } = end;
    this.sql.endAttempt.run(at ?? null, steps?.from ?? null, steps?.to ?? null, outcome, studyId, number);
  }

  setTrialProcess(studyId: number, number: number, process: { pid?: number; placement?: string }): void {
    this.#durably(false, () => {
      const done = this.sql.setProcess.run(process.pid ?? null, process.placement ?? null, studyId, number);
      if (done.changes === 0) throw this.#refusal(studyId, number, "be given a process");
    });
  }

  clearTrialProcess(studyId: number, number: number): void {
    this.#durably(false, () => {
      if (this.sql.clearProcess.run(studyId, number).changes === 0) throw this.#refusal(studyId, number, "be changed");
    });
  }

  addReports(studyId: number, number: number, reports: readonly StoredReport[], decision?: StoredDecision): void {
    if (reports.length === 0 && decision === undefined) return;
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
              metric = Number(this.sql.addMetric.run(studyId, report.metric).lastInsertRowid);
              counters.metrics.set(report.metric, metric);
              added.push(report.metric);
            }
            this.sql.addReport.run(studyId, number, metric, report.step, report.value, report.at);
            if (report.metric === counters.objective && (last === undefined || report.step > last.step)) last = report;
          }
          const step = last?.step ?? -1;
          const done = this.sql.setLast.run(step, last?.value ?? null, step, step, studyId, number);
          if (done.changes === 0) throw this.#refusal(studyId, number, "take reports");
          this.#decide(studyId, decision);
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
      const done = this.sql.addCheckpoint.run(step, path, studyId, number);
      if (done.changes === 0) throw this.#refusal(studyId, number, "be given a checkpoint");
    });
  }

  adoptCheckpoint(studyId: number, number: number, copy: { step: number; path: string } | undefined): void {
    this.#durably(false, () =>
      this.#transaction(() => {
        if (copy !== undefined) this.addCheckpoint(studyId, number, copy.step, copy.path);
        this.sql.setParentStep.run(copy?.step ?? 0, studyId, number);
      }),
    );
  }

  suspendTrial(
    studyId: number,
    number: number,
    state: "paused" | "waiting",
    reason: string,
    suspension: Suspension = {},
  ): void {
    this.#durably(false, () =>
      this.#transaction(() => {
        const done = this.sql.suspend.run(
          state === "paused" ? paused : waiting,
          reason,
          suspension.interrupted === true ? 1 : 0,
          suspension.processLeft === true ? 1 : 0,
          suspension.processLeft === true ? 1 : 0,
          studyId,
          number,
        );
        if (done.changes === 0) throw this.#refusal(studyId, number, `be put to ${state}`);
        this.#endAttempt(studyId, number, { ...suspension, outcome: state === "paused" ? "paused" : "interrupted" });
        this.#decide(studyId, suspension.decision);
      }),
    );
  }

  finishTrial(studyId: number, number: number, finish: TrialFinish): TrialRecord | undefined {
    if (finish.state === "complete" ? finish.values.length === 0 : finish.values.length > 0) {
      throw new BasinError("invalid-argument", `A ${finish.state} trial has ${finish.values.length} objective values.`);
    }
    return this.#durably(true, () => {
      const counters = this.#countersOf(studyId);
      const child = this.#transaction(() => {
        const done = this.sql.finish.run(
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
        this.#endAttempt(studyId, number, { ...finish, outcome: finish.state });
        this.#decide(studyId, finish.decision);
        if (finish.child === undefined) return undefined;
        const { because, ...rest } = finish.child;
        return this.#insertTrial(studyId, counters.nextNumber, {
          ...rest,
          suggestedBecause: because,
          createdAt: finish.at,
          scheduled: true,
        });
      });
      counters.nextFinish += 1;
      if (child !== undefined) counters.nextNumber += 1;
      return child;
    });
  }

  amendMetrics(studyId: number, changes: readonly MetricsChange[]): void {
    this.#durably(false, () =>
      this.#transaction(() => {
        for (const { number, metrics } of changes) {
          const row = this.sql.finalMetrics.get(studyId, number) as Row | undefined;
          if (row === undefined) throw this.#refusal(studyId, number, "get further metrics");
          const all = { ...decodeRecord(row[0] as string), ...metrics };
          this.sql.amendMetrics.run(encodeNumbers(all), studyId, number);
        }
      }),
    );
  }

  trialCount(studyId: number): number {
    return this.read(() => this.#countersOf(studyId).nextNumber);
  }

  reportsBetween(
    studyId: number,
    metric: string,
    from: number,
    to: number,
  ): { number: number; step: number; value: number }[] {
    return this.read(() => {
      const id = this.#countersOf(studyId).metrics.get(metric);
      if (id === undefined) return [];
      return (this.sql.reportsBetween.all(studyId, from, to, id) as Row[]).map((row) => ({
        number: row[0] as number,
        step: row[1] as number,
        value: numberOf(row[2]),
      }));
    });
  }

  reportedMetrics(studyId: number): string[] {
    return this.read(() => [...this.#countersOf(studyId).metrics.keys()]);
  }

  addLog(studyId: number, lines: readonly LogLine[]): void {
    if (lines.length === 0) return;
    this.#durably(false, () => {
      const counters = this.#countersOf(studyId);
      const first = counters.nextLine;
      this.#transaction(() => {
        let line = first;
        for (const entry of lines) {
          this.sql.addLog.run(studyId, line, entry.at, entry.level, entry.source, entry.number ?? null, entry.message);
          line += 1;
        }
        if (Math.floor(line / 100) !== Math.floor(first / 100)) this.sql.trimLog.run(studyId, line - keptLogLines);
      });
      counters.nextLine = first + lines.length;
    });
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
        (this.sql.metrics.all(studyId) as Row[]).map((row) => [row[1] as string, row[0] as number]),
      );
      counters = {
        nextNumber: ((this.sql.lastNumber.get(studyId) as number | null) ?? -1) + 1,
        nextFinish: ((this.sql.lastFinish.get(studyId) as number | null) ?? -1) + 1,
        nextDecision: ((this.sql.lastDecisionId.get(studyId) as number | null) ?? -1) + 1,
        nextLine: ((this.sql.lastLine.get(studyId) as number | null) ?? -1) + 1,
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
    this.sql.begin.run();
    try {
      const result = work();
      this.sql.commit.run();
      return result;
    } catch (error) {
      if (this.#db.inTransaction) this.sql.rollback.run();
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
      if (full && this.file !== ":memory:") {
        this.#log ??= openSync(`${this.file}-wal`, "r+");
        fdatasyncSync(this.#log);
      }
      return result;
    } catch (error) {
      throw storageError(error, this.file);
    }
  }
}

function unknownStudy(id: number): BasinError {
  return new BasinError("unknown-study", `There is no study ${id}.`, "It may have been deleted; refresh the list.");
}
