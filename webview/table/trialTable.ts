/**
 * The trial table: 100,000 rows behind some thirty elements, one shared order and selection.
 * Invariant: live updates move neither the scroll position nor the order while the pointer rests on the table, and the
 * first visible trial stays where it is when rows come in above it.
 */
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { trialStates } from "../../src/core/trial.ts";
import { cellText, fullText, type PanelColumn } from "../shared/columnModel.ts";
import { stateIcon } from "../shared/icons.ts";
import "../shared/menu.ts";
import type { MenuItem } from "../shared/menu.ts";
import { PanelElement } from "../shared/panelElement.ts";
import { baseStyles, messageStyles } from "../shared/styles.ts";
import type { Topic } from "../shared/store.ts";
import { exportItems } from "./exportItems.ts";
import { trialsAsTsv } from "./exportText.ts";
import { filterProblem } from "./filterBox.ts";
import { columnHint, columnWidths } from "./tableLayout.ts";
import { headHeight, rowHeight, tableStyles } from "./tableStyles.ts";

export class TrialTable extends PanelElement {
  static override styles = [baseStyles, messageStyles, tableStyles];

  /** Trial number the keyboard is at, and where a shift range began. */
  private active = -1;
  private anchor = -1;
  private widths: readonly number[] = [];
  private widthsOf = "";
  private virtualizer: Virtualizer<HTMLElement, HTMLElement> | undefined;
  private unmount: (() => void) | undefined;
  private atTop: { readonly number: number; readonly offset: number } | undefined;
  private shownOrder: Int32Array | undefined;
  private marked = false;
  /** The scroll position as of the last scroll event: reading it from the element forces a layout. */
  private scrolledTo = 0;

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered", "ui"];
  }

  override disconnectedCallback(): void {
    this.unmount?.();
    this.unmount = undefined;
    this.virtualizer = undefined;
    this.store.releaseOrder();
    super.disconnectedCallback();
  }

  private get scroller(): HTMLElement | null {
    return this.renderRoot.querySelector<HTMLElement>(".scroller");
  }

  private get columns(): readonly PanelColumn[] {
    const { hiddenColumns } = this.store.state;
    return this.store.table.filter((column) => !hiddenColumns.includes(column.key));
  }

  private options(): ConstructorParameters<typeof Virtualizer<HTMLElement, HTMLElement>>[0] {
    return {
      count: this.store.visible.length,
      getScrollElement: () => this.scroller,
      estimateSize: () => rowHeight,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      onChange: () => this.requestUpdate(),
      overscan: 6,
      paddingStart: headHeight,
      scrollPaddingStart: headHeight,
    };
  }

  protected override willUpdate(_changed: PropertyValues): void {
    if (this.virtualizer === undefined) this.virtualizer = new Virtualizer(this.options());
    else this.virtualizer.setOptions(this.options());
  }

  protected override firstUpdated(): void {
    this.unmount = this.virtualizer?._didMount();
    this.virtualizer?._willUpdate();
    this.requestUpdate();
  }

  protected override updated(): void {
    if (this.unmount === undefined && this.virtualizer !== undefined && this.hasUpdated) {
      this.unmount = this.virtualizer._didMount();
    }
    this.virtualizer?._willUpdate();
    this.keepPlace();
    if (!this.marked && this.store.visible.length > 0) {
      this.marked = true;
      // After the frame that shows the first rows; read by the benchmark and by the editor's performance tools.
      requestAnimationFrame(() => setTimeout(() => performance.mark("basin-first-rows")));
    }
  }

  /** After the visible order changed: the trial that was at the top goes back to where it was, unless that was the start. */
  private keepPlace(): void {
    const { scroller, store } = this;
    const { columns, visible } = store;
    if (scroller === null || columns === null) return;
    if (this.shownOrder !== visible) {
      const { atTop } = this;
      if (this.shownOrder !== undefined && atTop !== undefined && this.scrolledTo > 0) {
        const index = visible.indexOf(store.rowOf(atTop.number));
        if (index >= 0) {
          scroller.scrollTop = index * rowHeight + atTop.offset;
          this.scrolledTo = scroller.scrollTop;
        }
      }
      this.shownOrder = visible;
    }
    this.rememberTop();
  }

  private readonly onScroll = (): void => {
    this.scrolledTo = this.scroller?.scrollTop ?? 0;
    this.rememberTop();
  };

  private readonly rememberTop = (): void => {
    const { scroller, store } = this;
    if (scroller === null || store.columns === null) return;
    const index = Math.floor(this.scrolledTo / rowHeight);
    const row = store.visible[index];
    this.atTop =
      row === undefined
        ? undefined
        : { number: store.columns.number[row]!, offset: this.scrolledTo - index * rowHeight };
  };

  override render(): TemplateResult {
    const { store } = this;
    const { columns: data, visible, sort } = store;
    const columns = this.columns;
    this.measure(columns);
    const items = this.virtualizer?.getVirtualItems() ?? [];
    const height = headHeight + visible.length * rowHeight;
    return html`
      <div class="bar">
        <basin-filter .panel=${this.panel}></basin-filter>
        <span class="count numeric muted" role="status">${this.countText()}</span>
        <span class="icons">
          <basin-menu label="Export" icon="download" .items=${this.exportMenu}></basin-menu>
          <basin-menu label="Columns" icon="columns" .items=${this.columnItems}></basin-menu>
        </span>
      </div>
      ${filterProblem(store)}
      <div
        class="scroller"
        role="grid"
        tabindex="0"
        aria-label="Trials"
        aria-multiselectable="true"
        aria-rowcount=${visible.length + 1}
        aria-colcount=${columns.length}
        aria-activedescendant=${this.active >= 0 ? `trial-${this.active}` : nothing}
        @keydown=${this.onKey}
        @scroll=${this.onScroll}
        @pointerenter=${this.onEnter}
        @pointerleave=${this.onLeave}
        @pointerover=${this.onOver}
        @click=${this.onClick}
        @dblclick=${() => this.actions.openInspector()}
      >
        <div class="sheet" .style=${`height: ${height}px; --columns: ${this.template()}`}>
          <div class="head" role="row" aria-rowindex="1">
            ${columns.map((column, i) => this.headCell(column, i, sort))}
          </div>
          ${
            data === null
              ? nothing
              : // Not keyed: rows keep their elements and change their text, which is cheaper than moving elements about.
                items.map((item) => this.row(columns, visible[item.index] ?? -1, item.index, item.start))
          }
        </div>
        ${visible.length === 0 ? html`<div class="empty">${this.emptyMessage()}</div>` : nothing}
      </div>
    `;
  }

  private template(): string {
    return `${this.widths.map((width) => `${width}px`).join(" ")} 1fr`;
  }

  private measure(columns: readonly PanelColumn[]): void {
    const { columns: data } = this.store;
    const key = `${columns.map((column) => column.key).join("\n")}|${String(data?.count ?? 0).length}`;
    if (key === this.widthsOf) return;
    this.widthsOf = key;
    const ruler = document.createElement("canvas").getContext("2d");
    const { fontSize, fontFamily } = getComputedStyle(this);
    if (ruler !== null) ruler.font = `${fontSize} ${fontFamily}`;
    const measure = (text: string): number => (ruler === null ? text.length * 8 : ruler.measureText(text).width);
    this.widths = columnWidths(columns, data?.count ?? 0, measure);
  }

  private headCell(column: PanelColumn, i: number, sort: { column: string; descending: boolean }): TemplateResult {
    const sorted = sort.column === column.key;
    const order = !sorted ? "none" : sort.descending ? "descending" : "ascending";
    const side = column.align === "right" ? "right" : "left";
    return html`<div
      role="columnheader"
      class=${`${side} ${sorted ? "sorted" : ""} ${column.role === "number" ? "key" : ""}`}
      aria-colindex=${i + 1}
      aria-sort=${order}
    >
      <button tabindex="-1" title=${columnHint(column)} @click=${() => this.sortBy(column, sorted, sort.descending)}>
        <span class="clip">${column.label}${column.unit === "" ? nothing : ` (${column.unit})`}</span>
        ${sorted ? html`<span class="arrow" aria-hidden="true">${sort.descending ? "▼" : "▲"}</span>` : nothing}
      </button>
    </div>`;
  }

  private row(
    columns: readonly PanelColumn[],
    row: number,
    index: number,
    start: number,
  ): TemplateResult | typeof nothing {
    const { store } = this;
    const number = store.columns?.number[row];
    if (number === undefined) return nothing;
    const classes = `row ${number === store.hovered ? "hovered" : ""} ${number === this.active ? "active" : ""} ${number === store.study?.best?.number ? "best" : ""}`;
    return html`<div
      class=${classes}
      role="row"
      id=${`trial-${number}`}
      data-index=${index}
      aria-rowindex=${index + 2}
      aria-selected=${store.isSelected(number)}
      .style=${`transform: translateY(${start}px)`}
    >
      ${columns.map((column) => this.cell(column, row))}
    </div>`;
  }

  private cell(column: PanelColumn, row: number): TemplateResult {
    if (column.role === "state") {
      const state = trialStates[column.values[row]!] ?? "waiting";
      return html`<div role="gridcell" class="cell state">${stateIcon(state)}<span class="clip">${state}</span></div>`;
    }
    const classes = `cell ${column.align} ${column.role === "number" ? "key" : ""} ${column.role === "objective" ? "objective" : ""}`;
    const full = fullText(column, row);
    return html`<div role="gridcell" class=${classes} title=${full || nothing}>${cellText(column, row)}</div>`;
  }

  private countText(): string {
    const { store } = this;
    const total = store.columns?.count ?? 0;
    const shown = store.visible.length;
    const selected = store.selectedRows.length;
    const format = (n: number): string => n.toLocaleString("en");
    const count =
      shown === total ? `${format(total)} ${total === 1 ? "trial" : "trials"}` : `${format(shown)} of ${format(total)}`;
    return selected === 0 ? count : `${count} · ${format(selected)} selected`;
  }

  private emptyMessage(): TemplateResult {
    const { store } = this;
    if ((store.columns?.count ?? 0) === 0) {
      return html`<div class="message"><p>Each trial of this study will be a row here.</p></div>`;
    }
    return html`<div class="message">
      <p>No trial passes the filters.</p>
      <vscode-button appearance="secondary" @click=${this.clearFilters}>Clear Filters</vscode-button>
    </div>`;
  }

  private readonly clearFilters = (): void => {
    this.store.state.stateFilter = [];
    this.store.clearBrushes();
    this.store.setFilter("");
  };

  private readonly exportMenu = (): readonly MenuItem[] => [
    ...exportItems(this.panel),
    { label: "Copy Rows as TSV", separated: true, run: this.copyRows },
  ];

  private readonly columnItems = (): readonly MenuItem[] => {
    const { hiddenColumns } = this.store.state;
    return this.store.table.map((column) => {
      const hidden = hiddenColumns.includes(column.key);
      return {
        label: column.role === "number" ? "# (number)" : column.label,
        checked: !hidden,
        // The objective is what everything else is read against.
        disabled: column.role === "objective" || column.role === "number",
        run: () =>
          this.store.update({
            hiddenColumns: hidden ? hiddenColumns.filter((key) => key !== column.key) : [...hiddenColumns, column.key],
          }),
      };
    });
  };

  private sortBy(column: PanelColumn, sorted: boolean, descending: boolean): void {
    this.store.setSort(
      column.key,
      sorted ? !descending : column.role === "objective" && column.direction === "maximize",
    );
    if (this.scroller !== null) this.scroller.scrollTop = 0;
  }

  private readonly copyRows = (): void => {
    const { store } = this;
    const rows =
      store.selectedRows.length > 0
        ? store.order.filter((row) => store.isSelected(store.columns?.number[row] ?? -1))
        : store.visible;
    const what = `${rows.length.toLocaleString("en")} ${rows.length === 1 ? "trial" : "trials"}`;
    void this.actions.copy(trialsAsTsv(this.columns, rows), `Copied ${what}.`);
  };

  // --- pointer ----------------------------------------------------------------------------------------------------

  private numberAt(event: Event): number {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-index]") : null;
    const index = Number(row?.dataset["index"] ?? -1);
    return this.store.columns?.number[this.store.visible[index] ?? -1] ?? -1;
  }

  private readonly onEnter = (): void => {
    this.store.holdOrder = true;
  };

  private readonly onLeave = (): void => {
    this.store.releaseOrder();
    this.store.hover(-1);
  };

  private readonly onOver = (event: Event): void => {
    this.store.hoverByPointer = true;
    this.store.hover(this.numberAt(event));
  };

  private readonly onClick = (event: MouseEvent): void => {
    const number = this.numberAt(event);
    if (number < 0) return;
    if (event.shiftKey && this.anchor >= 0) this.selectRange(this.anchor, number, event.ctrlKey || event.metaKey);
    else {
      this.store.select([number], event.ctrlKey || event.metaKey ? "toggle" : "replace");
      this.anchor = number;
    }
    this.active = number;
    this.requestUpdate();
  };

  private selectRange(from: number, to: number, add: boolean): void {
    const { columns, visible } = this.store;
    if (columns === null) return;
    const a = this.indexOf(from);
    const b = this.indexOf(to);
    if (a < 0 || b < 0) return;
    const rows = visible.subarray(Math.min(a, b), Math.max(a, b) + 1);
    this.store.select(
      rows.map((row) => columns.number[row]!),
      add ? "add" : "replace",
    );
  }

  private indexOf(number: number): number {
    return this.store.visible.indexOf(this.store.rowOf(number));
  }

  // --- keyboard ---------------------------------------------------------------------------------------------------

  private readonly onKey = (event: KeyboardEvent): void => {
    const { store } = this;
    const count = store.visible.length;
    const control = event.ctrlKey || event.metaKey;
    const at = this.indexOf(this.active);
    const page = Math.max(1, Math.floor(((this.scroller?.clientHeight ?? 240) - headHeight) / rowHeight) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: count - 1,
    };
    const target = moves[event.key];
    if (target !== undefined && count > 0) this.moveTo(Math.min(count - 1, Math.max(0, target)), event.shiftKey);
    else if (event.key === " " && this.active >= 0) {
      store.select([this.active], "toggle");
      this.anchor = this.active;
    } else if (event.key === "Enter" && this.active >= 0) {
      if (!store.isSelected(this.active)) store.select([this.active]);
      this.actions.openInspector();
    } else if (control && event.key.toLowerCase() === "a") store.selectAllVisible();
    else if (control && event.key.toLowerCase() === "c") {
      // Text someone marked by hand goes first.
      if ((getSelection()?.toString() ?? "") !== "") return;
      this.copyRows();
    } else return;
    event.preventDefault();
  };

  private moveTo(index: number, extend: boolean): void {
    const { columns, visible } = this.store;
    const number = columns?.number[visible[index] ?? -1];
    if (number === undefined) return;
    if (extend) {
      if (this.anchor < 0) this.anchor = this.active >= 0 ? this.active : number;
      this.selectRange(this.anchor, number, false);
    } else this.anchor = number;
    this.active = number;
    this.store.hoverByPointer = false;
    this.store.hover(number);
    this.virtualizer?.scrollToIndex(index, { align: "auto" });
    this.requestUpdate();
  }
}

customElements.define("basin-table", TrialTable);
