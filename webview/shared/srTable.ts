/**
 * The table behind each chart for those who hear it: the best trials shown, in words. The trial table below has them all.
 * Invariant: at most `limit` rows, and the caption says of how many.
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

export function trialsForScreenReaders(
  store: PanelStore,
  columns: readonly PanelColumn[],
  what: string,
): TemplateResult | typeof nothing {
  if (store.columns === null) return nothing;
  const rows = bestShownRows(store, limit);
  const shown = columns.filter((column) => column.role !== "number" && column.role !== "state");
  return html`<table class="visually-hidden">
    <caption>
      ${what}: the best ${rows.length} of ${store.filteredCount} trials shown
    </caption>
    <thead>
      <tr>
        <th scope="col">trial</th>
        <th scope="col">state</th>
        ${shown.map((column) => html`<th scope="col">${column.label}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            <th scope="row">${store.columns?.number[row]}</th>
            <td>${trialStates[store.columns?.state[row] ?? 0]}</td>
            ${shown.map((column) => html`<td>${cellText(column, row) || "not set"}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
