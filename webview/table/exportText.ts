/**
 * Trials as text to copy or save: CSV (RFC 4180), TSV for spreadsheets, JSON.
 * Invariant: full precision, columns in the table's order, and no cell that a spreadsheet would run as a formula.
 */
import type { PanelColumn } from "../shared/columnModel.ts";
import { exportName, fullText } from "../shared/columnModel.ts";

/** A field of CSV; quoted when it must be, and text that starts like a formula gets an apostrophe in front. */
export function csvField(text: string): string {
  const safe = /^[=+@\t\r]/.test(text) || (text.startsWith("-") && Number.isNaN(Number(text))) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Any table as CSV with a header line. */
export function csvTable(header: readonly string[], rows: Iterable<readonly string[]>): string {
  const lines = [header.map(csvField).join(",")];
  for (const row of rows) lines.push(row.map(csvField).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

export function trialsAsCsv(columns: readonly PanelColumn[], rows: Int32Array): string {
  const cells = function* (): Generator<readonly string[]> {
    for (const row of rows) yield columns.map((column) => fullText(column, row));
  };
  return csvTable(columns.map(exportName), cells());
}

/** Rows for the clipboard; tabs and line breaks inside values become spaces, since TSV has no quoting everyone reads. */
export function trialsAsTsv(columns: readonly PanelColumn[], rows: Int32Array): string {
  const clean = (text: string): string => text.replace(/[\t\r\n]+/g, " ");
  const lines = [columns.map((column) => clean(exportName(column))).join("\t")];
  for (const row of rows) lines.push(columns.map((column) => clean(fullText(column, row))).join("\t"));
  return `${lines.join("\n")}\n`;
}

/** An array of objects, one a trial; what is not set is left out. */
export function trialsAsJson(columns: readonly PanelColumn[], rows: Int32Array): string {
  const items: string[] = [];
  for (const row of rows) {
    const trial: Record<string, unknown> = {};
    const params: Record<string, unknown> = {};
    const metrics: Record<string, unknown> = {};
    for (const column of columns) {
      const value = column.values[row]!;
      if (Number.isNaN(value)) continue;
      const read = column.categories === undefined ? value : column.categories[value];
      if (column.role === "param") params[column.label] = read;
      else if (column.role === "metric" || column.role === "objective") metrics[column.label] = read;
      else if (column.role === "duration") trial["seconds"] = value / 1000;
      else trial[exportName(column)] = read;
    }
    items.push(JSON.stringify({ ...trial, params, metrics }));
  }
  return `[\n${items.join(",\n")}\n]\n`;
}
