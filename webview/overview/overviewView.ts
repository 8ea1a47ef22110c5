/**
 * Overview: how far the study is, its history, what runs now, and why samplers and schedulers did what they did.
 * Invariant: with nothing to show yet it says what will appear and offers the one action that makes it appear.
 */
import { html, nothing, type TemplateResult } from "lit";
import { formatDuration } from "../../src/core/format.ts";
import type { SlotStatus, StudyDetail, StudyLogLine } from "../../src/protocol/engine.ts";
import { clock } from "../shared/clock.ts";
import { icon } from "../shared/icons.ts";
import { PanelElement } from "../shared/panelElement.ts";
import type { Topic } from "../shared/store.ts";
import { chartMenu, noTrials } from "../shared/viewParts.ts";
import { viewStyles } from "../shared/viewStyles.ts";
import "./historyChart.ts";
import { overviewStyles } from "./overviewStyles.ts";

const shownLines = 300;

export class OverviewView extends PanelElement {
  static override styles = [...viewStyles, overviewStyles];

  protected topics(): readonly Topic[] {
    return ["data", "ui"];
  }

  override render(): TemplateResult | typeof nothing {
    const { study, columns } = this.store;
    if (study === null || columns === null) return nothing;
    return html`<div class="grid">
      <section class="history" aria-label="History">
        <div class="chart-head">
          <h2>History</h2>
          ${this.budget(study)}
          <span class="space"></span>
          ${columns.count === 0 ? nothing : this.axisToggle()}
          ${columns.count === 0 ? nothing : chartMenu(this.renderRoot, "basin-history")}
        </div>
        ${columns.count === 0 ? this.empty(study) : html`<basin-history .panel=${this.panel}></basin-history>`}
      </section>
      <aside aria-label="What is running and why">
        ${this.slots(study)}
        <section class="log" aria-label="Study log">
          <h2>Log</h2>
          ${study.samplerChoice === undefined ? nothing : html`<p class="muted none">${study.samplerChoice}</p>`}
          ${this.log()}
        </section>
      </aside>
    </div>`;
  }

  private axisToggle(): TemplateResult {
    const { overviewAxis } = this.store.state;
    return html`<span class="toggle" role="radiogroup" aria-label="Horizontal axis">
      ${(["number", "time"] as const).map(
        (axis) =>
          html`<button
            class="tool"
            role="radio"
            aria-checked=${axis === overviewAxis}
            aria-pressed=${axis === overviewAxis}
            @click=${() => this.store.update({ overviewAxis: axis })}
          >
            ${axis === "number" ? "Trial" : "Time"}
          </button>`,
      )}
    </span>`;
  }

  private budget(study: StudyDetail): TemplateResult | typeof nothing {
    const { counts, budgetTrials, budgetMs, elapsedMs } = study;
    const finished = counts.complete + counts.pruned + counts.failed;
    const total = budgetTrials ?? 0;
    const bars: TemplateResult[] = [];
    if (total > 0) {
      bars.push(
        budgetBar({
          title: `${counts.complete} complete, ${counts.pruned} pruned, ${counts.failed} failed, ${counts.running} running of ${total}`,
          label: "Trials",
          total,
          now: finished,
          parts: (["complete", "pruned", "failed", "running"] as const).map((state) => [state, counts[state]]),
          words: html`${finished.toLocaleString("en")} of ${total.toLocaleString("en")} trials`,
        }),
      );
    }
    if (budgetMs !== undefined) {
      bars.push(
        budgetBar({
          title: "Running time of the budget",
          label: "Time",
          total: budgetMs,
          now: elapsedMs,
          parts: [["running", elapsedMs]],
          words: html`${formatDuration(elapsedMs)} of ${formatDuration(budgetMs)}`,
        }),
      );
    }
    return bars.length === 0 ? nothing : html`${bars}`;
  }

  private empty(study: StudyDetail): TemplateResult {
    return noTrials(
      study.state === "running",
      "No trials yet",
      html`Each trial will be a point here, and a line will follow the best ${study.objectives[0]?.metric ?? "value"} so
      far.`,
      this.actions,
    );
  }

  private slots(study: StudyDetail): TemplateResult | typeof nothing {
    if (study.state !== "running" && study.slots.length === 0) return nothing;
    const bySlot = new Map(study.slots.map((slot) => [slot.slot, slot]));
    const count = Math.max(study.parallel, ...[...bySlot.keys()].map((slot) => slot + 1), 0);
    const busy = study.slots.length;
    return html`<section class="slots" aria-label="Running now">
      <h2>Running <span class="muted numeric">${busy} of ${count}</span></h2>
      <ul>
        ${Array.from({ length: Math.min(count, 32) }, (_, slot) => this.lane(slot, bySlot.get(slot)))}
      </ul>
    </section>`;
  }

  private lane(slot: number, status: SlotStatus | undefined): TemplateResult {
    if (status === undefined)
      return html`<li class="muted"><span class="lane numeric">${slot + 1}</span><span>free</span></li>`;
    const { number, step, steps, placement, startedAt } = status;
    const progress = step === undefined ? "starting" : steps === undefined ? `epoch ${step}` : `epoch ${step}/${steps}`;
    return html`<li>
      <span class="lane numeric muted">${slot + 1}</span>
      <button class="link numeric" @click=${() => this.pick(number)}>#${number}</button>
      <span
        class="bar"
        role="progressbar"
        aria-label=${`Trial ${number}`}
        aria-valuetext=${progress}
        aria-valuemin="0"
        aria-valuemax=${steps ?? 1}
        aria-valuenow=${step ?? 0}
      >
        <span
          class="part running"
          .style=${`width: ${steps === undefined || step === undefined ? 0 : (100 * step) / steps}%`}
        ></span>
      </span>
      <span class="numeric doing">${progress}</span>
      <span class="muted clip place" title=${`${placement ?? ""} since ${clock.format(startedAt)}`}
        >${placement ?? ""}</span
      >
    </li>`;
  }

  private log(): TemplateResult {
    const lines = [...this.store.log].sort((a, b) => b.at - a.at).slice(0, shownLines);
    if (lines.length === 0) {
      return html`<p class="muted none">What the sampler and the scheduler decide, and why, will be written here.</p>`;
    }
    return html`<ol tabindex="0" aria-label="Newest first">
      ${lines.map((line) => this.logLine(line))}
    </ol>`;
  }

  private logLine({ at, level, source, number, message }: StudyLogLine): TemplateResult {
    return html`<li class=${level}>
      <time class="numeric muted" datetime=${new Date(at).toISOString()}>${clock.format(at)}</time>
      <span class="text">
        ${level === "info" ? nothing : html`<span class=${`state-${level === "error" ? "failed" : "pruned"}`} title=${level}>${icon(level === "error" ? "cross" : "warning")}</span>`}
        <span class="source muted">${source}</span>
        ${number === undefined ? nothing : html`<button class="link numeric" @click=${() => this.pick(number)}>#${number}</button>`}
        ${message}
      </span>
    </li>`;
  }

  private pick(number: number): void {
    this.store.select([number]);
    this.actions.openInspector();
  }
}

interface BudgetBar {
  readonly title: string;
  readonly label: string;
  readonly total: number;
  readonly now: number;
  /** Amounts beside each other, by the class that colours them. */
  readonly parts: readonly (readonly [name: string, amount: number])[];
  readonly words: TemplateResult;
}

function budgetBar({ title, label, total, now, parts, words }: BudgetBar): TemplateResult {
  const width = (amount: number): string => `width: ${Math.min(100, (100 * amount) / total)}%`;
  return html`<span class="budget" title=${title}>
    <span
      class="bar"
      role="progressbar"
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax=${total}
      aria-valuenow=${now}
    >
      ${parts.map(([name, amount]) => html`<span class=${`part ${name}`} .style=${width(amount)}></span>`)}
    </span>
    <span class="numeric muted">${words}</span>
  </span>`;
}

customElements.define("basin-overview", OverviewView);
