/**
 * A study as a file for other programs: CSV (one line a trial) or JSON (everything, reports left out).
 * Invariant: non-finite numbers are written as NaN, Infinity and -Infinity (JSON: as strings); a field is quoted when it must
 * be, so that any text survives.
 */
import { BasinError } from "../core/errors.ts";
import type { TrialRecord } from "../storage/trialStore.ts";
import { breathe } from "./clock.ts";
import type { Study } from "./study.ts";

const pageSize = 200;

/** @throws BasinError `cancelled` */
export async function exportText(
  study: Study,
  format: "csv" | "json",
  signal: AbortSignal | undefined,
): Promise<string> {
  await study.index.load();
  const objectives = study.objectives.map((objective) => objective.metric);
  const params = study.definition?.space.map((parameter) => parameter.name) ?? [];
  const metrics = study.index.metricNames().filter((name) => !objectives.includes(name));
  const parts: string[] = [];
  if (format === "csv") {
    parts.push(
      csvLine([
        "number",
        "state",
        ...objectives,
        ...params.map((name) => `param.${name}`),
        ...metrics.map((name) => `metric.${name}`),
        "started",
        "finished",
        "attempt",
        "last_step",
        "last_value",
        "reason",
      ]),
    );
  }
  for (let from = 0; ; from += pageSize) {
    const page = study.parts.store.trials(study.id, from, pageSize);
    for (const record of page)
      parts.push(format === "csv" ? csvRecord(record, objectives, params, metrics) : jsonRecord(record, objectives));
    if (page.length < pageSize) break;
    await breathe();
    if (signal?.aborted === true) throw new BasinError("cancelled", "Cancelled.");
  }
  if (format === "csv") return parts.join("");
  const { record } = study;
  const head = JSON.stringify({
    study: record.name,
    path: record.path,
    generation: record.generation,
    state: record.state,
    objectives: study.objectives,
    space: study.definition?.space ?? [],
  });
  return `${head.slice(0, -1)},"trials":[\n${parts.join(",\n")}\n]}\n`;
}

function csvRecord(
  record: TrialRecord,
  objectives: readonly string[],
  params: readonly string[],
  metrics: readonly string[],
): string {
  return csvLine([
    record.number,
    record.state,
    ...objectives.map((_, i) => record.values[i]),
    ...params.map((name) => (Object.hasOwn(record.params, name) ? record.params[name] : undefined)),
    ...metrics.map((name) => (Object.hasOwn(record.metrics, name) ? record.metrics[name] : undefined)),
    time(record.startedAt),
    time(record.finishedAt),
    record.attempt,
    record.last?.step,
    record.last?.value,
    record.reason,
  ]);
}

function jsonRecord(record: TrialRecord, objectives: readonly string[]): string {
  return JSON.stringify(
    {
      number: record.number,
      state: record.state,
      params: record.params,
      values: Object.fromEntries(record.values.map((value, i) => [objectives[i] ?? String(i), value])),
      metrics: record.metrics,
      started: time(record.startedAt),
      finished: time(record.finishedAt),
      attempt: record.attempt,
      suggestedBecause: record.suggestedBecause,
      reason: record.reason,
      last: record.last,
    },
    (_key, value: unknown) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value),
  );
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** One line of CSV (RFC 4180). Null is an empty field like one that is not there. */
function csvLine(fields: readonly (string | number | boolean | null | undefined)[]): string {
  return `${fields
    .map((field) => {
      const text = field === undefined || field === null ? "" : String(field);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(",")}\n`;
}
