/**
 * Every decision of the scheduler with its reason: who, when, what and why; by kind, and of the selected trials alone.
 * Invariant: newest first; what is left out is counted; nothing moves under the pointer.
 */
import { css, html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import { clock } from "../shared/clock.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { baseStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";
import { readDecisions } from "./decisionFilter.ts";
import { decisionIcon, decisionKinds, decisionWords, type DecisionKind } from "./outcomes.ts";

const pageSize = 200;

export class DecisionLog extends PanelElement {
  static override properties = {
    decisions: { attribute: false },
    population: { type: Boolean },
    kinds: { state: true },
    ofSelected: { state: true },
    shown: { state: true },
  };
  declare decisions: readonly DecisionRow[];
  /** Whether members of a population take turns: who goes on then was not promoted. */
  declare population: boolean;
  declare kinds: ReadonlySet<DecisionKind>;
  declare ofSelected: boolean;
  declare shown: number;

  /** What is read while the pointer rests on it; undefined = the newest. */
  private held: readonly DecisionRow[] | undefined;

  constructor() {
    super();
    this.population = false;
    this.kinds = new Set();
    this.ofSelected = true;
    this.shown = pageSize;
  }

  static override styles = [
    baseStyles,
    css`
      :host {
        display: flex;
        flex-direction: column;
        min-height: 0;
      }
      .head {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0 8px;
        padding: 4px 12px;
      }
      .head h2 {
        line-height: 24px;
        margin-inline-end: auto;
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: 4px;
      }
      button.tool {
        gap: 4px;
      }
      ol {
        flex: 1;
        min-height: 0;
        overflow-y: auto;
        list-style: none;
        margin: 0;
        padding: 0 0 8px;
      }
      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 8px;
        padding: 2px 12px;
      }
      li.on {
        background: var(--vscode-list-inactiveSelectionBackground);
      }
      li:hover {
        background: var(--vscode-list-hoverBackground);
      }
      .why {
        overflow-wrap: anywhere;
      }
      .none,
      .more {
        margin: 0;
        padding: 4px 12px;
      }
    `,
  ];

  protected topics(): readonly Topic[] {
    return ["selected"];
  }

  override render(): TemplateResult {
    const { kinds, store, shown } = this;
    const decisions = this.held ?? this.decisions;
    const some = store.selected.length > 0;
    const numbers = some && this.ofSelected ? new Set(store.selected) : undefined;
    const { rows, total } = readDecisions(decisions, { kinds, numbers }, shown);
    return html`<div class="head">
        <h2>Decisions</h2>
        ${some ? this.selectedToggle() : nothing}
        <span class="chips" role="group" aria-label="Show only">${this.chips()}</span>
      </div>
      ${
        total === 0
          ? html`<p class="muted none">${this.nothingToRead(numbers !== undefined)}</p>`
          : html`<ol
              tabindex="0"
              aria-label="Decisions, newest first"
              @pointerenter=${() => (this.held = this.decisions)}
              @pointerleave=${this.release}
            >
              ${repeat(
                rows,
                (row) => `${row.at} ${row.number} ${row.step} ${row.decision}`,
                (row) => this.line(row),
              )}
              ${total > rows.length ? this.more(total - rows.length) : nothing}
            </ol>`
      }`;
  }

  private readonly release = (): void => {
    const waiting = this.held !== this.decisions;
    this.held = undefined;
    if (waiting) this.requestUpdate();
  };

  private nothingToRead(filtered: boolean): string {
    if (this.decisions.length === 0) return "Who is promoted, paused or stopped, and why, will be written here.";
    return filtered ? "Nothing was decided about the selected trials." : "No decision of this kind yet.";
  }

  private selectedToggle(): TemplateResult {
    const { selected } = this.store;
    const label =
      selected.length === 1 ? `Only #${selected[0]}` : `Only ${selected.length.toLocaleString("en")} selected`;
    return html`<button
      class="tool"
      aria-pressed=${this.ofSelected}
      @click=${() => (this.ofSelected = !this.ofSelected)}
    >
      ${label}
    </button>`;
  }

  private chips(): readonly TemplateResult[] {
    return decisionKinds
      .map((kind) => [kind, this.decisions.reduce((n, row) => n + (row.decision === kind ? 1 : 0), 0)] as const)
      .filter(([kind, n]) => n > 0 || this.kinds.has(kind))
      .map(([kind, n]) => {
        const on = this.kinds.has(kind);
        return html`<button
          class="tool"
          aria-pressed=${on}
          title=${`${n.toLocaleString("en")} ${this.word(kind)}${on ? "; click to show all kinds" : "; click to show only these"}`}
          @click=${() => this.toggle(kind)}
        >
          ${decisionIcon(kind)}<span class="numeric">${n.toLocaleString("en")}</span
          ><span class="visually-hidden">${this.word(kind)}</span>
        </button>`;
      });
  }

  private word(kind: DecisionKind): string {
    return kind === "promote" && this.population ? "resumed" : decisionWords[kind];
  }

  private toggle(kind: DecisionKind): void {
    const next = new Set(this.kinds);
    if (!next.delete(kind)) next.add(kind);
    this.kinds = next;
    this.shown = pageSize;
  }

  private line({ at, number, step, decision, reason }: DecisionRow): TemplateResult {
    return html`<li
      class=${this.store.isSelected(number) ? "on" : ""}
      @pointerenter=${() => this.hover(number)}
      @pointerleave=${() => this.hover(-1)}
    >
      <time class="numeric muted" datetime=${new Date(at).toISOString()}>${clock.format(at)}</time>
      <span class="why">
        ${decisionIcon(decision)}
        <button class="link numeric" @click=${() => this.pick(number)}>#${number}</button>
        ${this.word(decision)}${step < 0 || namesStep(reason, step) ? "" : html` <span class="muted">at epoch ${step}</span>`}
        · ${reason}
      </span>
    </li>`;
  }

  private more(left: number): TemplateResult {
    return html`<li class="more">
      <button class="link" @click=${() => (this.shown += pageSize)}>
        Show ${Math.min(left, pageSize)} more of ${left.toLocaleString("en")}
      </button>
    </li>`;
  }

  private hover(number: number): void {
    this.store.hoverByPointer = true;
    this.store.hover(number);
  }

  private pick(number: number): void {
    this.store.select([number]);
    this.actions.openInspector();
  }
}

/** Most reasons say at which step; it is not said twice. */
function namesStep(reason: string, step: number): boolean {
  return new RegExp(`\\b(step|epoch) ${step}\\b`).test(reason);
}

customElements.define("basin-decisions", DecisionLog);
