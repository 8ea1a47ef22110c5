/**
 * Version 1 of the database. A migration is never edited once released: a change is a new file.
 * NaN is stored as NULL (SQLite has no NaN), states as their index in `trialStates`, times as milliseconds since 1970.
 */
export const initial = `
CREATE TABLE studies (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  path TEXT NOT NULL,
  generation INTEGER NOT NULL,
  text TEXT NOT NULL,
  format TEXT NOT NULL CHECK (format IN ('yaml', 'json')),
  objective TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('created', 'running', 'paused', 'complete', 'stopped', 'failed')),
  reason TEXT NOT NULL DEFAULT '',
  created_at REAL NOT NULL,
  elapsed_ms REAL NOT NULL DEFAULT 0,
  running_since REAL,
  deleted INTEGER NOT NULL DEFAULT 0,
  UNIQUE (path, name, generation)
) STRICT;

CREATE TABLE trials (
  study_id INTEGER NOT NULL REFERENCES studies (id),
  number INTEGER NOT NULL CHECK (number >= 0),
  state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 5),
  params TEXT NOT NULL,
  objectives TEXT NOT NULL DEFAULT '[]',
  metrics TEXT NOT NULL DEFAULT '{}',
  attempt INTEGER NOT NULL DEFAULT 0,
  interruptions INTEGER NOT NULL DEFAULT 0,
  suggested_because TEXT NOT NULL,
  reason TEXT NOT NULL DEFAULT '',
  created_at REAL NOT NULL,
  started_at REAL,
  finished_at REAL,
  slot INTEGER,
  placement TEXT,
  pid INTEGER,
  marker TEXT,
  until_step INTEGER,
  checkpoint_step INTEGER,
  checkpoint_path TEXT,
  last_step INTEGER,
  last_value REAL,
  finish_order INTEGER,
  PRIMARY KEY (study_id, number)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX trials_finished ON trials (study_id, finish_order) WHERE finish_order IS NOT NULL;
CREATE INDEX trials_open ON trials (study_id, number) WHERE state < 3;
CREATE INDEX trials_process ON trials (study_id, number) WHERE marker IS NOT NULL;

CREATE TABLE metrics (
  id INTEGER PRIMARY KEY,
  study_id INTEGER NOT NULL REFERENCES studies (id),
  name TEXT NOT NULL,
  UNIQUE (study_id, name)
) STRICT;

CREATE TABLE reports (
  study_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  metric_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  value REAL,
  at REAL NOT NULL,
  PRIMARY KEY (study_id, number, metric_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
  study_id INTEGER NOT NULL,
  line INTEGER NOT NULL,
  at REAL NOT NULL,
  level TEXT NOT NULL,
  source TEXT NOT NULL,
  number INTEGER,
  message TEXT NOT NULL,
  PRIMARY KEY (study_id, line)
) STRICT, WITHOUT ROWID;
`;
