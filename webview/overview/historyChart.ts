/**
 * Every trial as a point and the best so far as a line, over trial number or time.
 * Invariant: every trial that has begun is on the picture: without a value on the rung below, beyond the axis at its edge.
 */
import { html, type TemplateResult } from "lit";
import { formatDuration, formatNumber } from "../../src/core/format.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import { cursorMove } from "../shared/keyboardCursor.ts";
import { drawXAxis, drawYAxis, fontOf, yLabelRoom, type Rect } from "../shared/axes.ts";
import { CanvasChart } from "../shared/canvasChart.ts";
import type { Ink } from "../shared/ink.ts";
import { addMark, isFilledMark } from "../shared/marks.ts";
import "../shared/menu.ts";
import { PointGrid } from "../shared/pointGrid.ts";
import type { Painter } from "../shared/progressive.ts";
import {
  durationScale,
  extentOf,
  linearScale,
  logScale,
  robustExtent,
  wantsLog,
  type Scale,
} from "../shared/scales.ts";
import { trialsForScreenReaders } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { historyOf, type History } from "./history.ts";

const chunk = 400;
/** Above this many trials points become small squares: shapes could not be told apart anyway. */
const manyPoints = 4000;
const hitRadius = 16;
const noValue = "no value";

export class HistoryChart extends CanvasChart {
  readonly chartName = "history";
  private history: History | undefined;
  private historyKey: unknown[] = [];
  private xScale: Scale = linearScale(0, 1);
  private yScale: Scale = linearScale(0, 1);
  private area: Rect = { left: 0, top: 0, right: 0, bottom: 0 };
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);
  private grid: PointGrid | undefined;
  private beyond = 0;
  private drag: { readonly x: number; readonly y: number; toX: number; toY: number } | undefined;
  /** Row the keyboard is at. */
  private cursor = -1;

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered", "ui"];
  }

  protected layerNames(): readonly string[] {
    return ["points", "top"];
  }

  protected override onStore(): void {
    const { store } = this;
    const key = [store.columns, store.filtered, store.state.overviewAxis];
    if (key.some((part, i) => part !== this.historyKey[i])) {
      this.historyKey = key;
      this.invalidateAll();
      this.requestUpdate();
    } else this.invalidate("top");
  }

  override render(): TemplateResult {
    return html`<div
      class="plot"
      tabindex="0"
      role="group"
      aria-roledescription="chart"
      aria-label=${`${this.objectiveName} of every trial and the best so far. Arrow keys move between trials, Enter opens one.`}
      @pointermove=${this.onMove}
      @pointerleave=${this.onLeave}
      @pointerdown=${this.onDown}
      @pointerup=${this.onUp}
      @keydown=${this.onKey}
    >
      ${this.canvases()}
      <div class="tip" hidden></div>
      <div class="visually-hidden" aria-live="polite"></div>
      ${trialsForScreenReaders(
        this.store,
        this.store.table.filter((column) => column.role === "objective" || column.role === "duration"),
        "History",
      )}
    </div>`;
  }

  get menuItems(): ReturnType<HistoryChart["exportMenu"]> {
    return this.exportMenu();
  }

  private get objectiveName(): string {
    return this.store.columns?.objectives[0]?.metric ?? "value";
  }

  protected layout(): void {
    const { columns, state } = this.store;
    if (columns === null) return;
    const history = historyOf(columns, state.overviewAxis);
    this.history = history;
    const colors = theme();
    const maximise = columns.objectives[0]?.direction === "maximize";
    const extent = robustExtent(history.y, maximise ? "high" : "low");
    this.beyond = extent?.beyond ?? 0;
    if (extent === undefined) this.yScale = linearScale(0, 1);
    else if (wantsLog(extent.low, extent.high)) this.yScale = logScale(extent.low, extent.high);
    else {
      const pad = (extent.high - extent.low) * 0.04;
      this.yScale = linearScale(extent.low - pad, extent.high + pad);
    }
    const xs = extentOf(history.x) ?? [0, 1];
    const budget = this.store.study?.budgetTrials ?? 0;
    this.xScale =
      state.overviewAxis === "time"
        ? durationScale(0, xs[1])
        : linearScale(Math.min(xs[0], 0), Math.max(xs[1], Math.min(budget - 1, xs[1] * 1.25 + 4)), true);
    const measure = document.createElement("canvas").getContext("2d");
    let room = measure === null ? 48 : yLabelRoom(measure, colors, this.yScale.ticks(6));
    // The rung's label stands under the axis labels and must not run into its points.
    if (measure !== null) room = Math.max(room, measure.measureText(noValue).width + 8);
    const line = colors.fontSize;
    this.area = { left: room + 4, top: line * 2, right: this.width - 16, bottom: this.height - line * 2 - 26 };
    const { left, right, top, bottom } = this.area;
    this.xs = new Float32Array(columns.count);
    this.ys = new Float32Array(columns.count);
    for (let i = 0; i < columns.count; i++) {
      this.xs[i] = left + this.xScale.toUnit(history.x[i]!) * (right - left);
      const value = history.y[i]!;
      if (Number.isNaN(value)) this.ys[i] = this.rung;
      else this.ys[i] = bottom - Math.min(1, Math.max(0, this.yScale.toUnit(value))) * (bottom - top);
    }
    this.grid = new PointGrid(this.xs, this.ys, this.width, this.height, this.store.filtered);
  }

  /** Height of the line for trials without a value. */
  private get rung(): number {
    return this.area.bottom + theme().fontSize * 2 + 18;
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "points") yield* this.paintPoints(ink);
    else this.paintTop(ink);
  }

  private *paintPoints(ink: Ink): Painter {
    const { columns, filtered, isFiltered } = this.store;
    const { history, area } = this;
    if (columns === null || history === undefined) return;
    const colors = theme();
    drawYAxis(ink, colors, area, this.yScale, this.yTitle());
    drawXAxis(ink, colors, area, this.xScale, this.store.state.overviewAxis === "time" ? "time" : "trial");
    this.paintRung(ink, colors, columns.state, history);
    yield;
    for (const shown of isFiltered ? [0, 1] : [1]) {
      for (const [code, state] of trialStates.entries()) {
        ink.fillStyle = colors.states[state];
        ink.strokeStyle = colors.states[state];
        ink.globalAlpha = shown === 0 ? 0.14 : columns.count > manyPoints ? 0.55 : 0.85;
        ink.lineWidth = 1.4;
        let inPath = 0;
        for (const row of history.byX) {
          if (columns.state[row] !== code || filtered[row] !== shown) continue;
          if (inPath === 0) ink.beginPath();
          this.addPoint(ink, state, row, columns.count);
          if (++inPath < chunk) continue;
          this.finishPath(ink, state, columns.count);
          inPath = 0;
          yield;
        }
        if (inPath > 0) this.finishPath(ink, state, columns.count);
      }
    }
    ink.globalAlpha = 1;
    this.paintBest(ink, colors, history);
  }

  private addPoint(ink: Ink, state: TrialState, row: number, count: number): void {
    const x = this.xs[row]!;
    const y = this.ys[row]!;
    if (count > manyPoints) ink.rect(x - 1, y - 1, 2, 2);
    else addMark(ink, state, x, y, count > 400 ? 2.4 : 3.4);
  }

  private finishPath(ink: Ink, state: TrialState, count: number): void {
    if (count > manyPoints || isFilledMark(state)) ink.fill();
    else ink.stroke();
  }

  private yTitle(): string {
    const note = this.beyond > 0 ? ` (${this.beyond} beyond the axis, at its edge)` : "";
    const direction =
      this.store.columns?.objectives[0]?.direction === "maximize" ? "higher is better" : "lower is better";
    return `${this.objectiveName}${this.yScale.log ? ", log" : ""} · ${direction}${note}`;
  }

  private paintRung(ink: Ink, colors: Theme, states: Uint8Array, history: History): void {
    let any = false;
    for (const row of history.byX) if (Number.isNaN(history.y[row]!) && states[row] !== undefined) any = true;
    if (!any) return;
    ink.save();
    ink.font = fontOf(colors, 0.85);
    ink.fillStyle = colors.muted;
    ink.textAlign = "right";
    ink.textBaseline = "middle";
    ink.fillText(noValue, this.area.left - 6, this.rung);
    ink.strokeStyle = colors.grid;
    ink.setLineDash([2, 3]);
    ink.beginPath();
    ink.moveTo(this.area.left, Math.round(this.rung) + 0.5);
    ink.lineTo(this.area.right, Math.round(this.rung) + 0.5);
    ink.stroke();
    ink.restore();
  }

  private paintBest(ink: Ink, colors: Theme, { bestX, bestY, incumbent }: History): void {
    const { left, right, top, bottom } = this.area;
    if (bestX.length === 0) return;
    const px = (x: number): number => left + this.xScale.toUnit(x) * (right - left);
    const py = (y: number): number => bottom - Math.min(1, Math.max(0, this.yScale.toUnit(y))) * (bottom - top);
    ink.strokeStyle = colors.foreground;
    ink.lineWidth = 1.5;
    ink.lineJoin = "round";
    ink.beginPath();
    for (let i = 0; i < bestX.length; i++) {
      if (i === 0) ink.moveTo(px(bestX[0]!), py(bestY[0]!));
      else {
        ink.lineTo(px(bestX[i]!), py(bestY[i - 1]!));
        ink.lineTo(px(bestX[i]!), py(bestY[i]!));
      }
    }
    const end = extentOf(this.history?.x ?? [])?.[1] ?? bestX.at(-1)!;
    ink.lineTo(px(end), py(bestY.at(-1)!));
    ink.stroke();
    const x = this.xs[incumbent]!;
    const y = this.ys[incumbent]!;
    ink.beginPath();
    ink.arc(x, y, 7, 0, Math.PI * 2);
    ink.stroke();
    ink.font = fontOf(colors, 0.92, "600");
    ink.fillStyle = colors.foreground;
    ink.textBaseline = "middle";
    const text = `#${this.store.columns?.number[incumbent] ?? ""} ${formatNumber(bestY.at(-1)!)}`;
    const room = ink.measureText(text).width;
    const start = x + 14 + room > this.width ? x - 12 - room : x + 12;
    const middle = y - top < 24 ? y + 14 : y - 14;
    ink.textAlign = "left";
    ink.globalAlpha = 0.75;
    ink.fillStyle = colors.background;
    ink.fillRect(start - 2, middle - colors.fontSize * 0.6, room + 4, colors.fontSize * 1.2);
    ink.globalAlpha = 1;
    ink.fillStyle = colors.foreground;
    ink.fillText(text, start, middle);
  }

  private paintTop(ink: Ink): void {
    const { store } = this;
    const colors = theme();
    ink.lineWidth = 1.5;
    ink.strokeStyle = colors.focus;
    const many = store.selectedRows.length > 2000;
    for (const row of store.selectedRows) {
      if (Number.isNaN(this.xs[row]!)) continue;
      ink.beginPath();
      if (many) ink.rect(this.xs[row]! - 2, this.ys[row]! - 2, 4, 4);
      else ink.arc(this.xs[row]!, this.ys[row]!, 5.5, 0, Math.PI * 2);
      ink.stroke();
    }
    const { hoveredRow } = store;
    if (hoveredRow >= 0 && hoveredRow < this.xs.length && !Number.isNaN(this.xs[hoveredRow]!)) {
      ink.strokeStyle = colors.foreground;
      ink.lineWidth = 2;
      ink.beginPath();
      ink.arc(this.xs[hoveredRow]!, this.ys[hoveredRow]!, 6, 0, Math.PI * 2);
      ink.stroke();
    }
    if (this.drag !== undefined) {
      const { x, y, toX, toY } = this.drag;
      ink.strokeStyle = colors.focus;
      ink.lineWidth = 1;
      ink.setLineDash([4, 3]);
      ink.strokeRect(Math.min(x, toX) + 0.5, Math.min(y, toY) + 0.5, Math.abs(toX - x), Math.abs(toY - y));
    }
  }

  protected csv(): string {
    const { columns } = this.store;
    const { history } = this;
    if (columns === null || history === undefined) return "";
    const axis = this.store.state.overviewAxis === "time" ? "ms" : "trial";
    const rows: string[][] = [];
    for (const row of history.byX) {
      const y = history.y[row]!;
      rows.push([
        String(columns.number[row]),
        trialStates[columns.state[row]!] ?? "",
        String(history.x[row]),
        Number.isNaN(y) ? "" : String(y),
      ]);
    }
    return csvTable(["number", "state", axis, this.objectiveName], rows);
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private describe(row: number): string {
    const { columns } = this.store;
    const { history } = this;
    if (columns === null || history === undefined || row < 0) return "";
    const state = trialStates[columns.state[row]!] ?? "";
    const value = history.y[row]!;
    const at = this.store.state.overviewAxis === "time" ? `, after ${formatDuration(history.x[row]!)}` : "";
    const what = Number.isNaN(value) ? "no value" : `${this.objectiveName} ${formatNumber(value)}`;
    return `#${columns.number[row]} · ${state} · ${what}${state === "complete" || Number.isNaN(value) ? "" : " so far"}${at}`;
  }

  private show(row: number, byPointer: boolean): void {
    const { store } = this;
    store.hoverByPointer = byPointer;
    store.hover(row < 0 ? -1 : (store.columns?.number[row] ?? -1));
    const text = this.describe(row);
    this.tell(text, this.xs[row] ?? 0, this.ys[row] ?? 0, byPointer);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.pointOf(event);
    if (this.drag !== undefined) {
      this.drag.toX = x;
      this.drag.toY = y;
      this.invalidate("top");
      return;
    }
    this.show(this.grid?.nearest(x, y, hitRadius) ?? -1, true);
  };

  private readonly onLeave = (): void => {
    if (this.drag === undefined) this.show(-1, true);
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const [x, y] = this.pointOf(event);
    this.plot?.setPointerCapture(event.pointerId);
    this.drag = { x, y, toX: x, toY: y };
  };

  private readonly onUp = (event: PointerEvent): void => {
    const { drag, store } = this;
    if (drag === undefined) return;
    this.drag = undefined;
    const { columns } = store;
    if (columns === null) return;
    const keep = event.ctrlKey || event.metaKey || event.shiftKey;
    if (Math.abs(drag.toX - drag.x) + Math.abs(drag.toY - drag.y) > 6) {
      const rows = this.grid?.inside(
        Math.min(drag.x, drag.toX),
        Math.min(drag.y, drag.toY),
        Math.max(drag.x, drag.toX),
        Math.max(drag.y, drag.toY),
      );
      store.select(
        (rows ?? new Int32Array(0)).map((row) => columns.number[row]!),
        keep ? "add" : "replace",
      );
    } else {
      const row = this.grid?.nearest(drag.x, drag.y, hitRadius) ?? -1;
      if (row >= 0) store.select([columns.number[row]!], keep ? "toggle" : "replace");
      else if (!keep) store.select([]);
      this.cursor = row;
    }
    this.invalidate("top");
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { history, store } = this;
    if (history === undefined || store.columns === null) return;
    const rows = history.byX.filter((row) => store.filtered[row] === 1);
    const target = cursorMove(event.key, rows.indexOf(this.cursor), rows.length, "horizontal");
    if (target !== undefined) {
      this.cursor = rows[target]!;
      this.show(this.cursor, false);
    } else if (!this.chooseByKey(event, store.columns.number[this.cursor])) return;
    event.preventDefault();
  };
}

customElements.define("basin-history", HistoryChart);
