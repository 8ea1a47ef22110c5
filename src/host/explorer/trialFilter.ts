/**
 * The filter of the Trials view: states ("running failed"), or an expression over parameters, metrics, `state` and `number`.
 * Invariant: pure; states are filtered by the engine, expressions on columns, which stay fast at 100,000 trials.
 */
import type { ParamColumn, TrialColumns } from "../../core/columns.ts";
import { isTruthy, parseExpression, type Expression } from "../../core/expression/expression.ts";
import { isBetter } from "../../core/objective.ts";
import type { ParamValue } from "../../core/space/parameter.ts";
import { trialStates, type TrialState } from "../../core/trial.ts";
import type { TrialRow } from "../../protocol/engine.ts";

export interface TrialFilter {
  /** As the person wrote it. */
  readonly text: string;
  /** Trial states to show; undefined = all. */
  readonly states?: readonly TrialState[];
  readonly expression?: Expression;
}

export type ParsedFilter =
  | { readonly ok: true; readonly filter: TrialFilter | undefined }
  | { readonly ok: false; readonly message: string };

function isTrialState(word: string): word is TrialState {
  return (trialStates as readonly string[]).includes(word);
}

/** An empty text is no filter. */
export function parseFilter(text: string): ParsedFilter {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: true, filter: undefined };
  const words = trimmed.toLowerCase().split(/[\s,|]+/);
  if (words.every(isTrialState)) return { ok: true, filter: { text: trimmed, states: words } };
  const parsed = parseExpression(trimmed);
  if (!parsed.ok) return { ok: false, message: parsed.message };
  if (
    !parsed.expression.isCondition ||
    (parsed.expression.names.length === 1 && parsed.expression.names[0] === trimmed)
  ) {
    return {
      ok: false,
      message:
        "Say which trials to keep: a state (running, complete, failed ...) or a condition such as val_accuracy > 0.95.",
    };
  }
  return { ok: true, filter: { text: trimmed, expression: parsed.expression } };
}

function paramAt(column: ParamColumn, i: number): ParamValue {
  if (column.kind === "number") {
    const value = column.values[i] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  }
  const code = column.codes[i] ?? -1;
  return code < 0 ? null : (column.categories[code] ?? null);
}

function numberAt(values: Float64Array, i: number): number | null {
  const value = values[i] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}

/** What each name of a filter stands for, looked up by trial index. Parameters win over metrics of the same name. */
function readers(columns: TrialColumns): Map<string, (i: number) => ParamValue> {
  const found = new Map<string, (i: number) => ParamValue>();
  found.set("number", (i) => columns.number[i] ?? null);
  found.set("state", (i) => trialStates[columns.state[i] ?? 0] ?? null);
  for (const metric of columns.metrics) found.set(metric.metric, (i) => numberAt(metric.values, i));
  columns.objectives.forEach((objective, k) =>
    found.set(
      objective.metric,
      (i) => numberAt(objective.values, i) ?? (k === 0 ? numberAt(columns.lastValue, i) : null),
    ),
  );
  for (const param of columns.params) found.set(param.name, (i) => paramAt(param, i));
  return found;
}

/** Names of a filter that mean nothing in this study (a bare word on the right of a comparison is a value and not listed). */
export function filterScope(columns: TrialColumns): (i: number) => (name: string) => ParamValue | undefined {
  const known = readers(columns);
  return (i) => (name) => known.get(name)?.(i);
}

/**
 * Indices of the trials that satisfy `expression`, in steps so that the caller can let others run in between.
 * O(trials x expression).
 */
export function* matchingTrials(
  columns: TrialColumns,
  expression: Expression,
  step = 2000,
): Generator<undefined, number[]> {
  const scope = filterScope(columns);
  const matches: number[] = [];
  for (let i = 0; i < columns.count; i++) {
    if (isTruthy(expression.evaluate(scope(i)))) matches.push(i);
    if (i % step === step - 1) yield undefined;
  }
  return matches;
}

/** Sorts indices as the engine sorts rows: best first with unfinished ones last, or newest first. */
export function sortTrials(columns: TrialColumns, indices: number[], sort: "best" | "number"): number[] {
  const objective = columns.objectives[0];
  if (sort === "number" || objective === undefined) return indices.sort((a, b) => b - a);
  const { values, direction } = objective;
  return indices.sort((a, b) => {
    const x = values[a] ?? Number.NaN;
    const y = values[b] ?? Number.NaN;
    if (isBetter(x, y, direction)) return -1;
    return isBetter(y, x, direction) ? 1 : a - b;
  });
}

/** One trial of the columns as a row. What columns do not hold (reason, planned steps) is left out. */
export function rowOf(columns: TrialColumns, i: number): TrialRow {
  const params: Record<string, ParamValue> = {};
  for (const column of columns.params) {
    const value = paramAt(column, i);
    if (value !== null) params[column.name] = value;
  }
  const state = trialStates[columns.state[i] ?? 0] ?? "waiting";
  const last = numberAt(columns.lastValue, i);
  const startedAt = numberAt(columns.startedAt, i);
  const finishedAt = numberAt(columns.finishedAt, i);
  return {
    number: columns.number[i] ?? i,
    state,
    params,
    values: state === "complete" ? columns.objectives.map((objective) => objective.values[i] ?? Number.NaN) : [],
    ...(last === null ? {} : { last: { step: columns.lastStep[i] ?? Number.NaN, value: last } }),
    ...(startedAt === null ? {} : { startedAt }),
    ...(finishedAt === null ? {} : { finishedAt }),
    reason: "",
  };
}
