/**
 * What is read from the database as it stands there, without a thought of what is kept in memory.
 * Invariant: reads only; every failure is a BasinError `storage`.
 */
import { storageError } from "./openDatabase.ts";
import {
  attemptFromRow,
  decisionFromRow,
  indexedFromRow,
  logFromRow,
  numberOf,
  outcomeFromRow,
  type Row,
  studyFromRow,
  trialFromRow,
} from "./rows.ts";
import type { Statements } from "./statements.ts";
import type {
  IndexedTrial,
  LogLine,
  StoredAttempt,
  StoredDecision,
  StoredReport,
  StudyRecord,
  TrialOutcome,
  TrialRecord,
} from "./trialStore.ts";

export class SqliteReads {
  protected readonly sql: Statements;
  protected readonly file: string;

  constructor(sql: Statements, file: string) {
    this.sql = sql;
    this.file = file;
  }

  findStudy(path: string, name: string): StudyRecord | undefined {
    return this.read(() => {
      const row = this.sql.findStudy.get(path, name) as Row | undefined;
      return row === undefined ? undefined : studyFromRow(row);
    });
  }

  study(id: number): StudyRecord | undefined {
    return this.read(() => {
      const row = this.sql.study.get(id) as Row | undefined;
      return row === undefined ? undefined : studyFromRow(row);
    });
  }

  studies(): StudyRecord[] {
    return this.read(() => (this.sql.studies.all() as Row[]).map(studyFromRow));
  }

  trial(studyId: number, number: number): TrialRecord | undefined {
    return this.read(() => {
      const row = this.sql.trial.get(studyId, number) as Row | undefined;
      return row === undefined ? undefined : trialFromRow(row);
    });
  }

  trials(studyId: number, from: number, limit: number): TrialRecord[] {
    return this.read(() => (this.sql.trials.all(studyId, from, limit) as Row[]).map(trialFromRow));
  }

  indexedTrials(studyId: number, from: number, limit: number): IndexedTrial[] {
    return this.read(() => (this.sql.indexedTrials.all(studyId, from, limit) as Row[]).map(indexedFromRow));
  }

  outcomes(studyId: number, from: number, limit: number): TrialOutcome[] {
    return this.read(() => (this.sql.outcomes.all(studyId, from, limit) as Row[]).map(outcomeFromRow));
  }

  runningTrials(studyId: number): TrialRecord[] {
    return this.read(() => (this.sql.runningTrials.all(studyId) as Row[]).map(trialFromRow));
  }

  openTrials(studyId: number): TrialRecord[] {
    return this.read(() => (this.sql.openTrials.all(studyId) as Row[]).map(trialFromRow));
  }

  leftProcesses(): { studyId: number; number: number; pid: number; marker: string }[] {
    return this.read(() =>
      (this.sql.leftProcesses.all() as Row[]).map((row) => ({
        studyId: row[0] as number,
        number: row[1] as number,
        pid: (row[2] as number | null) ?? 0,
        marker: row[3] as string,
      })),
    );
  }

  reports(studyId: number, number: number): StoredReport[] {
    return this.read(() =>
      (this.sql.reports.all(studyId, number) as Row[]).map((row) => ({
        metric: row[0] as string,
        step: row[1] as number,
        value: numberOf(row[2]),
        at: row[3] as number,
      })),
    );
  }

  finishOrder(studyId: number, from = 0, limit = -1): number[] {
    // Finish order counts from 0 without a gap, so skipping is a look-up and not a scan.
    return this.read(() => this.sql.finishOrder.all(studyId, from, limit) as number[]);
  }

  log(studyId: number, limit: number): LogLine[] {
    return this.read(() => (this.sql.log.all(studyId, limit) as Row[]).map(logFromRow).toReversed());
  }

  decisions(studyId: number, limit: number): StoredDecision[] {
    return this.read(() => (this.sql.decisions.all(studyId, limit) as Row[]).map(decisionFromRow).toReversed());
  }

  lastDecision(studyId: number, number: number): StoredDecision | undefined {
    return this.read(() => {
      const row = this.sql.lastDecision.get(studyId, number) as Row | undefined;
      return row === undefined ? undefined : decisionFromRow(row);
    });
  }

  attempts(studyId: number, from: number, to: number): StoredAttempt[] {
    return this.read(() => (this.sql.attempts.all(studyId, from, to) as Row[]).map(attemptFromRow));
  }

  spent(studyId: number): { busyMs: number; steps: number; begun: number } {
    return this.read(() => {
      const row = this.sql.spent.get(studyId) as Row;
      return { busyMs: row[0] as number, steps: row[1] as number, begun: row[2] as number };
    });
  }

  protected read<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw storageError(error, this.file);
    }
  }
}
