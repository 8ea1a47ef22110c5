/**
 * The one line that says how the study stands: state, progress, best, counts as filters, clocks, actions.
 * Invariant: never wraps; as it gets narrow, words go first, then clocks, then counts, never the actions.
 */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { formatDuration, formatEta, formatNumber } from "../../src/core/format.ts";
import { trialStates } from "../../src/core/trial.ts";
import type { StudyDetail } from "../../src/protocol/engine.ts";
import { icon, stateIcon, studyIcon, type IconName } from "../shared/icons.ts";
import "../shared/menu.ts";
import type { MenuItem } from "../shared/menu.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { baseStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";
import { exportItems } from "../table/exportItems.ts";
import { headerStyles } from "./headerStyles.ts";

/** Finished trials, what `budget.trials` counts: not those that a copy has replaced. */
export function finishedCount({ counts, children = 0 }: StudyDetail): number {
  return counts.complete + counts.pruned + counts.failed - children;
}

export class StudyHeader extends PanelElement {
  static override styles = [baseStyles, headerStyles];
  private ticking: ReturnType<typeof setInterval> | undefined;

  protected topics(): readonly Topic[] {
    return ["data", "ui", "connection"];
  }

  override disconnectedCallback(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
    super.disconnectedCallback();
  }

  protected override updated(_changed: PropertyValues): void {
    const running = this.store.study?.state === "running" && this.store.connected;
    if (running && this.ticking === undefined) this.ticking = setInterval(() => this.requestUpdate(), 1000);
    if (!running) {
      clearInterval(this.ticking);
      this.ticking = undefined;
    }
  }

  override render(): TemplateResult | typeof nothing {
    const { study } = this.store;
    if (study === null) return nothing;
    const { budgetTrials } = study;
    const finished = finishedCount(study);
    return html`<header>
      <h1 class="clip" title=${study.path}>
        ${study.name}${study.generation > 1 ? html`<span class="muted"> #${study.generation}</span>` : nothing}
      </h1>
      <span class="status" title=${study.reason || study.state}>
        ${studyIcon(study.state)}<span class="word">${study.state}</span>
        <span class="numeric" title=${`${finished} finished${budgetTrials === undefined ? "" : ` of ${budgetTrials}`}`}
          >${finished.toLocaleString("en")}${budgetTrials === undefined ? nothing : `/${budgetTrials.toLocaleString("en")}`}</span
        >
      </span>
      ${this.best(study)}
      <span class="chips" role="group" aria-label="Show only trials that are">${this.chips(study)}</span>
      <span class="space"></span>
      ${this.clocks(study)}
      <span class="actions">${this.buttons(study)}</span>
    </header>`;
  }

  private best(study: StudyDetail): TemplateResult | typeof nothing {
    const { best, objectives } = study;
    if (best === undefined) return nothing;
    const [objective] = objectives;
    const value = best.values[0] ?? Number.NaN;
    return html`<button
      class="best link"
      title=${`Best ${objective?.metric ?? "value"}: ${value} (trial ${best.number}). Click to select it.`}
      @click=${() => {
        this.store.select([best.number]);
        this.actions.openInspector();
      }}
    >
      <span class="word">best </span><span class="numeric">${formatNumber(value)}</span
      ><span class="trial numeric"> (#${best.number})</span>
    </button>`;
  }

  private chips(study: StudyDetail): readonly TemplateResult[] {
    const { stateFilter } = this.store.state;
    return trialStates
      .filter((state) => study.counts[state] > 0 || stateFilter.includes(state))
      .map((state) => {
        const count = study.counts[state];
        const on = stateFilter.includes(state);
        return html`<button
          class="chip"
          aria-pressed=${on}
          aria-label=${`${count} ${state}`}
          title=${on ? `Showing ${state} trials; click to stop` : `Show only ${state} trials`}
          @click=${() => this.store.toggleState(state)}
        >
          ${stateIcon(state)}<span class="numeric">${count.toLocaleString("en")}</span
          ><span class="word">${state}</span>
        </button>`;
      });
  }

  private clocks(study: StudyDetail): TemplateResult {
    const running = study.state === "running";
    const since = running && this.store.connected ? performance.now() - this.store.pulledAt : 0;
    const eta = study.etaMs === undefined ? undefined : Math.max(0, study.etaMs - since);
    return html`<span class="elapsed numeric" title="Running time">${formatDuration(study.elapsedMs + since)}</span>
      ${running && eta !== undefined ? html`<span class="eta numeric muted" title="Expected time to the end">ETA ${formatEta(eta)}</span>` : nothing}`;
  }

  private buttons(study: StudyDetail): readonly (TemplateResult | typeof nothing)[] {
    const off = !this.store.connected;
    const button = (name: IconName, label: string, method: "pause" | "resume" | "stop" | "start"): TemplateResult =>
      html`<button
        class="tool"
        title=${label}
        aria-label=${label}
        ?disabled=${off}
        @click=${() => void this.actions.act(method, null)}
      >
        ${icon(name)}
      </button>`;
    const { state } = study;
    const { inspectorOpen } = this.store.state;
    const inspector = inspectorOpen ? "Hide Inspector" : "Show Inspector";
    return [
      state === "running" ? button("pause", "Pause Study", "pause") : nothing,
      state === "paused" ? button("play", "Resume Study", "resume") : nothing,
      state === "running" || state === "paused"
        ? button("stop", "Stop Study", "stop")
        : button("play", "Start Study", "start"),
      html`<button
        class="tool"
        title=${inspector}
        aria-label=${inspector}
        aria-pressed=${inspectorOpen}
        @click=${() => this.store.update({ inspectorOpen: !inspectorOpen })}
      >
        ${icon("inspector")}
      </button>`,
      html`<basin-menu label="More Actions" icon="more" .items=${this.menu}></basin-menu>`,
    ];
  }

  private readonly menu = (): readonly MenuItem[] => {
    const { actions } = this;
    return [
      { label: "Open Study File", run: () => void actions.act("openStudyFile", null) },
      ...exportItems(this.panel).map((item, i) => ({ ...item, separated: i === 0 })),
      { label: "Refresh", separated: true, run: () => actions.refresh() },
      { label: "Show Log", run: () => void actions.act("showEngineLog", null) },
    ];
  };
}

customElements.define("basin-header", StudyHeader);
