/**
 * Sharpness against the generalisation gap and against the objective, each with its rank correlation.
 * Invariant: a correlation is never shown without its interval and the number of trials behind it.
 */
import { html, nothing, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { spearman, type RankCorrelation } from "../../src/core/rankCorrelation.ts";
import { valueOf } from "../shared/controls.ts";
import type { ScatterData } from "../shared/scatterChart.ts";
import "../shared/scatterChart.ts";
import { remembered } from "../shared/remembered.ts";
import { gapsOf, gapTitle, gapValues } from "./generalisationGap.ts";
import { sharpnessColumns, type SharpnessColumn } from "./sharpnessColumns.ts";
import { message, type ViewContext } from "./viewContext.ts";

interface Related {
  readonly scatter: ScatterData;
  readonly correlation: RankCorrelation;
}

export class SharpnessPanes {
  private readonly columnsOf = remembered<readonly SharpnessColumn[]>();
  private readonly gapHeld = remembered<Related | undefined>();
  private readonly objectiveHeld = remembered<Related>();

  render(context: ViewContext): TemplateResult {
    const { store } = context.panel;
    const { columns } = store;
    if (columns === null) return html``;
    const available = this.columnsOf([columns], () => sharpnessColumns(columns));
    const chosen = available.find(({ metric }) => metric === store.state.flatness.estimator) ?? firstChoice(available);
    if (chosen === undefined) return this.empty(context);
    const [gap] = gapsOf(columns);
    const objective = columns.objectives[0];
    const number = columns.number;
    const relate = (title: string, name: string, values: Float64Array): Related => ({
      scatter: {
        label: `${chosen.label} and ${name} of the trials`,
        number,
        x: { title: chosen.label, name: chosen.metric, values: chosen.values },
        y: { title, name, values },
        equal: false,
      },
      correlation: spearman(chosen.values, values),
    });
    const gapSide = this.gapHeld([columns, chosen.metric], () =>
      gap === undefined
        ? undefined
        : relate(`${gapTitle(gap)} · generalisation gap`, gapTitle(gap), gapValues(columns, gap)),
    );
    const objectiveSide = this.objectiveHeld([columns, chosen.metric], () => {
      const better = objective?.direction === "maximize" ? "higher is better" : "lower is better";
      const metric = objective?.metric ?? "value";
      return relate(`${metric} · ${better}`, metric, objective?.values ?? new Float64Array(columns.count));
    });
    return html`<div class="measure">
        <vscode-dropdown
          aria-label="Estimator"
          .value=${chosen.metric}
          @change=${(event: Event) => store.update({ flatness: { ...store.state.flatness, estimator: valueOf(event) } })}
        >
          ${available.map(({ metric, label }) => html`<vscode-option value=${metric} ?selected=${metric === chosen.metric}>${label}</vscode-option>`)}
        </vscode-dropdown>
        <p>
          ${chosen.formula === "" ? nothing : html`<code>${chosen.formula}</code>`} ${chosen.measures}
          ${chosen.dependsOnBatchSize ? html`<strong>Grows with the batch alone.</strong>` : nothing}
        </p>
      </div>
      <div class="panes">
        ${this.pane(context, "gap", "Gap", gapSide)}
        ${this.pane(context, "objective", objective?.metric ?? "Objective", objectiveSide)}
      </div>`;
  }

  private pane(context: ViewContext, id: string, title: string, related: Related | undefined): TemplateResult {
    return html`<section class="pane" aria-label=${`Sharpness and ${title}`}>
      <div class="chart-head">
        <h2>${title}</h2>
        ${related === undefined ? nothing : correlationText(related.correlation)}
        <span class="space"></span>
        ${context.menu(`#sharpness-${id}`, related !== undefined)}
      </div>
      ${
        related === undefined
          ? message(
              "No gap to show",
              "It needs the same metric on training and on validation data, such as loss and val_loss.",
            )
          : html`<basin-scatter-chart
              id=${`sharpness-${id}`}
              class="chart"
              chartName=${`sharpness-${id}`}
              .panel=${context.panel}
              .data=${related.scatter}
            ></basin-scatter-chart>`
      }
    </section>`;
  }

  private empty({ panel }: ViewContext): TemplateResult {
    return message(
      "No sharpness yet",
      "With sharpness under diagnostics in the study file, every trial is measured at its end. Landscapes and spectra can be computed for any trial with a checkpoint.",
      html`<vscode-button @click=${() => void panel.actions.act("openStudyFile", null)}
        >Open Study File</vscode-button
      >`,
    );
  }
}

/** The one that is exactly what it claims to be, where it was measured. */
function firstChoice(available: readonly SharpnessColumn[]): SharpnessColumn | undefined {
  return available.find(({ metric }) => metric === "sharpness.exact-frobenius") ?? available[0];
}

/** "Spearman 0.31 (95 % −0.02 to 0.58), n 41: may be none": the last words when the interval holds 0. */
function correlationText({ rho, low, high, pairs }: RankCorrelation): TemplateResult {
  if (Number.isNaN(rho)) return html`<span class="muted clip">${pairs} trials have both: too few to relate</span>`;
  const two = (value: number): string => formatNumber(Number(value.toFixed(2))).replace("-", "−");
  const interval = Number.isNaN(low) ? "no interval" : `95 % ${two(low)} to ${two(high)}`;
  const open = low <= 0 && high >= 0 ? ": may be none" : "";
  return html`<span
    class="muted clip numeric"
    title=${`Spearman's rank correlation of the two over all ${pairs} trials that have both, filters aside. The interval (Bonett and Wright 2000) takes trials as independent, which those of a learning sampler are not quite.`}
    >Spearman ${two(rho)} (${interval}), n ${pairs}${open}</span
  >`;
}
