/**
 * The panel as a whole: header, tabs, main view, splitter, table, inspector, and the one line for notices.
 * Invariant: it decides only where things are; every view reads the store by itself.
 */
import { LitElement, html, nothing, type TemplateResult } from "lit";
import type { PanelView } from "../../src/protocol/panel.ts";
import "../curves/curvesView.ts";
import "../flatness/flatnessView.ts";
import "../header/studyHeader.ts";
import "../header/viewTabs.ts";
import "../inspector/trialInspector.ts";
import "../overview/overviewView.ts";
import "../parallel/parallelView.ts";
import "../schedule/scheduleView.ts";
import "../table/trialTable.ts";
import "../timeline/timelineView.ts";
import "../topology/topologyView.ts";
import { icon } from "../shared/icons.ts";
import type { PanelContext } from "../shared/panelElement.ts";
import { splitterRange } from "../shared/panelState.ts";
import { baseStyles, messageStyles } from "../shared/styles.ts";
import type { PanelController } from "./controller.ts";
import { panelStyles } from "./panelStyles.ts";
import "./splitter.ts";

/** Below this the inspector goes under the table. */
const narrowWidth = 720;

export class BasinPanel extends LitElement {
  static override properties = { controller: { attribute: false }, narrow: { state: true } };
  declare controller: PanelController | undefined;
  declare narrow: boolean;

  static override styles = [baseStyles, messageStyles, panelStyles];

  private stops: (() => void)[] = [];
  private readonly resized = new ResizeObserver((entries) => {
    this.narrow = (entries.at(-1)?.contentRect.width ?? 1000) < narrowWidth;
  });

  constructor() {
    super();
    this.narrow = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.resized.observe(this);
    this.addEventListener("keydown", this.onKey);
    this.listen();
  }

  override disconnectedCallback(): void {
    this.resized.disconnect();
    this.removeEventListener("keydown", this.onKey);
    for (const stop of this.stops.splice(0)) stop();
    super.disconnectedCallback();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("controller")) this.listen();
  }

  private listen(): void {
    const { controller } = this;
    if (controller === undefined || this.stops.length > 0 || !this.isConnected) return;
    this.stops.push(controller.store.subscribe(["data", "ui", "connection", "selected"], () => this.requestUpdate()));
    controller.onNotice = () => this.requestUpdate();
  }

  override render(): TemplateResult | typeof nothing {
    const { controller } = this;
    if (controller === undefined) return nothing;
    const panel: PanelContext = { store: controller.store, actions: controller };
    const { store } = controller;
    if (store.columns === null)
      return html`<main class="all">${this.beforeData(panel)}</main>
        ${this.notice()}`;
    const { splitter, view } = store.state;
    // Under the table an inspector with nothing in it would only take room.
    const inspectorOpen = store.state.inspectorOpen && (!this.narrow || store.selected.length > 0);
    return html`
      <basin-header .panel=${panel}></basin-header>
      ${this.banner(panel)}
      <div class=${this.narrow ? "body narrow" : "body"}>
        <div class="work">
          <basin-tabs .panel=${panel}></basin-tabs>
          <section
            class="view"
            id="view"
            role="tabpanel"
            aria-labelledby=${`tab-${view}`}
            .style=${`flex: ${splitter} 1 0`}
          >
            ${this.view(panel)}
          </section>
          <basin-splitter
            .share=${splitter}
            .min=${splitterRange[0]}
            .max=${splitterRange[1]}
            @share=${(event: CustomEvent<number>) => store.update({ splitter: event.detail })}
          ></basin-splitter>
          <basin-table .panel=${panel} .style=${`flex: ${1 - splitter} 1 0`}></basin-table>
        </div>
        ${inspectorOpen ? html`<basin-inspector .panel=${panel}></basin-inspector>` : nothing}
      </div>
      ${this.notice()}
    `;
  }

  private view(panel: PanelContext): TemplateResult {
    const views: Readonly<Record<PanelView, () => TemplateResult>> = {
      overview: () => html`<basin-overview .panel=${panel}></basin-overview>`,
      parallel: () => html`<basin-parallel .panel=${panel}></basin-parallel>`,
      curves: () => html`<basin-curves .panel=${panel}></basin-curves>`,
      schedule: () => html`<basin-schedule .panel=${panel}></basin-schedule>`,
      timeline: () => html`<basin-timeline .panel=${panel}></basin-timeline>`,
      topology: () => html`<basin-topology .panel=${panel}></basin-topology>`,
      flatness: () => html`<basin-flatness .panel=${panel}></basin-flatness>`,
    };
    return views[panel.store.state.view]();
  }

  private beforeData({ store, actions }: PanelContext): TemplateResult {
    if (store.problem === null && store.connected) {
      return html`<div class="skeleton" role="status" aria-label="Loading the study">
        <span></span><span></span><span></span><span></span>
      </div>`;
    }
    const message = store.problem?.message ?? store.connectionMessage;
    const hint = store.problem?.hint ?? "";
    return html`<div class="message" role="alert">
      <strong>The study could not be loaded</strong>
      <p>${message}</p>
      ${hint === "" ? nothing : html`<p>${hint}</p>`}
      <p>
        <vscode-button @click=${() => actions.refresh()}>Try Again</vscode-button>
        <vscode-button appearance="secondary" @click=${() => void actions.act("showEngineLog", null)}
          >Show Log</vscode-button
        >
      </p>
    </div>`;
  }

  private banner({ store, actions }: PanelContext): TemplateResult | typeof nothing {
    const text = !store.connected
      ? `Not connected: ${store.connectionMessage || "the engine does not answer."} What you see is the last known state.`
      : store.problem === null
        ? ""
        : `Update failed: ${store.problem.message} ${store.problem.hint}`;
    if (text === "") return nothing;
    return html`<div class="banner" role="alert">
      ${icon("warning")}<span>${text}</span>
      <button class="link" @click=${() => void actions.act("showEngineLog", null)}>Show Log</button>
    </div>`;
  }

  private notice(): TemplateResult {
    const shown = this.controller?.notices ?? null;
    return html`<div class="notices" aria-live="polite">
      ${
        shown === null
          ? nothing
          : html`<div class=${`notice ${shown.kind}`}>
              <span>${shown.message}</span>
              <button class="tool" aria-label="Dismiss" @click=${() => this.controller?.notice("")}>
                ${icon("close")}
              </button>
            </div>`
      }
    </div>`;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const { controller } = this;
    if (controller === undefined || event.key !== "Escape" || event.defaultPrevented) return;
    if (controller.store.clearInnermost() !== null) event.preventDefault();
  };
}

customElements.define("basin-panel", BasinPanel);
