/**
 * The Parallel view: head with what is drawn and how, the chart, and what is said when there is nothing to draw.
 * Invariant: says when lines are shown as density, so that nobody takes the picture for single trials.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { MenuItem } from "../shared/menu.ts";
import "../shared/menu.ts";
import { isBrushed } from "../shared/brushes.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Topic } from "../shared/store.ts";
import { chartMenu, noTrials } from "../shared/viewParts.ts";
import { viewFrameStyles } from "../shared/viewStyles.ts";
import { highlightLimit, strokeLimit } from "./linePainter.ts";
import "./parallelChart.ts";

export class ParallelView extends PanelElement {
  static override styles = viewFrameStyles;

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "ui"];
  }

  override render(): TemplateResult | typeof nothing {
    const { store } = this;
    if (store.columns === null) return nothing;
    if (store.columns.count === 0)
      return noTrials(
        store.study?.state === "running",
        "No trials yet",
        html`Each trial will be a line across one axis per parameter, coloured by
        ${store.columns.objectives[0]?.metric ?? "its value"}.`,
        this.actions,
      );
    const brushed = isBrushed(store.state.brushes);
    return html`
      <div class="chart-head">
        <h2>Parallel Coordinates</h2>
        <span class="muted clip">${this.note()}</span>
        <span class="space"></span>
        ${brushed ? html`<button class="link" @click=${() => store.clearBrushes()}>Clear Brushes</button>` : nothing}
        <basin-menu label="Axes" icon="columns" .items=${this.axisItems}></basin-menu>
        ${chartMenu(this.renderRoot, "basin-parallel-chart")}
      </div>
      <basin-parallel-chart .panel=${this.panel} @axes=${this.onAxes}></basin-parallel-chart>
    `;
  }

  private axesShown = { shown: 0, all: 0 };

  private readonly onAxes = (event: CustomEvent<{ shown: number; all: number }>): void => {
    this.axesShown = event.detail;
    this.requestUpdate();
  };

  private note(): string {
    const { store } = this;
    const n = store.filteredCount;
    const { shown, all } = this.axesShown;
    if (shown < all) return `${shown} of ${all} axes fit; Axes chooses`;
    if (n > strokeLimit) return `density of ${n.toLocaleString("en")} trials, the best ${highlightLimit} as lines`;
    return "drag along an axis to brush";
  }

  private readonly axisItems = (): readonly MenuItem[] => {
    const { store } = this;
    const { hiddenColumns } = store.state;
    const objective = store.table.find((column) => column.role === "objective");
    return store.table
      .filter((column) => column.role === "param" || column.role === "metric" || column.role === "objective")
      .map((column) => {
        const hidden = hiddenColumns.includes(column.key);
        return {
          label: column.label,
          checked: !hidden,
          disabled: column === objective,
          run: () =>
            store.update({
              hiddenColumns: hidden
                ? hiddenColumns.filter((key) => key !== column.key)
                : [...hiddenColumns, column.key],
            }),
        };
      });
  };
}

customElements.define("basin-parallel", ParallelView);
