/**
 * The Flatness view: measures of sharpness against what they are hoped to tell, the loss around trials' weights, and FGHPO's
 * funnel. Invariant: it says what a measure is beside what it shows, and computes nothing without being asked.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { flatnessSections } from "../../src/protocol/panel.ts";
import { CanvasChart } from "../shared/canvasChart.ts";
import { LivePull } from "../shared/livePull.ts";
import "../shared/menu.ts";
import type { MenuItem } from "../shared/menu.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { paneStyles } from "../shared/paneStyles.ts";
import { baseStyles, messageStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";
import { toggleGroup } from "../shared/toggle.ts";
import { viewStyles } from "../shared/viewStyles.ts";
import { FlatnessData } from "./flatnessData.ts";
import { FunnelPanes } from "./funnelPanes.ts";
import { LandscapePanes } from "./landscapePanes.ts";
import { SharpnessPanes } from "./sharpnessPanes.ts";
import type { ViewContext } from "./viewContext.ts";

type Section = (typeof flatnessSections)[number];

const sectionTexts: Readonly<Record<Section, readonly [text: string, title: string]>> = {
  sharpness: ["Sharpness", "Measures of sharpness against the generalisation gap and the objective"],
  line: ["1-D", "The loss along a direction, and between two trials"],
  plane: ["2-D", "The loss on a plane around the weights"],
  spectrum: ["Spectrum", "Density of the Hessian's eigenvalues"],
  funnel: ["Funnel", "What became of FGHPO's configurations"],
};

const flatnessStyles = css`
  .measure {
    flex: none;
    display: flex;
    align-items: center;
    gap: 4px 12px;
    padding: 4px 12px;
    border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
  }
  .measure vscode-dropdown {
    flex: none;
    width: 200px;
  }
  .measure p {
    margin: 0;
    color: var(--vscode-descriptionForeground);
  }
  .measure code {
    color: var(--vscode-foreground);
    font-family: var(--vscode-editor-font-family, monospace);
    font-size: 0.92em;
  }
  .measure strong {
    color: var(--vscode-foreground);
    font-weight: 600;
  }
  .job {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    min-width: 0;
  }
  .job progress {
    width: 96px;
  }
  .reasons {
    flex: 1;
    min-height: 0;
    overflow-y: auto;
    margin: 0;
    padding: 0 12px 8px;
    list-style: none;
  }
  .reasons li {
    padding: 4px 0 8px;
  }
  .reasons strong {
    font-weight: 600;
  }
  .reasons p {
    margin: 0;
    overflow-wrap: anywhere;
  }
  @container (max-width: 760px) {
    .measure {
      flex-wrap: wrap;
    }
    .measure vscode-dropdown {
      width: 100%;
    }
  }
`;

export class FlatnessView extends PanelElement {
  static override styles = [baseStyles, messageStyles, viewStyles, paneStyles, flatnessStyles];

  private data: FlatnessData | undefined;
  private live: LivePull | undefined;
  private abort = new AbortController();
  private again = false;
  private readonly sharpness = new SharpnessPanes();
  private readonly landscapes = new LandscapePanes();
  private readonly funnel = new FunnelPanes();

  protected topics(): readonly Topic[] {
    return ["data", "selected", "ui"];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.abort = new AbortController();
    this.data = new FlatnessData(this.panel, this.abort.signal);
    this.live = new LivePull(() => this.fetch());
    this.live.request();
  }

  override disconnectedCallback(): void {
    this.live?.dispose();
    this.abort.abort();
    super.disconnectedCallback();
  }

  protected override onStore(): void {
    this.live?.request();
    this.requestUpdate();
  }

  private async fetch(): Promise<void> {
    const { again, data } = this;
    this.again = false;
    await data?.pull(again);
    if (this.abort.signal.aborted || data === undefined) return;
    this.requestUpdate();
    await this.updateComplete;
    // Drawing is what finds out which results are needed.
    if (data.hasWanted) this.live?.requestNow();
    else if (data.unfinished) this.live?.request();
  }

  private refresh(): void {
    this.again = true;
    this.live?.requestNow();
  }

  override render(): TemplateResult | typeof nothing {
    const { data, store } = this;
    const { study } = store;
    if (study === null || store.columns === null || data === undefined) return nothing;
    const fghpo = study.scheduler === "fghpo";
    const wanted = store.state.flatness.section;
    const section = wanted === "funnel" && !fghpo ? "sharpness" : wanted;
    return html`<div class="all">${this.lead(section, fghpo)} ${this.body(section, data)}</div>`;
  }

  private lead(section: Section, fghpo: boolean): TemplateResult {
    const { store } = this;
    const { flatness } = store.state;
    return html`<div class="lead">
      <p>
        How fast the loss rises around trials' weights.
        <button class="link" @click=${() => void this.actions.act("openDocs", { page: "flatness" })}>
          What it does not tell
        </button>
      </p>
      ${
        section === "plane"
          ? toggleGroup(
              "How the plane is drawn",
              [
                ["contour", "Contour"],
                ["surface", "Surface"],
              ],
              flatness.display,
              (display) => store.update({ flatness: { ...flatness, display } }),
            )
          : nothing
      }
      ${toggleGroup(
        "What is shown",
        flatnessSections
          .filter((name) => name !== "funnel" || fghpo)
          .map((name) => [name, ...sectionTexts[name]] as const),
        section,
        (next) => store.update({ flatness: { ...flatness, section: next } }),
      )}
    </div>`;
  }

  private body(section: Section, data: FlatnessData): TemplateResult {
    const context: ViewContext = {
      panel: this.panel,
      data,
      menu: (selector, ready) => this.menu(selector, ready),
      refresh: () => this.refresh(),
      redraw: () => this.requestUpdate(),
    };
    if (section === "sharpness") return this.sharpness.render(context);
    if (section === "funnel") return this.funnel.render(context, this.waiting(data, "The schedule"));
    if (data.jobs.value === undefined) return this.waiting(data, "What has been computed");
    if (section === "line") return this.landscapes.lines(context);
    return section === "plane" ? this.landscapes.planes(context) : this.landscapes.spectra(context);
  }

  private waiting(data: FlatnessData, what: string): TemplateResult {
    const problem = data.jobs.problem ?? data.schedule.problem;
    if (problem === undefined)
      return html`<div class="skeleton" role="status" aria-label=${`${what}: loading`}><span></span></div>`;
    return html`<div class="message" role="alert">
      <strong>${what} could not be loaded</strong>
      <p>${problem.message} ${problem.hint}</p>
      <p>
        <vscode-button @click=${() => this.refresh()}>Try Again</vscode-button>
        <vscode-button appearance="secondary" @click=${() => void this.actions.act("showEngineLog", null)}
          >Show Log</vscode-button
        >
      </p>
    </div>`;
  }

  private menu(selector: string, ready: boolean): TemplateResult | typeof nothing {
    if (!ready) return nothing;
    const items = (): readonly MenuItem[] => {
      const chart = this.renderRoot.querySelector(selector);
      return chart instanceof CanvasChart && "menuItems" in chart ? (chart.menuItems as readonly MenuItem[]) : [];
    };
    return html`<basin-menu label="Chart Actions" icon="more" .items=${items}></basin-menu>`;
  }
}

customElements.define("basin-flatness", FlatnessView);
