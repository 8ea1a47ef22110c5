/**
 * The table behind each chart for those who hear it: its data in words, or the best trials shown; the trial table below has
 * them all. Invariant: of trials at most `limit` rows, and the caption says of how many.
 */
import { html, nothing, type TemplateResult } from "lit";
import { trialStates } from "../../src/core/trial.ts";
import { cellText, type PanelColumn } from "./columnModel.ts";
import type { PanelStore } from "./store.ts";

const limit = 20;

/** Rows of the best shown trials. O(rows looked at). */
export function bestShownRows(
  { bestFirst, filtered }: Pick<PanelStore, "bestFirst" | "filtered">,
  count: number,
): readonly number[] {
  const rows: number[] = [];
  for (const row of bestFirst) {
    if (filtered[row] !== 1) continue;
    rows.push(row);
    if (rows.length === count) break;
  }
  return rows;
}

export interface HeardTable {
  readonly caption: unknown;
  readonly head?: readonly unknown[];
  readonly rows: readonly (readonly unknown[])[];
  /** Whether the first cell of each row is its heading. */
  readonly rowHeads: boolean;
}

/** A table that is heard and not seen. */
export function heardTable({ caption, head, rows, rowHeads }: HeardTable): TemplateResult {
  return html`<table class="visually-hidden">
    <caption>
      ${caption}
    </caption>
    ${
      head === undefined
        ? nothing
        : html`<thead>
            <tr>
              ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
            </tr>
          </thead>`
    }
    <tbody>
      ${rows.map(
        (cells) =>
          html`<tr>
            ${cells.map((cell, i) => (rowHeads && i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

export function trialsForScreenReaders(
  store: PanelStore,
  columns: readonly PanelColumn[],
  what: string,
): TemplateResult | typeof nothing {
  if (store.columns === null) return nothing;
  const rows = bestShownRows(store, limit);
  const shown = columns.filter((column) => column.role !== "number" && column.role !== "state");
  return heardTable({
    caption: `${what}: the best ${rows.length} of ${store.filteredCount} trials shown`,
    head: ["trial", "state", ...shown.map((column) => column.label)],
    rowHeads: true,
    rows: rows.map((row) => [
      store.columns?.number[row],
      trialStates[store.columns?.state[row] ?? 0],
      ...shown.map((column) => cellText(column, row) || "not set"),
    ]),
  });
}
