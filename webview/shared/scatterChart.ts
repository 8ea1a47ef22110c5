/**
 * Trials as points over any two numbers of theirs, with the panel's one selection: hover, click, lasso, arrow keys.
 * Invariant: only trials with both numbers are drawn, and the title of the vertical axis says how many are beyond its ends.
 */
import { html, type PropertyValues, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import { csvTable } from "../table/exportText.ts";
import { clipped, drawXAxis, drawYAxis, fontOf, yLabelRoom, type Rect } from "./axes.ts";
import { CanvasChart } from "./canvasChart.ts";
import type { Ink } from "./ink.ts";
import { cursorMove } from "./keyboardCursor.ts";
import { addMark, isFilledMark } from "./marks.ts";
import type { MenuItem } from "./menu.ts";
import { PointGrid } from "./pointGrid.ts";
import type { Painter } from "./progressive.ts";
import { fittedScale, samePixels } from "./scatterScales.ts";
import { linearScale, type Scale } from "./scales.ts";
import type { Topic } from "./store.ts";
import { goodnessCss, theme, type Theme } from "./theme.ts";

export interface ScatterAxis {
  /** With its unit, drawn at the axis. */
  readonly title: string;
  /** Column in exported data and in what is said of a point. */
  readonly name: string;
  readonly values: Float64Array;
  /** Log axes are taken by themselves where positive values span three decades; false forbids it. */
  readonly log?: false;
}

export interface ScatterData {
  /** What the picture shows, for those who hear it. */
  readonly label: string;
  readonly number: Int32Array;
  readonly x: ScatterAxis;
  readonly y: ScatterAxis;
  /** One unit is as long on both axes (a map). */
  readonly equal: boolean;
  /** What the colour stands for, where no axis says it. */
  readonly colour?: string;
}

const chunk = 300;
const hitRadius = 16;
const labelled = 40;
const heard = 20;

export class ScatterChart extends CanvasChart {
  static override properties = { data: { attribute: false }, chartName: { type: String } };
  declare data: ScatterData;
  /** Part of the file's name when it is saved. */
  declare chartName: string;

  private area: Rect = { left: 0, top: 0, right: 0, bottom: 0 };
  private xScale: Scale = linearScale(0, 1);
  private yScale: Scale = linearScale(0, 1);
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);
  private shown: readonly number[] = [];
  private sorted: readonly number[] | undefined;
  private grid: PointGrid | undefined;
  private drag: { readonly x: number; readonly y: number; toX: number; toY: number } | undefined;
  private cursor = -1;
  private filteredSeen: Uint8Array | undefined;

  constructor() {
    super();
    this.chartName = "scatter";
  }

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered"];
  }

  protected layerNames(): readonly string[] {
    return ["points", "top"];
  }

  protected override onStore(): void {
    if (this.filteredSeen !== this.store.filtered) {
      this.filteredSeen = this.store.filtered;
      this.invalidateAll();
      this.requestUpdate();
    } else this.invalidate("top");
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (changed.has("data")) this.invalidateAll();
  }

  override render(): TemplateResult {
    return html`<div
        class="plot"
        tabindex="0"
        role="group"
        aria-roledescription="chart"
        aria-label=${`${this.data.label}. Arrow keys move between trials from left to right, Enter opens one, Space selects it.`}
        @pointermove=${this.onMove}
        @pointerleave=${this.onLeave}
        @pointerdown=${this.onDown}
        @pointerup=${this.onUp}
        @keydown=${this.onKey}
      >
        ${this.canvases()}
        <div class="tip" hidden></div>
        <div class="visually-hidden" aria-live="polite"></div>
      </div>
      ${this.heardTable()}`;
  }

  get menuItems(): readonly MenuItem[] {
    return this.exportMenu();
  }

  private heardTable(): TemplateResult {
    const { number, x, y, label } = this.data;
    const shown: number[] = [];
    for (let i = 0; i < number.length && shown.length < heard; i++) if (this.isShown(i)) shown.push(i);
    return html`<table class="visually-hidden">
      <caption>
        ${label}: ${shown.length} of ${number.length} trials
      </caption>
      <thead>
        <tr>
          <th scope="col">trial</th>
          <th scope="col">${x.name}</th>
          <th scope="col">${y.name}</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (i) =>
            html`<tr>
              <th scope="row">${number[i]}</th>
              <td>${formatNumber(x.values[i]!)}</td>
              <td>${formatNumber(y.values[i]!)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
  }

  /** Whether the trial has a place and passes the filters. */
  private isShown(i: number): boolean {
    const { x, y, number } = this.data;
    return (
      Number.isFinite(x.values[i]!) &&
      Number.isFinite(y.values[i]!) &&
      this.store.filtered[this.store.rowOf(number[i]!)] === 1
    );
  }

  protected layout(): void {
    const { number, x, y, equal } = this.data;
    const colors = theme();
    // Only pairs count: a value whose partner is missing must not stretch its axis.
    const both = (values: Float64Array): Float64Array =>
      values.map((value, i) => (Number.isFinite(x.values[i]!) && Number.isFinite(y.values[i]!) ? value : Number.NaN));
    this.xScale = fittedScale(both(x.values), !equal && x.log !== false);
    this.yScale = fittedScale(both(y.values), !equal && y.log !== false);
    const ruler = document.createElement("canvas").getContext("2d");
    const room = ruler === null ? 48 : yLabelRoom(ruler, colors, this.yScale.ticks(6));
    const line = colors.fontSize;
    this.area = { left: room + 4, top: line * 2.4, right: this.width - 16, bottom: this.height - line * 2 - 14 };
    const { left, right, top, bottom } = this.area;
    if (equal) [this.xScale, this.yScale] = samePixels(this.xScale, this.yScale, right - left, bottom - top);
    this.xs = Float32Array.from(x.values, (v) => left + this.xScale.toUnit(v) * (right - left));
    this.ys = Float32Array.from(y.values, (v) => bottom - this.yScale.toUnit(v) * (bottom - top));
    for (let i = 0; i < number.length; i++) {
      if (Number.isFinite(x.values[i]!) && Number.isFinite(y.values[i]!)) continue;
      this.xs[i] = Number.NaN;
      this.ys[i] = Number.NaN;
    }
    const shown: number[] = [];
    const keep = new Uint8Array(number.length);
    for (let i = 0; i < number.length; i++) {
      if (!this.isShown(i)) continue;
      shown.push(i);
      keep[i] = 1;
    }
    this.shown = shown;
    this.sorted = undefined;
    this.grid = new PointGrid(this.xs, this.ys, this.width, this.height, keep);
  }

  /** Points from left to right; sorted when a key asks for it, which with 100,000 points takes a while. */
  private get order(): readonly number[] {
    return (this.sorted ??= this.shown.toSorted((a, b) => this.xs[a]! - this.xs[b]!));
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "points") yield* this.paintPoints(ink);
    else this.paintTop(ink);
  }

  private *paintPoints(ink: Ink): Painter {
    const colors = theme();
    const { x, y, number } = this.data;
    const { store } = this;
    drawYAxis(ink, colors, this.area, this.yScale, `${y.title}${this.yScale.log ? ", log" : ""}`);
    drawXAxis(ink, colors, this.area, this.xScale, `${x.title}${this.xScale.log ? ", log" : ""}`);
    if (this.data.colour !== undefined) this.paintLegend(ink, colors, this.data.colour);
    yield;
    const radius = number.length > 400 ? 2.4 : 3.6;
    ink.lineWidth = 1.4;
    for (let i = 0; i < number.length; i++) {
      if (Number.isNaN(this.xs[i]!)) continue;
      const row = store.rowOf(number[i]!);
      const state = trialStates[store.columns?.state[row] ?? 0] ?? "complete";
      ink.globalAlpha = store.filtered[row] === 1 ? 0.92 : 0.14;
      this.mark(ink, colors, state, row, i, radius);
      if (i % chunk === chunk - 1) yield;
    }
    ink.globalAlpha = 1;
    if (this.shown.length <= labelled) this.paintNumbers(ink, colors);
  }

  /** From worst to best in the line of the axis's title, at its right end. */
  private paintLegend(ink: Ink, colors: Theme, text: string): void {
    const { right } = this.area;
    const [width, bands] = [56, 28];
    const y = colors.fontSize * 0.85;
    ink.font = fontOf(colors, 0.85);
    ink.textBaseline = "middle";
    ink.textAlign = "right";
    ink.fillStyle = colors.muted;
    ink.fillText("best", right, y);
    const end = right - ink.measureText("best").width - 5;
    for (let i = 0; i < bands; i++) {
      ink.fillStyle = goodnessCss((i + 0.5) / bands, colors);
      ink.fillRect(end - width + (i * width) / bands, y - 4, width / bands + 0.5, 8);
    }
    ink.fillStyle = colors.muted;
    ink.fillText(clipped(ink, `${text}: worst`, (right - this.area.left) * 0.5), end - width - 5, y);
  }

  private mark(ink: Ink, colors: Theme, state: TrialState, row: number, i: number, radius: number): void {
    const color = goodnessCss(this.store.goodness[row] ?? Number.NaN, colors);
    ink.fillStyle = color;
    ink.strokeStyle = color;
    ink.beginPath();
    addMark(ink, state, this.xs[i]!, this.ys[i]!, radius);
    if (isFilledMark(state)) ink.fill();
    else ink.stroke();
    if (row !== this.store.bestFirst[0]) return;
    ink.strokeStyle = colors.foreground;
    ink.beginPath();
    ink.arc(this.xs[i]!, this.ys[i]!, 7, 0, Math.PI * 2);
    ink.stroke();
  }

  /** Numbers beside the points, best first, where they do not run into what is there already. */
  private paintNumbers(ink: Ink, colors: Theme): void {
    ink.font = fontOf(colors, 0.82);
    ink.fillStyle = colors.muted;
    ink.textAlign = "left";
    ink.textBaseline = "middle";
    const taken: Rect[] = this.order.map((i) => {
      const [x, y] = [this.xs[i]!, this.ys[i]!];
      return { left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 };
    });
    const good = (i: number): number => this.store.goodness[this.store.rowOf(this.data.number[i]!)] ?? -1;
    for (const i of this.order.toSorted((a, b) => good(b) - good(a))) {
      const text = `#${this.data.number[i]}`;
      const ringed = this.store.rowOf(this.data.number[i]!) === this.store.bestFirst[0];
      const left = this.xs[i]! + (ringed ? 11 : 7);
      const half = colors.fontSize * 0.45;
      const box = {
        left,
        right: left + ink.measureText(text).width,
        top: this.ys[i]! - half,
        bottom: this.ys[i]! + half,
      };
      const clash = taken.some(
        (other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top,
      );
      if (clash || box.right > this.width) continue;
      taken.push(box);
      ink.fillText(text, left, this.ys[i]!);
    }
  }

  private paintTop(ink: Ink): void {
    const { store, drag } = this;
    const colors = theme();
    const { number } = this.data;
    for (let i = 0; i < number.length; i++) {
      if (Number.isNaN(this.xs[i]!)) continue;
      const hovered = number[i] === store.hovered;
      if (!hovered && !store.isSelected(number[i]!)) continue;
      ink.strokeStyle = hovered ? colors.foreground : colors.focus;
      ink.lineWidth = 2;
      ink.beginPath();
      ink.arc(this.xs[i]!, this.ys[i]!, 6, 0, Math.PI * 2);
      ink.stroke();
    }
    if (drag === undefined) return;
    ink.strokeStyle = colors.focus;
    ink.lineWidth = 1;
    ink.setLineDash([4, 3]);
    const { x, y, toX, toY } = drag;
    ink.strokeRect(Math.min(x, toX) + 0.5, Math.min(y, toY) + 0.5, Math.abs(toX - x), Math.abs(toY - y));
  }

  protected csv(): string {
    const { number, x, y } = this.data;
    const text = (value: number): string => (Number.isNaN(value) ? "" : String(value));
    return csvTable(
      ["number", x.name, y.name],
      [...number].map((n, i) => [String(n), text(x.values[i]!), text(y.values[i]!)]),
    );
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private show(i: number, byPointer: boolean): void {
    const { store } = this;
    const { number, x, y } = this.data;
    store.hoverByPointer = byPointer;
    store.hover(i < 0 ? -1 : number[i]!);
    const text =
      i < 0 ? "" : `#${number[i]} · ${x.name} ${formatNumber(x.values[i]!)} · ${y.name} ${formatNumber(y.values[i]!)}`;
    this.tell(text, this.xs[i] ?? 0, this.ys[i] ?? 0, byPointer);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.pointOf(event);
    if (this.drag === undefined) {
      this.show(this.grid?.nearest(x, y, hitRadius) ?? -1, true);
      return;
    }
    this.drag.toX = x;
    this.drag.toY = y;
    this.invalidate("top");
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
    const { number } = this.data;
    const keep = event.ctrlKey || event.metaKey || event.shiftKey;
    const { x, y, toX, toY } = drag;
    if (Math.abs(toX - x) + Math.abs(toY - y) > 6) {
      const found = this.grid?.inside(Math.min(x, toX), Math.min(y, toY), Math.max(x, toX), Math.max(y, toY));
      store.select(
        (found ?? new Int32Array(0)).map((i) => number[i]!),
        keep ? "add" : "replace",
      );
    } else {
      this.cursor = this.grid?.nearest(x, y, hitRadius) ?? -1;
      if (this.cursor >= 0) store.select([number[this.cursor]!], keep ? "toggle" : "replace");
      else if (!keep) store.select([]);
    }
    this.invalidate("top");
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = cursorMove(event.key, this.order.indexOf(this.cursor), this.order.length, "both");
    if (target !== undefined) {
      this.cursor = this.order[target]!;
      this.show(this.cursor, false);
    } else if (!this.chooseByKey(event, this.data.number[this.cursor])) return;
    event.preventDefault();
  };
}

customElements.define("basin-scatter-chart", ScatterChart);
