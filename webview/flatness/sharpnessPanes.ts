/**
 * Sharpness against the generalisation gap and against the objective, each with its rank correlation.
 * Invariant: a correlation is never shown without its interval and the number of trials behind it.
 */
import { html, nothing, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { spearman, type RankCorrelation } from "../../src/core/rankCorrelation.ts";
import { trialStates } from "../../src/core/trial.ts";
import { valueOf } from "../shared/controls.ts";
import type { ScatterData } from "../shared/scatterChart.ts";
import "../shared/scatterChart.ts";
import { remembered } from "../shared/remembered.ts";
import { message } from "../shared/viewParts.ts";
import { gapsOf, gapTitle, gapValues } from "./generalisationGap.ts";
import { measuredColumns, sharpnessColumns, type SharpnessColumn } from "./sharpnessColumns.ts";
import type { ViewContext } from "./viewContext.ts";

/** Trials that one press measures. */
const mostMeasured = 12;

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
    const gapSide = this.gapHeld([columns, chosen], () =>
      gap === undefined
        ? undefined
        : relate(`${gapTitle(gap)} · generalisation gap`, gapTitle(gap), gapValues(columns, gap)),
    );
    const objectiveSide = this.objectiveHeld([columns, chosen], () => {
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
        ${this.request(context)}
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
