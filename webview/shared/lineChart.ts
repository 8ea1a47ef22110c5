/**
 * A few named lines over one axis: told apart by dashes and by their names at the ends, not by colour.
 * Invariant: values that are not numbers are gaps; the title says how many there are.
 */
import { html, type PropertyValues, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { csvTable } from "../table/exportText.ts";
import { clipped, drawXAxis, drawYAxis, fontOf, yLabelRoom, type Rect } from "./axes.ts";
import { CanvasChart } from "./canvasChart.ts";
import type { Ink } from "./ink.ts";
import type { MenuItem } from "./menu.ts";
import type { Painter } from "./progressive.ts";
import { extentOf, linearScale, logScale, wantsLog, type Scale } from "./scales.ts";
import type { Topic } from "./store.ts";
import { theme, type Theme } from "./theme.ts";

export interface LineSeries {
  /** Short: it stands at the end of the line. */
  readonly label: string;
  readonly xs: ArrayLike<number>;
  readonly ys: ArrayLike<number>;
  /** Points of their own on the line, with a word. */
  readonly marks?: readonly { readonly x: number; readonly y: number; readonly text: string }[];
}

export interface LineData {
  readonly label: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Columns in exported data. */
  readonly xName: string;
  readonly yName: string;
  readonly series: readonly LineSeries[];
  /** Whether a vertical log axis is taken where the values span more than three decades. */
  readonly mayBeLog: boolean;
  /** "none": values that are not numbers are left out on purpose, and need no mention. */
  readonly gapsMean?: "none";
}

const dashes: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
const hitReach = 24;
const heard = 25;

export class LineChart extends CanvasChart {
  static override properties = { data: { attribute: false }, chartName: { type: String } };
  declare data: LineData;
  declare chartName: string;

  private area: Rect = { left: 0, top: 0, right: 0, bottom: 0 };
  private xScale: Scale = linearScale(0, 1);
  private yScale: Scale = linearScale(0, 1);
  private unshown = 0;
  private cursor: readonly [series: number, point: number] | undefined;

  constructor() {
    super();
    this.chartName = "lines";
  }

  protected topics(): readonly Topic[] {
    return [];
  }

  protected layerNames(): readonly string[] {
    return ["lines", "top"];
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (!changed.has("data")) return;
    this.cursor = undefined;
    this.placeTip("", 0, 0);
    this.invalidateAll();
  }

  override render(): TemplateResult {
    const { label, series, xName, yName } = this.data;
    return html`<div
        class="plot"
        tabindex="0"
        role="group"
        aria-roledescription="chart"
        aria-label=${`${label}. Left and right move along a line, up and down between lines.`}
        @pointermove=${this.onMove}
        @pointerleave=${() => this.show(undefined, true)}
        @keydown=${this.onKey}
      >
        ${this.canvases()}
        <div class="tip" hidden></div>
        <div class="visually-hidden" aria-live="polite"></div>
      </div>
      ${series.map((one) => {
        const every = Math.max(1, Math.ceil(one.xs.length / heard));
        const points = Array.from({ length: Math.ceil(one.xs.length / every) }, (_, i) => i * every);
        return html`<table class="visually-hidden">
          <caption>
            ${label}, ${one.label}: ${points.length} of ${one.xs.length} points
          </caption>
          <thead>
            <tr>
              <th scope="col">${xName}</th>
              <th scope="col">${yName}</th>
            </tr>
          </thead>
          <tbody>
            ${points.map(
              (i) =>
                html`<tr>
                  <td>${formatNumber(one.xs[i]!)}</td>
                  <td>${formatNumber(one.ys[i]!)}</td>
                </tr>`,
            )}
          </tbody>
        </table>`;
      })}`;
  }

  get menuItems(): readonly MenuItem[] {
    return this.exportMenu();
  }

  protected layout(): void {
    const { series, mayBeLog } = this.data;
    const colors = theme();
    const ys = series.flatMap(({ ys: own }) => Array.from(own).filter(Number.isFinite));
    const xs = series.flatMap(({ xs: own }) => Array.from(own));
    this.unshown = series.reduce((sum, { ys: own }) => sum + own.length, 0) - ys.length;
    const [low, high] = extentOf(ys) ?? [0, 1];
    if (mayBeLog && low > 1e-290 && wantsLog(low, high)) this.yScale = logScale(low, high);
    else {
      const pad = (high - low) * 0.05;
      this.yScale = linearScale(low - pad, high + pad);
    }
    const [from, to] = extentOf(xs) ?? [0, 1];
    this.xScale = linearScale(from, to);
    const ruler = document.createElement("canvas").getContext("2d");
    const room = ruler === null ? 48 : yLabelRoom(ruler, colors, this.yScale.ticks(6));
    let names = 0;
    if (ruler !== null && series.length > 1)
      for (const { label } of series) names = Math.max(names, ruler.measureText(label).width);
    const line = colors.fontSize;
    this.area = {
      left: room + 4,
      top: line * 2.4,
      right: this.width - Math.max(16, Math.min(names + 12, this.width * 0.25)),
      bottom: this.height - line * 2 - 14,
    };
  }

  private x(value: number): number {
    return this.area.left + this.xScale.toUnit(value) * (this.area.right - this.area.left);
  }

  private y(value: number): number {
    if (!Number.isFinite(value) || (this.yScale.log && value <= 0)) return Number.NaN;
    return this.area.bottom - this.yScale.toUnit(value) * (this.area.bottom - this.area.top);
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const colors = theme();
    if (layer === "top") {
      this.paintTop(ink, colors);
      return;
    }
    const { series, xTitle, yTitle } = this.data;
    const notes = [
      this.yScale.log ? "log" : "",
      this.unshown > 0 && this.data.gapsMean !== "none" ? `${this.unshown} values are no number` : "",
    ];
    const note = notes.filter((text) => text !== "").join(", ");
    drawYAxis(ink, colors, this.area, this.yScale, note === "" ? yTitle : `${yTitle} (${note})`);
    drawXAxis(ink, colors, this.area, this.xScale, xTitle);
    for (const [at, one] of series.entries()) {
      ink.strokeStyle = at % 2 === 0 ? colors.accent : colors.foreground;
      ink.lineWidth = 1.8;
      ink.lineJoin = "round";
      ink.setLineDash(dashes[at % dashes.length]!);
      this.trace(ink, one);
      ink.stroke();
      yield;
    }
    ink.setLineDash([]);
    this.paintNames(ink, colors);
    this.paintMarks(ink, colors);
  }

  private trace(ink: Ink, { xs, ys }: LineSeries): void {
    ink.beginPath();
    let pen = false;
    for (let i = 0; i < xs.length; i++) {
      const y = this.y(ys[i]!);
      if (Number.isNaN(y)) pen = false;
      else if (pen) ink.lineTo(this.x(xs[i]!), y);
      else {
        ink.moveTo(this.x(xs[i]!), y);
        pen = true;
      }
    }
  }

  private paintNames(ink: Ink, colors: Theme): void {
    const { series } = this.data;
    if (series.length < 2) return;
    ink.font = fontOf(colors, 0.85);
    ink.textAlign = "left";
    ink.textBaseline = "middle";
    const ends = series.map(({ label, ys }) => {
      let last = ys.length - 1;
      while (last >= 0 && Number.isNaN(this.y(ys[last]!))) last--;
      return { label, y: last < 0 ? Number.NaN : this.y(ys[last]!) };
    });
    let above = Number.NEGATIVE_INFINITY;
    for (const { label, y } of ends.filter((end) => !Number.isNaN(end.y)).sort((a, b) => a.y - b.y)) {
      // Names of lines that end together are moved apart.
      const at = Math.max(y, above + colors.fontSize * 1.1);
      above = at;
      ink.fillStyle = colors.foreground;
      ink.fillText(clipped(ink, label, this.width - this.area.right - 8), this.area.right + 6, at);
    }
  }

  private paintMarks(ink: Ink, colors: Theme): void {
    for (const { marks = [] } of this.data.series) {
      for (const { x, y, text } of marks) {
        const [px, py] = [this.x(x), this.y(y)];
        if (Number.isNaN(py)) continue;
        ink.fillStyle = colors.foreground;
        ink.beginPath();
        ink.arc(px, py, 3.5, 0, Math.PI * 2);
        ink.fill();
        ink.font = fontOf(colors, 0.85, "600");
        ink.textBaseline = "middle";
        const fits = px + 8 + ink.measureText(text).width < this.width;
        ink.textAlign = fits ? "left" : "right";
        ink.fillText(text, fits ? px + 8 : px - 8, Math.max(this.area.top + 6, py - 10));
      }
    }
  }

  private paintTop(ink: Ink, colors: Theme): void {
    const { cursor } = this;
    const one = cursor === undefined ? undefined : this.data.series[cursor[0]];
    if (cursor === undefined || one === undefined) return;
    const [x, y] = [this.x(one.xs[cursor[1]]!), this.y(one.ys[cursor[1]]!)];
    if (Number.isNaN(y)) return;
    ink.strokeStyle = colors.muted;
    ink.lineWidth = 1;
    ink.setLineDash([2, 3]);
    ink.beginPath();
    ink.moveTo(x, this.area.top);
    ink.lineTo(x, this.area.bottom);
    ink.stroke();
    ink.setLineDash([]);
    ink.fillStyle = colors.foreground;
    ink.beginPath();
    ink.arc(x, y, 4, 0, Math.PI * 2);
    ink.fill();
  }

  protected csv(): string {
    const { series, xName, yName } = this.data;
    const rows = function* (): Generator<readonly string[]> {
      for (const { label, xs, ys } of series)
        for (let i = 0; i < xs.length; i++) yield [label, String(xs[i]), String(ys[i])];
    };
    return csvTable(["line", xName, yName], rows());
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private show(cursor: readonly [number, number] | undefined, byPointer: boolean): void {
    this.cursor = cursor;
    this.invalidate("top");
    const one = cursor === undefined ? undefined : this.data.series[cursor[0]];
    if (cursor === undefined || one === undefined) {
      this.tell("", 0, 0, byPointer);
      return;
    }
    const [x, y] = [one.xs[cursor[1]]!, one.ys[cursor[1]]!];
    const { xName, yName } = this.data;
    const place = this.y(y);
    this.tell(
      `${one.label} · ${xName} ${formatNumber(x)} · ${yName} ${formatNumber(y)}`,
      this.x(x),
      Number.isNaN(place) ? this.area.top : place,
      byPointer,
    );
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [px, py] = this.pointOf(event);
    let best: readonly [number, number] | undefined;
    let closest = hitReach ** 2;
    for (const [at, { xs, ys }] of this.data.series.entries()) {
      for (let i = 0; i < xs.length; i++) {
        const square = (this.x(xs[i]!) - px) ** 2 + (this.y(ys[i]!) - py) ** 2;
        if (square >= closest) continue;
        closest = square;
        best = [at, i];
      }
    }
    this.show(best, true);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { series } = this.data;
    if (series.length === 0) return;
    const [at, point] = this.cursor ?? [0, -1];
    const last = (line: number): number => (series[line]?.xs.length ?? 1) - 1;
    const within = (line: number, to: number): readonly [number, number] => {
      const inside = Math.min(series.length - 1, Math.max(0, line));
      return [inside, Math.min(last(inside), Math.max(0, to))];
    };
    const moves: Readonly<Record<string, () => readonly [number, number]>> = {
      ArrowRight: () => within(at, point + 1),
      ArrowLeft: () => within(at, point - 1),
      ArrowDown: () => within(at + 1, point),
      ArrowUp: () => within(at - 1, point),
      Home: () => within(at, 0),
      End: () => within(at, last(at)),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    this.show(move(), false);
  };
}

customElements.define("basin-line-chart", LineChart);
