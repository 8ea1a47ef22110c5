/**
 * Version 2 of the database: whose checkpoint a trial began with, what schedulers decided and why, and who ran where and when.
 * Steps that are not known are NULL.
 */
export const schedules = `
ALTER TABLE trials ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;
ALTER TABLE trials ADD COLUMN parent INTEGER;
ALTER TABLE trials ADD COLUMN parent_step INTEGER;

CREATE INDEX trials_children ON trials (study_id, number) WHERE parent IS NOT NULL;

CREATE TABLE decisions (
  study_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  at REAL NOT NULL,
  number INTEGER NOT NULL,
  step INTEGER NOT NULL,
  decision TEXT NOT NULL CHECK (decision IN ('promote', 'pause', 'stop', 'exploit', 'drop')),
  reason TEXT NOT NULL,
  detail TEXT,
  PRIMARY KEY (study_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX decisions_of_trial ON decisions (study_id, number, id);

CREATE TABLE attempts (
  study_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  started_at REAL NOT NULL,
  ended_at REAL,
  from_step INTEGER,
  to_step INTEGER,
  outcome TEXT NOT NULL DEFAULT 'running',
  PRIMARY KEY (study_id, number, attempt)
) STRICT, WITHOUT ROWID;
`;
