/**
 * The Curves view: which metric, how it is drawn, how many of how many, and the chart.
 * Invariant: asks for at most `curveLimit` curves, one request at a time, and never draws curves of another metric or study.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import type { CurveColumns } from "../../src/core/columns.ts";
import { BasinError, errorText } from "../../src/core/errors.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { ScheduleSource } from "../schedule/scheduleSource.ts";
import { checkedOf, valueOf } from "../shared/controls.ts";
import { LivePull } from "../shared/livePull.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { extentOf } from "../shared/scales.ts";
import { sameSelection } from "../shared/selection.ts";
import type { Topic } from "../shared/store.ts";
import { chartMenu, failure, loading, message, startButton } from "../shared/viewParts.ts";
import { viewFrameStyles } from "../shared/viewStyles.ts";
import { chooseCurves, curveLimit, type CurveChoice } from "./chooseCurves.ts";
import "./curvesChart.ts";
import { rungSteps } from "./rungLines.ts";

/** What trainers report of rates that are adapted while training; drawn under whatever else is looked at. */
const onlineMetrics = ["learning_rate", "momentum"] as const;
/** A rate over more than this factor is read on a log axis. */
const logSpan = 20;
const none: readonly never[] = [];

export class CurvesView extends PanelElement {
  static override styles = [
    ...viewFrameStyles,
    css`
      :host {
        container-type: inline-size;
      }
      .charts {
        display: flex;
        flex-direction: column;
        overflow: hidden auto;
      }
      .charts.two > basin-curves-chart {
        flex: 1 0 auto;
        min-height: 152px;
      }
      .online {
        display: flex;
        flex-wrap: wrap;
        flex: 0 0 34%;
        min-height: 128px;
        border-top: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
      }
      .online > div {
        position: relative;
        display: flex;
        flex: 1 1 240px;
        min-width: 0;
        min-height: 128px;
      }
      .online basin-menu {
        position: absolute;
        inset: 0 4px auto auto;
        z-index: 1;
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
  /** Learning rate and momentum of the same trials, where they were reported. */
  private online: readonly CurveColumns[] = [];
  /** Curves are drawn without it, too: a report that fails only leaves out rungs and descent. */
  private readonly source = new ScheduleSource(this);
  private rungs: { readonly of: ScheduleReport; readonly steps: readonly number[] } | undefined;
  private span: readonly [number, number] | undefined;
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
    this.source.request();
    this.pull?.request();
    super.onStore();
  }

  private get rungSteps(): readonly number[] {
    const { report } = this.source;
    if (report === undefined) return none;
    if (this.rungs?.of !== report) this.rungs = { of: report, steps: rungSteps(report.brackets) };
    return this.rungs.steps;
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
    const get = (name: string): Promise<CurveColumns> =>
      this.actions.request("curves", { metric: name, numbers, maxTrials: curveLimit }, { signal: this.abort.signal });
    const extra = onlineMetrics.filter((name) => name !== metric && store.study?.curveMetrics.includes(name) === true);
    try {
      const [curves, ...online] = await Promise.all([get(metric), ...extra.map(get)]);
      this.asked = { metric, revision, numbers };
      this.curves = curves;
      this.online = online.filter(({ number: drawn }) => drawn.length > 0);
      this.span = extentOf(curves.steps);
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
        ${chartMenu(this.renderRoot, ".charts > basin-curves-chart")}
      </div>
      ${this.body(metric, logY, smoothing)}
    `;
  }

  private body(metric: string, logY: boolean, smoothing: number): TemplateResult {
    const { curves, problem } = this;
    if (problem !== undefined && curves?.metric !== metric)
      return failure("The curves", problem, () => this.pull?.requestNow(), this.actions);
    if (curves === undefined || curves.metric !== metric) return loading("Loading curves");
    if (curves.number.length === 0) {
      return html`<div class="message">
        <p>
          ${this.store.isFiltered ? "No trial that passes the filters has reported this metric." : "No trial has reported this metric yet."}
        </p>
      </div>`;
    }
    return html`<div class=${this.online.length === 0 ? "charts" : "charts two"}>
      <basin-curves-chart
        .panel=${this.panel}
        .curves=${curves}
        .logY=${logY}
        .smoothing=${smoothing}
        .rungs=${this.rungSteps}
        .lineage=${this.source.report?.lineage ?? none}
      ></basin-curves-chart>
      ${this.online.length === 0 ? nothing : html`<div class="online">${this.online.map((online) => this.small(online))}</div>`}
    </div>`;
  }

  private small(curves: CurveColumns): TemplateResult {
    const extent = extentOf(curves.values);
    const log = extent !== undefined && extent[0] > 0 && extent[1] / extent[0] > logSpan;
    return html`<div>
      <basin-curves-chart
        data-metric=${curves.metric}
        .panel=${this.panel}
        .curves=${curves}
        .logY=${log}
        .smoothing=${0}
        .rungs=${this.rungSteps}
        .span=${this.span}
      ></basin-curves-chart>
      ${chartMenu(this.renderRoot, `[data-metric="${curves.metric}"]`, `Actions for ${curves.metric}`)}
    </div>`;
  }

  private note(): string {
    const { choice, curves } = this;
    if (choice.candidates <= curveLimit) return curves === undefined ? "" : `${curves.number.length} curves`;
    return `${choice.numbers.length} of ${choice.candidates.toLocaleString("en")} curves: selected, best and a sample`;
  }

  private empty(): TemplateResult {
    const { study } = this.store;
    const idle = study?.state !== "running" && (this.store.columns?.count ?? 0) === 0;
    return message(
      "No learning curves yet",
      "When a trial reports a metric after each epoch, its curve appears here. A program reports through basin.report or through a pattern on its output.",
      idle ? startButton(this.actions) : nothing,
    );
  }
}

customElements.define("basin-curves", CurvesView);
