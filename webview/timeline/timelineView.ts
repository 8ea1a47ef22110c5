/**
 * The Timeline view: what ran in which slot and when, how it ended, and when slots had nothing to do.
 * Invariant: while something runs the picture goes on with the clock, once a second and only then.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { attemptOutcomes, type ScheduleReport } from "../../src/protocol/schedule.ts";
import { ScheduleSource } from "../schedule/scheduleSource.ts";
import { icon, type IconName } from "../shared/icons.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Topic } from "../shared/store.ts";
import { chartMenu, noTrials } from "../shared/viewParts.ts";
import { viewFrameStyles } from "../shared/viewStyles.ts";
import { attemptSwatch } from "./attemptStyle.ts";
import { TimelineChart } from "./timelineChart.ts";
import { timelineOf, type Timeline } from "./timelineModel.ts";

export class TimelineView extends PanelElement {
  static override styles = [
    ...viewFrameStyles,
    css`
      :host {
        container-type: inline-size;
      }
      basin-timeline-chart {
        flex: 1;
        min-height: 0;
      }
      .legend {
        display: flex;
        flex: 0 1 auto;
        gap: 0 12px;
        min-width: 0;
        margin: 0;
        padding: 0;
        list-style: none;
        overflow: hidden;
        color: var(--vscode-descriptionForeground);
      }
      .legend li {
        display: inline-flex;
        align-items: center;
        gap: 4px;
        flex: none;
      }
      .swatch .cut {
        stroke: var(--vscode-editor-background);
        stroke-width: 1.2;
      }
      @container (max-width: 720px) {
        .legend .word {
          display: none;
        }
      }
      @container (max-width: 480px) {
        .legend {
          display: none;
        }
      }
    `,
  ];

  private readonly source = new ScheduleSource(this);
  private ticking: ReturnType<typeof setInterval> | undefined;
  private drawn: { readonly of: ScheduleReport; readonly slots: number; readonly timeline: Timeline } | undefined;

  protected topics(): readonly Topic[] {
    return ["data", "connection"];
  }

  override disconnectedCallback(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
    super.disconnectedCallback();
  }

  protected override onStore(): void {
    this.source.request();
    super.onStore();
  }

  protected override updated(): void {
    const runs = this.drawn?.timeline.running === true && this.store.study?.state === "running";
    if (runs && this.ticking === undefined) this.ticking = setInterval(() => this.requestUpdate(), 1000);
    if (runs) return;
    clearInterval(this.ticking);
    this.ticking = undefined;
  }

  private timeline(report: ScheduleReport): Timeline {
    const slots = this.store.study?.parallel ?? 1;
    if (this.drawn?.of !== report || this.drawn.slots !== slots) {
      this.drawn = { of: report, slots, timeline: timelineOf(report.attempts, slots) };
    }
    return this.drawn.timeline;
  }

  override render(): TemplateResult | typeof nothing {
    const { study } = this.store;
    if (study === null) return nothing;
    const { report } = this.source;
    if (report === undefined) return this.source.waiting("The timeline", "Loading the timeline");
    const timeline = this.timeline(report);
    if (timeline.count === 0)
      return noTrials(
        study.state === "running",
        "Nothing has run yet",
        "Each trial will be a bar in the lane of its slot, from when it began to when it ended.",
        this.actions,
      );
    const { lanes, slots } = timeline;
    return html`<div class="chart-head">
        <h2>Timeline</h2>
        <span class="muted"
          >${slots === 1 ? "1 slot" : lanes < slots ? `the first ${lanes} of ${slots.toLocaleString("en")} slots` : `${slots} slots`}</span
        >
        ${this.legend(timeline)}
        <span class="space"></span>
        ${this.tool("zoomIn", "Zoom In (+)", (chart) => chart.zoom(0.6))}
        ${this.tool("zoomOut", "Zoom Out (-)", (chart) => chart.zoom(1 / 0.6))}
        ${this.tool("fit", "Show Everything (0)", (chart) => chart.fit())}
        ${chartMenu(this.renderRoot, "basin-timeline-chart")}
      </div>
      <basin-timeline-chart
        .panel=${this.panel}
        .timeline=${timeline}
        .now=${this.now(timeline)}
      ></basin-timeline-chart>`;
  }

  private lastNow = 0;

  /** The clock while the study runs and its engine answers; otherwise the last moment something was known. */
  private now(timeline: Timeline): number {
    const { study, connected } = this.store;
    if (study?.state === "running" && connected) this.lastNow = Date.now();
    return Math.max(timeline.to, this.lastNow);
  }

  private legend({ attempts }: Timeline): TemplateResult {
    const counts = new Int32Array(attemptOutcomes.length);
    for (const outcome of attempts.outcome) counts[outcome]!++;
    return html`<ul class="legend" aria-label="Bars">
      ${attemptOutcomes.map((outcome, code) =>
        counts[code] === 0
          ? nothing
          : html`<li title=${outcome}>
              ${attemptSwatch(outcome)}<span class="word">${outcome}</span
              ><span class="numeric">${counts[code]!.toLocaleString("en")}</span>
            </li>`,
      )}
    </ul>`;
  }

  private tool(name: IconName, label: string, run: (chart: TimelineChart) => void): TemplateResult {
    return html`<button
      class="tool"
      title=${label}
      aria-label=${label}
      @click=${() => {
        const { chart } = this;
        if (chart !== undefined) run(chart);
      }}
    >
      ${icon(name)}
    </button>`;
  }

  private get chart(): TimelineChart | undefined {
    const chart = this.renderRoot.querySelector("basin-timeline-chart");
    return chart instanceof TimelineChart ? chart : undefined;
  }
}

customElements.define("basin-timeline", TimelineView);
