/**
 * Fills a database with a finished study of any size, for tests and benchmarks of everything that reads large studies.
 * Invariant: what it writes is what the engine would have left: numbers, finish order, states and reports agree.
 */
import type Database from "better-sqlite3";
import { rngForKey } from "../../core/rng.ts";
import { trialStates } from "../../core/trial.ts";
import { openDatabase } from "../openDatabase.ts";

export interface GeneratedStudy {
  /** Absolute path of the database; its folder exists. */
  readonly file: string;
  readonly name: string;
  /** Absolute path of the study file it belongs to. */
  readonly path: string;
  readonly trials: number;
  /** Intermediate reports of each of the last `reported` trials. */
  readonly reports?: number;
  readonly reported?: number;
  /** Trials of the study's budget; default `trials`. */
  readonly budget?: number;
}

/** Text of a study with five parameters as `generateStudy` fills it. */
export function generatedStudyText(name: string, budget: number, parallel = 1): string {
  return `study: ${name}
objective: { metric: val_accuracy, direction: maximize }
trainer: { kind: command, run: [node, train.js], epochs: 20 }
space:
  depth: { type: int, low: 1, high: 4 }
  width: { type: int, low: 16, high: 512, log: true }
  learningRate: { type: float, low: 1e-5, high: 1, log: true }
  optimizer: { type: categorical, choices: [sgd, adam, rmsprop] }
  momentum: { type: float, low: 0.7, high: 0.99, when: { optimizer: sgd } }
sampler: { kind: random }
scheduler: { kind: none }
budget: { trials: ${budget}, parallel: ${parallel} }
seed: 7
`;
}

/** Adds the study in one transaction; returns its id. About 10 µs a trial. */
export function generateStudy(options: GeneratedStudy): number {
  const db = openDatabase({ file: options.file });
  try {
    return db.transaction(() => fill(db, options))();
  } finally {
    db.close();
  }
}

function fill(db: Database.Database, options: GeneratedStudy): number {
  const { name, trials, reports = 0, reported = trials } = options;
  const rng = rngForKey(`generate/${name}`);
  const text = generatedStudyText(name, options.budget ?? trials);
  const start = 1_700_000_000_000;
  const studyId = Number(
    db
      .prepare(
        `INSERT INTO studies (name, path, generation, text, format, objective, state, reason, created_at, elapsed_ms)
         VALUES (?, ?, 1, ?, 'yaml', 'val_accuracy', 'complete', ?, ?, ?)`,
      )
      .run(name, options.path, text, `The budget of ${trials} trials is used.`, start, trials * 500).lastInsertRowid,
  );
  const metricId = Number(
    db.prepare("INSERT INTO metrics (study_id, name) VALUES (?, 'val_accuracy')").run(studyId).lastInsertRowid,
  );
  const trial = db.prepare(
    `INSERT INTO trials (study_id, number, state, params, objectives, metrics, attempt, suggested_because, reason, created_at,
       started_at, finished_at, slot, placement, last_step, last_value, finish_order)
     VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, 'wasm, 1 thread', ?, ?, ?)`,
  );
  const report = db.prepare(
    "INSERT INTO reports (study_id, number, metric_id, step, value, at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  for (let number = 0; number < trials; number++) {
    const optimizer = rng.choice(["sgd", "adam", "rmsprop"]);
    const rate = 10 ** (-5 + 5 * rng.next());
    const params = {
      depth: 1 + rng.int(4),
      width: Math.round(16 * 32 ** rng.next()),
      learningRate: rate,
      optimizer,
      ...(optimizer === "sgd" ? { momentum: 0.7 + 0.29 * rng.next() } : {}),
    };
    const best = 0.98 * Math.exp(-((Math.log10(rate) + 2.5) ** 2) / 6) - 0.02 * Math.abs(rng.normal());
    const draw = rng.next();
    const state = draw < 0.02 ? "failed" : draw < 0.2 ? "pruned" : "complete";
    const steps = state === "complete" ? Math.max(reports, 20) : 5;
    const value = best * (1 - Math.exp(-steps / 6));
    const at = start + Math.floor(number / 2) * 1000;
    trial.run(
      studyId,
      number,
      trialStates.indexOf(state),
      JSON.stringify(params),
      state === "complete" ? JSON.stringify([value]) : "[]",
      JSON.stringify({ val_accuracy: value, val_loss: 1 - value }),
      "generated",
      state === "failed" ? "The trainer failed with exit code 1." : state === "pruned" ? "Worse than the median." : "",
      at,
      at,
      at + 200 + rng.int(1500),
      number % 2,
      steps,
      value,
      number,
    );
    if (number < trials - reported) continue;
    for (let step = 1; step <= Math.min(reports, steps); step++) {
      const noise = step === steps ? 0 : 0.01 * rng.normal();
      report.run(studyId, number, metricId, step, best * (1 - Math.exp(-step / 6)) + noise, at + step);
    }
  }
  return studyId;
}
