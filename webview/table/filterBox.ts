/**
 * The filter: an expression over columns. Invariant: while the text cannot be read, the error stands under the box and the
 * last filter that could be read stays in force.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { valueOf } from "../shared/controls.ts";
import type { PanelColumn } from "../shared/columnModel.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { quantileSorted } from "../shared/scales.ts";
import type { PanelStore, Topic } from "../shared/store.ts";
import { baseStyles } from "../shared/styles.ts";

const typingDelayMs = 150;

/** An expression that makes sense for this study, to show what can be written. */
export function exampleFilter(columns: readonly PanelColumn[]): string {
  const parts: string[] = [];
  const objective = columns.find((column) => column.role === "objective");
  if (objective !== undefined) {
    const sorted = objective.values.filter((value) => !Number.isNaN(value)).sort();
    const maximise = objective.direction === "maximize";
    const middle = quantileSorted(sorted, maximise ? 0.75 : 0.25);
    if (!Number.isNaN(middle))
      parts.push(`${objective.label} ${maximise ? ">" : "<"} ${formatNumber(Number(middle.toPrecision(2)))}`);
  }
  const choice = columns.find((column) => column.role === "param" && column.categories !== undefined);
  if (choice?.categories !== undefined) parts.push(`${choice.label} = ${String(choice.categories[0])}`);
  return parts.length === 0 ? "state = complete" : parts.join(" and ");
}

export class FilterBox extends PanelElement {
  static override styles = [
    baseStyles,
    css`
      :host {
        flex: 1 1 160px;
        min-width: 0;
        max-width: 640px;
      }
      vscode-text-field {
        width: 100%;
      }
    `,
  ];

  private timer: ReturnType<typeof setTimeout> | undefined;
  private example = "";
  private exampleOf: PanelStore["columns"] = null;

  protected topics(): readonly Topic[] {
    return ["ui", "data"];
  }

  override disconnectedCallback(): void {
    clearTimeout(this.timer);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const { store } = this;
    if (this.exampleOf === null || this.exampleOf.studyId !== store.columns?.studyId || this.exampleOf.count === 0) {
      this.exampleOf = store.columns;
      this.example = exampleFilter(store.table);
    }
    return html`<vscode-text-field
      placeholder=${`Filter, for example ${this.example}`}
      aria-label="Filter trials by an expression over columns"
      aria-invalid=${store.filterProblem === null ? "false" : "true"}
      title="Compare columns with values: = != < <= > >=, joined by and, or, not"
      .value=${store.state.filter}
      @input=${this.onInput}
      @keydown=${this.onKey}
    ></vscode-text-field>`;
  }

  private readonly onInput = (event: Event): void => {
    const text = valueOf(event);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.store.setFilter(text), typingDelayMs);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      clearTimeout(this.timer);
      this.store.setFilter(valueOf(event));
    } else if (event.key === "Escape" && valueOf(event) !== "") {
      clearTimeout(this.timer);
      event.preventDefault();
      this.store.setFilter("");
    }
  };
}

/** The line under the bar: what is wrong and where in the text. */
export function filterProblem(store: PanelStore): TemplateResult | typeof nothing {
  const problem = store.filterProblem;
  if (problem === null) return nothing;
  const { filter } = store.state;
  const bad = filter.slice(problem.start, problem.end);
  return html`<div class="problem" role="alert">
    ${bad === "" || bad === filter ? nothing : html`<span class="muted">${filter.slice(Math.max(0, problem.start - 24), problem.start)}</span><code>${bad}</code>: `}${problem.message}
  </div>`;
}

customElements.define("basin-filter", FilterBox);
