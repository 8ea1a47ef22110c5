/**
 * How wide each column of the table is, from its header and what its values can look like.
 * Invariant: depends on neither order nor scroll position, so that live updates and sorting never move a column.
 */
import type { PanelColumn } from "../shared/columnModel.ts";

const sampleRows = 60;
const minWidth = 48;
const maxWidth = 220;
/** Both paddings of a cell and a hair. */
const padding = 21;
/** Room for the sort arrow beside the header's text. */
const arrow = 14;
/** The longest a number gets with four significant digits. */
const longestNumber = "-8.888e-8";

/** Pixels per column; `measure` gives the width of a text in the table's font. */
export function columnWidths(
  columns: readonly PanelColumn[],
  count: number,
  measure: (text: string) => number,
): readonly number[] {
  return columns.map((column) => {
    const longest = Math.max(measure(column.label) + arrow, widestValue(column, count, measure));
    return Math.ceil(Math.min(maxWidth, Math.max(minWidth, longest + padding)));
  });
}

function widestValue(column: PanelColumn, count: number, measure: (text: string) => number): number {
  const { role, categories } = column;
  if (role === "state") return measure("complete") + 22;
  if (role === "number") return measure("8".repeat(Math.max(2, String(count * 2).length)));
  if (role === "step") return measure("888");
  if (role === "duration") return measure("88:88:88");
  if (categories === undefined) return measure(longestNumber);
  return Math.max(0, ...categories.slice(0, sampleRows).map((category) => measure(String(category))));
}

/** Text of a header's tooltip: name, and what the column holds. */
export function columnHint(column: PanelColumn): string {
  const { domain, direction, categories } = column;
  const what =
    direction !== undefined
      ? `, ${direction}d`
      : domain !== undefined
        ? `, ${domain.low} to ${domain.high}${domain.scale === "log" ? ", log" : ""}`
        : column.role === "param" && categories !== undefined
          ? `, one of ${categories.map(String).join(", ")}`
          : "";
  return `${column.label}${what}. Click to sort.`;
}
