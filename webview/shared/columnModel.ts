/**
 * The columns a person can see, sort, filter and brush, made from `TrialColumns`: one description for table, filter,
 * parallel axes and export. Invariant: `values` has one number per trial (codes for categories), NaN where there is none.
 */
import type { NumberColumn, TrialColumns } from "../../src/core/columns.ts";
import { formatDuration, formatNumber, formatValue } from "../../src/core/format.ts";
import type { Direction } from "../../src/core/objective.ts";
import type { ParamValue } from "../../src/core/space/parameter.ts";
import { trialStates } from "../../src/core/trial.ts";

export type ColumnRole = "number" | "state" | "objective" | "param" | "metric" | "step" | "duration";

export interface PanelColumn {
  /** Unique; what sort, brushes and hidden columns are kept under. */
  readonly key: string;
  readonly label: string;
  /** Shown after the label in the header; empty if the values have none. */
  readonly unit: string;
  readonly role: ColumnRole;
  readonly align: "left" | "right";
  readonly values: Float64Array;
  readonly categories?: readonly ParamValue[];
  readonly direction?: Direction;
  /** Domain of a numeric parameter. */
  readonly domain?: Pick<NumberColumn, "low" | "high" | "scale" | "integer">;
  /** Names the filter knows it by. */
  readonly names: readonly string[];
}

/** Keys of columns that are no parameter and no metric; no study file can name a parameter like this. */
export const columnKeys = { number: "$number", state: "$state", step: "$step", duration: "$duration" } as const;

/** Columns in the table's order: #, state, objectives, parameters, other metrics, epochs, time. O(trials * columns). */
export function panelColumns(data: TrialColumns): readonly PanelColumn[] {
  const columns: PanelColumn[] = [];
  const taken = new Set<string>();
  const add = (column: Omit<PanelColumn, "names"> & { readonly aliases?: readonly string[] }): void => {
    const { aliases = [], ...rest } = column;
    let key = column.key;
    while (taken.has(key)) key = `${key} (${column.role})`;
    const names = [...new Set([key, ...aliases])].filter((name) => !taken.has(name));
    for (const name of names) taken.add(name);
    columns.push({ ...rest, key, names });
  };
  const params = data.params.map((param) => param.name);
  const free = (...names: readonly string[]): readonly string[] => names.filter((name) => !params.includes(name));

  const numbers = Float64Array.from(data.number);
  add({
    key: columnKeys.number,
    label: "#",
    unit: "",
    role: "number",
    align: "right",
    values: numbers,
    aliases: free("number", "trial"),
  });
  const states = Float64Array.from(data.state);
  add({
    key: columnKeys.state,
    label: "state",
    unit: "",
    role: "state",
    align: "left",
    values: states,
    categories: trialStates,
    aliases: free("state"),
  });
  for (const objective of data.objectives) {
    const { metric, direction, values } = objective;
    add({ key: metric, label: metric, unit: "", role: "objective", align: "right", values, direction });
  }
  for (const param of data.params) {
    const { name } = param;
    if (param.kind === "number") {
      const { values, low, high, scale, integer } = param;
      add({
        key: name,
        label: name,
        unit: "",
        role: "param",
        align: "right",
        values,
        domain: { low, high, scale, integer },
      });
    } else {
      const values = new Float64Array(data.count);
      for (let i = 0; i < data.count; i++) values[i] = param.codes[i]! < 0 ? Number.NaN : param.codes[i]!;
      const align = param.categories.every((category) => typeof category === "number") ? "right" : "left";
      add({ key: name, label: name, unit: "", role: "param", align, values, categories: param.categories });
    }
  }
  for (const { metric, values } of data.metrics) {
    add({ key: metric, label: metric, unit: "", role: "metric", align: "right", values });
  }
  add({
    key: columnKeys.step,
    label: "epochs",
    unit: "",
    role: "step",
    align: "right",
    values: data.lastStep,
    aliases: free("epochs", "step"),
  });
  const durations = new Float64Array(data.count);
  for (let i = 0; i < data.count; i++) durations[i] = data.finishedAt[i]! - data.startedAt[i]!;
  add({
    key: columnKeys.duration,
    label: "time",
    unit: "",
    role: "duration",
    align: "right",
    values: durations,
    aliases: free("time", "duration"),
  });
  return columns;
}

/** What the filter compares with: numbers as they are, categories as their value, durations in seconds. */
export function filterValue(column: PanelColumn, row: number): ParamValue {
  const value = column.values[row]!;
  if (Number.isNaN(value)) return null;
  if (column.categories !== undefined) return column.categories[value] ?? null;
  return column.role === "duration" ? value / 1000 : value;
}

/** The value as shown in a cell; empty for a parameter that is not active. */
export function cellText(column: PanelColumn, row: number): string {
  const value = column.values[row]!;
  if (Number.isNaN(value)) return column.role === "param" ? "" : "–";
  if (column.categories !== undefined) return formatValue(column.categories[value] ?? null);
  return column.role === "duration" ? formatDuration(value) : formatNumber(value);
}

/** The value in full, for hover, copying and export; empty where there is none. */
export function fullText(column: PanelColumn, row: number): string {
  const value = column.values[row]!;
  if (Number.isNaN(value)) return "";
  if (column.categories !== undefined) return String(column.categories[value] ?? null);
  return column.role === "duration" ? String(value / 1000) : String(value);
}

/** Header of a column in an exported file; durations say their unit. */
export function exportName(column: PanelColumn): string {
  return column.role === "duration" ? "seconds" : column.role === "number" ? "number" : column.label;
}

/**
 * Numbers that sort as a person expects: numeric categories by value, others by text, states in their order.
 * Sorting by code would give the order of the study file.
 */
export function sortValues(column: PanelColumn): Float64Array {
  const { categories, values } = column;
  if (categories === undefined || column.role === "state") return values;
  const codes = categories.map((_, code) => code);
  codes.sort((a, b) => compareValues(categories[a] ?? null, categories[b] ?? null));
  const rank = new Float64Array(categories.length);
  codes.forEach((code, position) => (rank[code] = position));
  return values.map((code) => (Number.isNaN(code) ? Number.NaN : rank[code]!));
}

function compareValues(a: ParamValue, b: ParamValue): number {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en");
}

/**
 * How good each trial is, 0 (worst) to 1 (best), by rank of the first objective, so that one diverged value does not spend
 * the whole scale. NaN where there is no value. `order` is the index of finite values best first followed by the others.
 */
export function goodness(objective: Float64Array, bestFirst: Int32Array): Float32Array {
  const result = new Float32Array(objective.length).fill(Number.NaN);
  let count = 0;
  for (let i = 0; i < objective.length; i++) if (!Number.isNaN(objective[i]!)) count++;
  for (let i = 0; i < count; i++) result[bestFirst[i]!] = count === 1 ? 1 : 1 - i / (count - 1);
  return result;
}
