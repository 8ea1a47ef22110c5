/**
 * The Curves view: which metric, how it is drawn, how many of how many, and the chart.
 * Invariant: asks for at most `curveLimit` curves, one request at a time, and never draws curves of another metric or study.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import type { CurveColumns } from "../../src/core/columns.ts";
import { BasinError, errorText } from "../../src/core/errors.ts";
import { checkedOf, valueOf } from "../shared/controls.ts";
import { LivePull } from "../shared/livePull.ts";
import type { MenuItem } from "../shared/menu.ts";
import "../shared/menu.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { sameSelection } from "../shared/selection.ts";
import { baseStyles, messageStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";
import { viewFrameStyles, viewStyles } from "../shared/viewStyles.ts";
import { chooseCurves, curveLimit, type CurveChoice } from "./chooseCurves.ts";
import { CurvesChart } from "./curvesChart.ts";

export class CurvesView extends PanelElement {
  static override styles = [
    baseStyles,
    messageStyles,
    viewStyles,
    viewFrameStyles,
    css`
      :host {
        container-type: inline-size;
      }
      vscode-dropdown {
        flex: 0 1 160px;
        min-width: 88px;
      }
      label {
        display: inline-flex;
        align-items: center;
        gap: 6px;
        flex: none;
      }
      input[type="range"] {
        width: 72px;
        accent-color: var(--vscode-focusBorder);
      }
      output {
        min-width: 3ch;
      }
      @container (max-width: 560px) {
        .chart-head .clip,
        .chart-head h2,
        .chart-head .word {
          display: none;
        }
      }
    `,
  ];

  private curves: CurveColumns | undefined;
  private choice: CurveChoice = { numbers: [], candidates: 0 };
  private problem: BasinError | undefined;
  private asked:
    | { readonly metric: string; readonly revision: number; readonly numbers: readonly number[] }
    | undefined;
  private abort = new AbortController();
  private pull: LivePull | undefined;

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "ui"];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.abort = new AbortController();
    this.pull = new LivePull(() => this.fetch());
    this.pull.request();
  }

  override disconnectedCallback(): void {
    this.pull?.dispose();
    this.abort.abort();
    super.disconnectedCallback();
  }

  protected override onStore(): void {
    this.pull?.request();
    this.requestUpdate();
  }

  /** The chosen metric while the study has it, otherwise its first. */
  private get metric(): string {
    const metrics = this.store.study?.curveMetrics ?? [];
    const chosen = this.store.state.curves.metric;
    return metrics.includes(chosen) ? chosen : (metrics[0] ?? "");
  }

  private async fetch(): Promise<void> {
    const { store, metric } = this;
    const { columns } = store;
    if (columns === null || metric === "") return;
    const { number, lastStep, revision } = columns;
    this.choice = chooseCurves({
      number,
      lastStep,
      filtered: store.filtered,
      bestFirst: store.bestFirst,
      selectedRows: store.selectedRows,
    });
    const { numbers } = this.choice;
    const { asked } = this;
    if (asked?.metric === metric && asked.revision === revision && sameSelection(asked.numbers, numbers)) return;
    try {
      const curves = await this.actions.request(
        "curves",
        { metric, numbers, maxTrials: curveLimit },
        { signal: this.abort.signal },
      );
      this.asked = { metric, revision, numbers };
      this.curves = curves;
      this.problem = undefined;
    } catch (error) {
      if (this.abort.signal.aborted) return;
      this.problem = error instanceof BasinError ? error : new BasinError("internal", errorText(error), "");
    }
    this.requestUpdate();
  }

  override render(): TemplateResult | typeof nothing {
    const { store, metric } = this;
    const { study } = store;
    if (study === null || store.columns === null) return nothing;
    if (metric === "") return this.empty();
    const { logY, smoothing } = store.state.curves;
    const set = (patch: Partial<typeof store.state.curves>): void =>
      store.update({ curves: { ...store.state.curves, ...patch } });
    return html`
      <div class="chart-head">
        <h2>Learning Curves</h2>
        <vscode-dropdown
          aria-label="Metric"
          .value=${metric}
          @change=${(event: Event) => set({ metric: valueOf(event) })}
        >
          ${study.curveMetrics.map((name) => html`<vscode-option value=${name} ?selected=${name === metric}>${name}</vscode-option>`)}
        </vscode-dropdown>
        <span class="muted clip">${this.note()}</span>
        <span class="space"></span>
        <vscode-checkbox .checked=${logY} @change=${(event: Event) => set({ logY: checkedOf(event) })}
          >Log</vscode-checkbox
        >
        <label title="Exponential moving average; 0 shows what was reported">
          <span class="word">Smoothing</span>
          <input
            type="range"
            min="0"
            max="0.95"
            step="0.05"
            aria-label="Smoothing"
            .value=${String(smoothing)}
            @input=${(event: Event) => set({ smoothing: Number(valueOf(event)) })}
          />
          <output class="numeric muted">${smoothing === 0 ? "off" : smoothing.toFixed(2)}</output>
        </label>
        <basin-menu label="Chart Actions" icon="more" .items=${this.menu}></basin-menu>
      </div>
      ${this.body(metric, logY, smoothing)}
    `;
  }

  private body(metric: string, logY: boolean, smoothing: number): TemplateResult {
    const { curves, problem } = this;
    if (problem !== undefined && curves?.metric !== metric) return this.failure(problem);
    if (curves === undefined || curves.metric !== metric) {
      return html`<div class="skeleton" role="status" aria-label="Loading curves"><span></span></div>`;
    }
    if (curves.number.length === 0) {
      return html`<div class="message">
        <p>
          ${this.store.isFiltered ? "No trial that passes the filters has reported this metric." : "No trial has reported this metric yet."}
        </p>
      </div>`;
    }
    return html`<basin-curves-chart
      .panel=${this.panel}
      .curves=${curves}
      .logY=${logY}
      .smoothing=${smoothing}
    ></basin-curves-chart>`;
  }

  private note(): string {
    const { choice, curves } = this;
    if (choice.candidates <= curveLimit) return curves === undefined ? "" : `${curves.number.length} curves`;
    return `${choice.numbers.length} of ${choice.candidates.toLocaleString("en")} curves: selected, best and a sample`;
  }

  private empty(): TemplateResult {
    const { study } = this.store;
    const idle = study?.state !== "running" && (this.store.columns?.count ?? 0) === 0;
    return html`<div class="message">
      <strong>No learning curves yet</strong>
      <p>
        When a trial reports a metric after each epoch, its curve appears here. A program reports through basin.report
        or through a pattern on its output.
      </p>
      ${idle ? html`<vscode-button @click=${() => void this.actions.act("start", null)}>Start Study</vscode-button>` : nothing}
    </div>`;
  }

  private failure(problem: BasinError): TemplateResult {
    return html`<div class="message" role="alert">
      <strong>The curves could not be loaded</strong>
      <p>${problem.message} ${problem.hint}</p>
      <p>
        <vscode-button @click=${() => this.pull?.requestNow()}>Try Again</vscode-button>
        <vscode-button appearance="secondary" @click=${() => void this.actions.act("showEngineLog", null)}
          >Show Log</vscode-button
        >
      </p>
    </div>`;
  }

  private readonly menu = (): readonly MenuItem[] => {
    const chart = this.renderRoot.querySelector("basin-curves-chart");
    return chart instanceof CurvesChart ? chart.menuItems : [];
  };
}

customElements.define("basin-curves", CurvesView);
