/**
 * How wide each column of the table is, from its header and a sample of its values.
 * Invariant: depends on the first rows in trial order only, so that live updates and sorting never move a column.
 */
import { cellText, type PanelColumn } from "../shared/columnModel.ts";

const sampleRows = 60;
const minWidth = 48;
const maxWidth = 200;
const padding = 20;
/** Room for the sort arrow beside the header's text. */
const arrow = 14;

/** Pixels per column; `charWidth` is the width of a digit in the table's font. */
export function columnWidths(columns: readonly PanelColumn[], count: number, charWidth: number): readonly number[] {
  return columns.map((column) => {
    const header = column.label.length * charWidth + arrow;
    let longest = 0;
    if (column.role === "state") longest = 8 + 3;
    else if (column.role === "number") longest = Math.max(2, String(Math.max(0, count * 2)).length);
    else if (column.categories !== undefined) {
      for (const category of column.categories.slice(0, sampleRows)) longest = Math.max(longest, String(category).length);
    } else if (column.role === "param" || column.role === "objective" || column.role === "metric") longest = 7;
    else for (let row = 0; row < Math.min(count, sampleRows); row++) longest = Math.max(longest, cellText(column, row).length);
    return Math.ceil(Math.min(maxWidth, Math.max(minWidth, Math.max(header, longest * charWidth) + padding)));
  });
}
