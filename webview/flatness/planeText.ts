/** A plane of losses as text: CSV in full, and a small table for those who hear it. Invariant: CSV has every computed loss. */
import { html, type TemplateResult } from "lit";
import type { PlaneValues } from "../../src/core/flatness.ts";
import { formatNumber } from "../../src/core/format.ts";
import { csvTable } from "../table/exportText.ts";

/** Rows and columns that are read out. */
const heard = 5;

export function planeCsv({ positions, losses }: PlaneValues): string {
  const rows = function* (): Generator<readonly string[]> {
    for (const [i, x] of positions.entries())
      for (const [j, y] of positions.entries()) yield [String(x), String(y), String(losses[i * positions.length + j])];
  };
  return csvTable(["direction1", "direction2", "loss"], rows());
}

export function planeTable({ positions, losses }: PlaneValues, name: string): TemplateResult {
  const n = positions.length;
  const chosen = Array.from({ length: Math.min(heard, n) }, (_, k) =>
    Math.round((k * (n - 1)) / Math.max(1, Math.min(heard, n) - 1)),
  );
  return html`<table class="visually-hidden">
    <caption>
      Loss around the weights of ${name}: ${chosen.length} by ${chosen.length} of ${n} by ${n} places
    </caption>
    <thead>
      <tr>
        <th scope="col">direction 1 across, direction 2 down</th>
        ${chosen.map((i) => html`<th scope="col">${formatNumber(positions[i]!)}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${chosen.map(
        (j) =>
          html`<tr>
            <th scope="row">${formatNumber(positions[j]!)}</th>
            ${chosen.map((i) => html`<td>${formatNumber(losses[i * n + j]!)}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
