/**
 * The Flatness view: measures of sharpness against what they are hoped to tell, the loss around trials' weights, and FGHPO's
 * funnel. Invariant: it says what a measure is beside what it shows, and computes nothing without being asked.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { flatnessSections } from "../../src/protocol/panel.ts";
import { LiveData } from "../shared/liveData.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { paneStyles } from "../shared/paneStyles.ts";
import type { Topic } from "../shared/store.ts";
import { toggleGroup } from "../shared/toggle.ts";
import { chartMenu, pending } from "../shared/viewParts.ts";
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
  .measure vscode-button {
    flex: none;
    white-space: nowrap;
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
  static override styles = [...viewStyles, paneStyles, flatnessStyles];

  private readonly live = new LiveData(this, (panel, signal) => new FlatnessData(panel, signal));
  private readonly sharpness = new SharpnessPanes();
  private readonly landscapes = new LandscapePanes();
  private readonly funnel = new FunnelPanes();

  protected topics(): readonly Topic[] {
    return ["data", "selected", "ui"];
  }

  protected override onStore(): void {
    this.live.request();
    super.onStore();
  }

  override render(): TemplateResult | typeof nothing {
    const { store } = this;
    const { data } = this.live;
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
      menu: (selector, ready) => (ready ? chartMenu(this.renderRoot, selector) : nothing),
      refresh: () => this.live.retry(),
      redraw: () => this.requestUpdate(),
    };
    if (section === "sharpness") return this.sharpness.render(context);
    if (section === "funnel") return this.funnel.render(context, this.waiting(data, "The schedule"));
    if (data.jobs.value === undefined) return this.waiting(data, "What has been computed");
    if (section === "line") return this.landscapes.lines(context);
    return section === "plane" ? this.landscapes.planes(context) : this.landscapes.spectra(context);
  }

  private waiting(data: FlatnessData, what: string): TemplateResult {
    return pending(what, data.jobs.problem ?? data.schedule.problem, () => this.live.retry(), this.actions);
  }
}

customElements.define("basin-flatness", FlatnessView);
