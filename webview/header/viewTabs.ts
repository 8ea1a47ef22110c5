/** The strip of views: a tab list with one stop for Tab and arrows inside, as ARIA asks. */
import { css, html, type TemplateResult } from "lit";
import { panelViews, type PanelView } from "../../src/protocol/panel.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { baseStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";

const labels: Readonly<Record<PanelView, string>> = {
  overview: "Overview",
  parallel: "Parallel",
  curves: "Curves",
  schedule: "Schedule",
  topology: "Topology",
  flatness: "Flatness",
  timeline: "Timeline",
};

export class ViewTabs extends PanelElement {
  static override styles = [
    baseStyles,
    css`
      [role="tablist"] {
        display: flex;
        gap: 16px;
        padding: 0 12px;
        border-bottom: 1px solid var(--vscode-panel-border, var(--vscode-contrastBorder));
        overflow-x: auto;
        scrollbar-width: none;
      }
      button {
        flex: none;
        height: 28px;
        padding: 0;
        border: 0;
        border-bottom: 1px solid transparent;
        background: none;
        color: var(--vscode-panelTitle-inactiveForeground, var(--vscode-descriptionForeground));
        font: inherit;
        cursor: pointer;
      }
      button:hover {
        color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
      }
      button[aria-selected="true"] {
        color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
        border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-foreground));
      }
    `,
  ];

  protected topics(): readonly Topic[] {
    return ["ui"];
  }

  override render(): TemplateResult {
    const { view } = this.store.state;
    return html`<div role="tablist" aria-label="Views of the study" @keydown=${this.onKey}>
      ${panelViews.map(
        (name) =>
          html`<button
            role="tab"
            id=${`tab-${name}`}
            aria-selected=${name === view}
            tabindex=${name === view ? 0 : -1}
            @click=${() => this.store.update({ view: name })}
          >
            ${labels[name]}
          </button>`,
      )}
    </div>`;
  }

  protected override updated(): void {
    // Where the strip is too narrow for all, the one that is shown must be seen.
    this.renderRoot.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const at = panelViews.indexOf(this.store.state.view);
    const last = panelViews.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const view = panelViews[targets[event.key] ?? -1];
    if (view === undefined) return;
    event.preventDefault();
    this.store.update({ view });
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>(`#tab-${view}`)?.focus());
  };
}

customElements.define("basin-tabs", ViewTabs);
