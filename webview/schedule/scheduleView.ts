/**
 * The Schedule view: what the scheduler saved, rungs or lineage, and every decision with its reason.
 * Invariant: a method without rungs says so and shows what it decided; at most `bracketLimit` brackets are drawn at once.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { BracketView } from "../../src/core/brackets.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { valueOf } from "../shared/controls.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Topic } from "../shared/store.ts";
import { chartMenu, noTrials } from "../shared/viewParts.ts";
import { viewStyles } from "../shared/viewStyles.ts";
import "./decisionLog.ts";
import "./lineageChart.ts";
import { outcomeIcon, rungOutcomes } from "./outcomes.ts";
import "./rungsChart.ts";
import { savingsText } from "./savings.ts";
import { scheduleStyles } from "./scheduleStyles.ts";
import { ScheduleSource } from "./scheduleSource.ts";

/** Brackets above each other at most; the newest. */
export const bracketLimit = 24;
/** Brackets to choose from, the newest first. */
const listLimit = 200;
const members = "member";

export class ScheduleView extends PanelElement {
  static override styles = [...viewStyles, scheduleStyles];
  private readonly source = new ScheduleSource(this);

  protected topics(): readonly Topic[] {
    return ["data", "ui"];
  }

  protected override onStore(): void {
    this.source.request();
    super.onStore();
  }

  override render(): TemplateResult | typeof nothing {
    const { study, columns } = this.store;
    if (study === null || columns === null) return nothing;
    const { report } = this.source;
    if (report === undefined) return this.source.waiting("The scheduler's decisions", "Loading the schedule");
    if (columns.count === 0)
      return noTrials(
        study.state === "running",
        "No trials yet",
        "Trials will climb from rung to rung here, with the reason for every promotion, pause and stop.",
        this.actions,
      );
    const brackets = this.shownBrackets(report);
    const lineage = this.isLineage(report);
    const picture = lineage || brackets.length > 0;
    return html`<div class="page">
      <div class="chart-head">
        <h2>${lineage ? "Lineage" : picture ? "Rungs" : "Schedule"}</h2>
        <span class="saved clip" title=${savingsText(report)}>${savingsText(report)}</span>
        <span class="controls">
          ${this.modeToggle(report, lineage)} ${lineage ? this.axisChooser() : this.bracketChooser(report)}
          ${picture ? chartMenu(this.renderRoot, "basin-rungs-chart, basin-lineage-chart") : nothing}
        </span>
      </div>
      <div class=${picture ? "grid" : "grid alone"}>
        ${picture ? html`<div class="picture">${lineage ? this.lineage(report) : this.rungs(report, brackets)}</div>` : nothing}
        ${picture || report.decisions.length > 0 ? this.decisions(report) : this.noRungs(report)}
      </div>
    </div>`;
  }

  private rungs(report: ScheduleReport, brackets: readonly BracketView[]): TemplateResult {
    const hidden = this.store.state.schedule.bracket === "" ? report.brackets.length - brackets.length : 0;
    return html`<ul class="legend" aria-label="Marks">
        ${rungOutcomes.map((outcome) => {
          let n = 0;
          for (const { rungs } of brackets)
            for (const { entries } of rungs) for (const entry of entries) n += entry.outcome === outcome ? 1 : 0;
          return n === 0
            ? nothing
            : html`<li>
                ${outcomeIcon(outcome)}<span>${outcome}</span> <span class="numeric">${n.toLocaleString("en")}</span>
              </li>`;
        })}
        ${hidden > 0 ? html`<li>the newest ${brackets.length} of ${report.brackets.length.toLocaleString("en")} brackets</li>` : nothing}
      </ul>
      <basin-rungs-chart
        .panel=${this.panel}
        .brackets=${brackets}
        .decisions=${report.decisions}
      ></basin-rungs-chart>`;
  }

  private lineage(report: ScheduleReport): TemplateResult {
    return html`<basin-lineage-chart .panel=${this.panel} .report=${report} .axis=${this.axis}></basin-lineage-chart>`;
  }

  private decisions(report: ScheduleReport): TemplateResult {
    return html`<basin-decisions
      .panel=${this.panel}
      .decisions=${report.decisions}
      .population=${report.lineage.length > 0}
    ></basin-decisions>`;
  }

  private lastBrackets:
    | { readonly of: ScheduleReport; readonly label: string; readonly shown: readonly BracketView[] }
    | undefined;

  /** The chosen bracket, or the newest ones; the same array while nothing changed, so that the chart rests. */
  private shownBrackets(report: ScheduleReport): readonly BracketView[] {
    const label = this.store.state.schedule.bracket;
    if (this.lastBrackets?.of === report && this.lastBrackets.label === label) return this.lastBrackets.shown;
    const filled = report.brackets.filter(({ rungs }) => rungs.some(({ entries }) => entries.length > 0));
    const chosen = filled.filter((bracket) => bracket.label === label);
    const shown = chosen.length > 0 ? chosen : filled.slice(-bracketLimit);
    this.lastBrackets = { of: report, label, shown };
    return shown;
  }

  private isLineage(report: ScheduleReport): boolean {
    const { mode } = this.store.state.schedule;
    if (report.lineage.length === 0) return false;
    return mode === "" ? true : mode === "lineage";
  }

  /** What the lineage is drawn over; empty = members. */
  private get axis(): string {
    const { axis } = this.store.state.schedule;
    return this.axes().includes(axis) ? axis : "";
  }

  private axes(): readonly string[] {
    const { columns } = this.store;
    if (columns === null) return [];
    return [...columns.objectives.slice(0, 1).map(({ metric }) => metric), ...columns.params.map(({ name }) => name)];
  }

  private set(patch: Partial<typeof this.store.state.schedule>): void {
    this.store.update({ schedule: { ...this.store.state.schedule, ...patch } });
  }

  private modeToggle(report: ScheduleReport, lineage: boolean): TemplateResult | typeof nothing {
    if (report.lineage.length === 0 || report.brackets.length === 0) return nothing;
    return html`<span class="toggle" role="radiogroup" aria-label="Picture">
      ${(["rungs", "lineage"] as const).map((mode) => {
        const on = (mode === "lineage") === lineage;
        return html`<button
          class="tool"
          role="radio"
          aria-checked=${on}
          aria-pressed=${on}
          @click=${() => this.set({ mode })}
        >
          ${mode === "rungs" ? "Rungs" : "Lineage"}
        </button>`;
      })}
    </span>`;
  }

  private axisChooser(): TemplateResult {
    const options = ["", ...this.axes()];
    return html`<vscode-dropdown
      aria-label="Vertical axis"
      .value=${this.axis}
      @change=${(event: Event) => this.set({ axis: valueOf(event) })}
    >
      ${options.map((name) => html`<vscode-option value=${name} ?selected=${name === this.axis}>${name === "" ? members : name}</vscode-option>`)}
    </vscode-dropdown>`;
  }

  private bracketChooser(report: ScheduleReport): TemplateResult | typeof nothing {
    if (report.brackets.length < 2) return nothing;
    const { bracket } = this.store.state.schedule;
    return html`<vscode-dropdown
      aria-label="Bracket"
      .value=${bracket}
      @change=${(event: Event) => this.set({ bracket: valueOf(event) })}
    >
      <vscode-option value="" ?selected=${bracket === ""}>All brackets</vscode-option>
      ${report.brackets
        .slice(-listLimit)
        .toReversed()
        .map(
          ({ label }) => html`<vscode-option value=${label} ?selected=${label === bracket}>${label}</vscode-option>`,
        )}
    </vscode-dropdown>`;
  }

  private noRungs({ scheduler }: ScheduleReport): TemplateResult {
    if (scheduler === "none") {
      return html`<div class="message">
        <strong>Every trial trains to its end</strong>
        <p>
          This study has no scheduler. With one, such as asha, poor trials end early, and who goes on and why appears
          here.
        </p>
        <vscode-button @click=${() => void this.actions.act("openStudyFile", null)}>Open Study File</vscode-button>
      </div>`;
    }
    return html`<div class="message">
      <strong>Nothing decided yet</strong>
      <p>When ${scheduler} promotes, pauses or stops a trial, the trial's way and the reason appear here.</p>
      <vscode-button @click=${() => this.store.update({ view: "curves" })}>Show Curves</vscode-button>
    </div>`;
  }
}

customElements.define("basin-schedule", ScheduleView);
