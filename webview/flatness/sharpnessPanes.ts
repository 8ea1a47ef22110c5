/**
 * Sharpness against the generalisation gap and against the objective, each with its rank correlation.
 * Invariant: a correlation is never shown without its interval and the number of trials behind it.
 */
import { html, nothing, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { spearman, type RankCorrelation } from "../../src/core/rankCorrelation.ts";
import { trialStates } from "../../src/core/trial.ts";
import { betterWords } from "../shared/axisTitles.ts";
import { valueOf } from "../shared/controls.ts";
import type { ScatterData } from "../shared/scatterChart.ts";
import "../shared/scatterChart.ts";
import { Later } from "../shared/later.ts";
import { remembered } from "../shared/remembered.ts";
import { message } from "../shared/viewParts.ts";
import { gapsOf, gapTitle, gapValues } from "./generalisationGap.ts";
import { measuredColumns, sharpnessColumns, type SharpnessColumn } from "./sharpnessColumns.ts";
import type { ViewContext } from "./viewContext.ts";

/** Trials that one press measures. */
const mostMeasured = 12;
/** Ranks of more trials than this are computed after the charts are drawn: they take longer than a frame. */
const atOnce = 5000;

/** The rank correlation of what one chart shows: computed once for its data, and of many trials after a frame. */
class Correlation {
  private readonly held = remembered<RankCorrelation>();
  private readonly later = new Later<RankCorrelation>();

  of(data: ScatterData, redraw: () => void): RankCorrelation | undefined {
    const { x, y, number } = data;
    const relate = (): RankCorrelation => spearman(x.values, y.values);
    if (number.length <= atOnce) return this.held([data], relate);
    return this.later.get(`${x.name} ${y.name}`, [data], relate, redraw);
  }
}

export class SharpnessPanes {
  private readonly columnsOf = remembered<readonly SharpnessColumn[]>();
  private readonly gapHeld = remembered<ScatterData | undefined>();
  private readonly objectiveHeld = remembered<ScatterData>();
  private readonly correlations = { gap: new Correlation(), objective: new Correlation() };

  render(context: ViewContext): TemplateResult {
    const { store } = context.panel;
    const { columns } = store;
    if (columns === null) return html``;
    const { data } = context;
    const available = this.columnsOf([columns, data.jobs.value, data.resultCount], () => [
      ...sharpnessColumns(columns),
      ...measuredColumns(data.measured(), columns.count, (n) => store.rowOf(n)),
    ]);
    const chosen = available.find(({ metric }) => metric === store.state.flatness.estimator) ?? firstChoice(available);
    if (chosen === undefined) return this.empty(context);
    const [gap] = gapsOf(columns);
    const objective = columns.objectives[0];
    const number = columns.number;
    const against = (title: string, name: string, values: Float64Array): ScatterData => ({
      label: `${chosen.label} and ${name} of the trials`,
      number,
      x: { title: chosen.label, name: chosen.metric, values: chosen.values },
      y: { title, name, values },
      equal: false,
    });
    const gapSide = this.gapHeld([columns, chosen], () =>
      gap === undefined
        ? undefined
        : against(`${gapTitle(gap)} · generalisation gap`, gapTitle(gap), gapValues(columns, gap)),
    );
    const objectiveSide = this.objectiveHeld([columns, chosen], () => {
      const metric = objective?.metric ?? "value";
      const values = objective?.values ?? new Float64Array(columns.count);
      return against(`${metric} · ${betterWords(objective?.direction)}`, metric, values);
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
        ${this.request(context)}
      </div>
      <div class="panes">
        ${this.pane(context, "gap", "Gap", gapSide)}
        ${this.pane(context, "objective", objective?.metric ?? "Objective", objectiveSide)}
      </div>`;
  }

  private pane(
    context: ViewContext,
    id: "gap" | "objective",
    title: string,
    scatter: ScatterData | undefined,
  ): TemplateResult {
    return html`<section class="pane" aria-label=${`Sharpness and ${title}`}>
      <div class="chart-head">
        <h2>${title}</h2>
        <span class="space"></span>
        ${context.menu(`#sharpness-${id}`, scatter !== undefined)}
      </div>
      ${scatter === undefined ? nothing : correlationText(this.correlations[id].of(scatter, context.redraw))}
      ${
        scatter === undefined
          ? message(
              "No gap to show",
              "It needs the same metric on training and on validation data, such as loss and val_loss.",
            )
          : html`<basin-scatter-chart
              id=${`sharpness-${id}`}
              class="chart"
              chartName=${`sharpness-${id}`}
              .panel=${context.panel}
              .data=${scatter}
            ></basin-scatter-chart>`
      }
    </section>`;
  }

  /** Measuring on request: what is going on, or the trials that could be measured. */
  private request({ panel: { store }, data, refresh }: ViewContext): TemplateResult | typeof nothing {
    // Only the built-in trainer's checkpoints can be read back.
    if (store.study?.trainerKind !== "tfjs" || store.columns === null) return nothing;
    const jobs = (data.jobs.value ?? []).filter(({ request }) => request.kind === "sharpness");
    const open = jobs.filter(({ state }) => state === "waiting" || state === "running");
    if (open.length > 0) {
      const stop = async (): Promise<void> => {
        for (const { id } of open) await data.cancel(id);
        refresh();
      };
      return html`<span class="job">
        <span class="muted numeric">${open.length} to measure</span>
        <button class="link" @click=${() => void stop()}>Cancel</button>
      </span>`;
    }
    const done = new Set(jobs.filter(({ state }) => state === "done").map(({ number }) => number));
    const { columns } = store;
    const finished = (row: number): boolean => ["complete", "pruned"].includes(trialStates[columns.state[row]!] ?? "");
    const rows = store.selectedRows.length > 0 ? store.selectedRows : store.bestFirst;
    const numbers: number[] = [];
    for (const row of rows) {
      const number = columns.number[row]!;
      if (finished(row) && !done.has(number)) numbers.push(number);
      if (numbers.length === mostMeasured) break;
    }
    if (numbers.length === 0) return nothing;
    const measure = async (): Promise<void> => {
      for (const number of numbers) await data.compute(number, { kind: "sharpness" });
      refresh();
    };
    const whom = store.selectedRows.length > 0 ? `${numbers.length} Selected` : `the Best ${numbers.length}`;
    return html`<vscode-button
      appearance="secondary"
      title="On the checkpoints of finished trials, in a process beside the study"
      @click=${() => void measure()}
      >Measure ${whom}</vscode-button
    >`;
  }

  private empty(context: ViewContext): TemplateResult {
    return message(
      "No sharpness yet",
      "With sharpness under diagnostics in the study file, every trial is measured at its end. Trials with a checkpoint can be measured on request.",
      html`<span class="job">
        ${this.request(context)}
        <vscode-button appearance="secondary" @click=${() => void context.panel.actions.act("openStudyFile", null)}
          >Open Study File</vscode-button
        >
      </span>`,
    );
  }
}

/** The one that is exactly what it claims to be, where it was measured. */
function firstChoice(available: readonly SharpnessColumn[]): SharpnessColumn | undefined {
  return available.find(({ metric }) => metric === "sharpness.exact-frobenius") ?? available[0];
}

/** "Spearman 0.31 (95 % −0.02 to 0.58), n 41: may be none": the last words when the interval holds 0. */
function correlationText(correlation: RankCorrelation | undefined): TemplateResult {
  // The line keeps its place while it is computed: a chart that changed its height would be laid out again.
  if (correlation === undefined) return html`<p class="note">Spearman …</p>`;
  const { rho, low, high, pairs } = correlation;
  if (Number.isNaN(rho)) return html`<p class="note">${pairs} trials have both: too few to relate</p>`;
  const two = (value: number): string => formatNumber(Number(value.toFixed(2))).replace("-", "−");
  const interval = Number.isNaN(low) ? "no interval" : `95 % ${two(low)} to ${two(high)}`;
  const open = low <= 0 && high >= 0 ? ": may be none" : "";
  return html`<p
    class="note numeric"
    title=${`Spearman's rank correlation of the two over all ${pairs} trials that have both, filters aside. The interval (Bonett and Wright 2000) takes trials as independent, which those of a learning sampler are not quite.`}
  >
    Spearman ${two(rho)} (${interval}), n ${pairs}${open}
  </p>`;
}
