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
  switch (column.role) {
    case "state":
      return measure("complete") + 22;
    case "number":
      return measure("8".repeat(Math.max(2, String(count * 2).length)));
    case "step":
      return measure("888");
    case "duration":
      return measure("88:88:88");
    case "objective":
    case "metric":
    case "param": {
      if (column.categories === undefined) return measure(longestNumber);
      let widest = 0;
      for (let code = 0; code < Math.min(column.categories.length, sampleRows); code++) {
        widest = Math.max(widest, measure(String(column.categories[code])));
      }
      return widest;
    }
  }
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
