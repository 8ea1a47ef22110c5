/**
 * A few named lines over one axis: told apart by dashes and by their names at the ends, not by colour.
 * Invariant: values that are not numbers are gaps; the title says how many there are.
 */
import { html, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { csvTable } from "../table/exportText.ts";
import { clipped, fontOf, textRuler } from "./axes.ts";
import { CanvasChart, type PlotEvents } from "./canvasChart.ts";
import { drawDot } from "./emphasis.ts";
import type { Ink } from "./ink.ts";
import { frameFor, noFrame } from "./plotFrame.ts";
import type { Painter } from "./progressive.ts";
import { extentOf, linearScale, logScale, wantsLog } from "./scales.ts";
import { heardTable } from "./srTable.ts";
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

  private frame = noFrame;
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

  protected override drawnFrom(): readonly string[] {
    return ["data"];
  }

  protected override renewed(): void {
    this.cursor = undefined;
    this.placeTip("", 0, 0);
  }

  protected plotLabel(): string {
    return `${this.data.label}. Left and right move along a line, up and down between lines.`;
  }

  protected plotEvents(): PlotEvents {
    return { pointermove: this.onMove, pointerleave: () => this.show(undefined, true), keydown: this.onKey };
  }

  protected override heard(): TemplateResult {
    const { label, series, xName, yName } = this.data;
    return html`${series.map((one) => {
      const every = Math.max(1, Math.ceil(one.xs.length / heard));
      const points = Array.from({ length: Math.ceil(one.xs.length / every) }, (_, i) => i * every);
      return heardTable({
        caption: `${label}, ${one.label}: ${points.length} of ${one.xs.length} points`,
        head: [xName, yName],
        rowHeads: false,
        rows: points.map((i) => [formatNumber(one.xs[i]!), formatNumber(one.ys[i]!)]),
      });
    })}`;
  }

  protected layout(): void {
    const { series, mayBeLog } = this.data;
    const { width, height } = this;
    const ys = series.flatMap(({ ys: own }) => Array.from(own).filter(Number.isFinite));
    const xs = series.flatMap(({ xs: own }) => Array.from(own));
    this.unshown = series.reduce((sum, { ys: own }) => sum + own.length, 0) - ys.length;
    const [low, high] = extentOf(ys) ?? [0, 1];
    const pad = (high - low) * 0.05;
    const isLog = mayBeLog && low > 1e-290 && wantsLog(low, high);
    const yScale = isLog ? logScale(low, high) : linearScale(low - pad, high + pad);
    const [from, to] = extentOf(xs) ?? [0, 1];
    const widthOf = textRuler(fontOf(theme()));
    const names = series.length > 1 ? Math.max(...series.map(({ label }) => widthOf(label))) : 0;
    const right = Math.max(16, Math.min(names + 12, width * 0.25));
    this.frame = frameFor(linearScale(from, to), yScale, { width, height, top: 2.4, right });
  }

  /** Height of a value; NaN where it has no place. */
  private yOf(value: number): number {
    return !Number.isFinite(value) || (this.frame.y.log && value <= 0) ? Number.NaN : this.frame.yOf(value);
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const colors = theme();
    if (layer === "top") {
      this.paintTop(ink, colors);
      return;
    }
    const { series, xTitle, yTitle } = this.data;
    const notes = [
      this.frame.y.log ? "log" : "",
      this.unshown > 0 && this.data.gapsMean !== "none" ? `${this.unshown} values are no number` : "",
    ];
    const note = notes.filter((text) => text !== "").join(", ");
    this.frame.drawAxes(ink, colors, xTitle, note === "" ? yTitle : `${yTitle} (${note})`);
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
      const y = this.yOf(ys[i]!);
      if (Number.isNaN(y)) pen = false;
      else if (pen) ink.lineTo(this.frame.xOf(xs[i]!), y);
      else {
        ink.moveTo(this.frame.xOf(xs[i]!), y);
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
      while (last >= 0 && Number.isNaN(this.yOf(ys[last]!))) last--;
      return { label, y: last < 0 ? Number.NaN : this.yOf(ys[last]!) };
    });
    let above = Number.NEGATIVE_INFINITY;
    for (const { label, y } of ends.filter((end) => !Number.isNaN(end.y)).sort((a, b) => a.y - b.y)) {
      // Names of lines that end together are moved apart.
      const at = Math.max(y, above + colors.fontSize * 1.1);
      above = at;
      ink.fillStyle = colors.foreground;
      ink.fillText(clipped(ink, label, this.width - this.frame.area.right - 8), this.frame.area.right + 6, at);
    }
  }

  private paintMarks(ink: Ink, colors: Theme): void {
    for (const { marks = [] } of this.data.series) {
      for (const { x, y, text } of marks) {
        const [px, py] = [this.frame.xOf(x), this.yOf(y)];
        if (Number.isNaN(py)) continue;
        drawDot(ink, colors.foreground, px, py, 3.5);
        ink.font = fontOf(colors, 0.85, "600");
        ink.textBaseline = "middle";
        const fits = px + 8 + ink.measureText(text).width < this.width;
        ink.textAlign = fits ? "left" : "right";
        ink.fillText(text, fits ? px + 8 : px - 8, Math.max(this.frame.area.top + 6, py - 10));
      }
    }
  }

  private paintTop(ink: Ink, colors: Theme): void {
    const { cursor } = this;
    const one = cursor === undefined ? undefined : this.data.series[cursor[0]];
    if (cursor === undefined || one === undefined) return;
    const [x, y] = [this.frame.xOf(one.xs[cursor[1]]!), this.yOf(one.ys[cursor[1]]!)];
    if (Number.isNaN(y)) return;
    ink.strokeStyle = colors.muted;
    ink.lineWidth = 1;
    ink.setLineDash([2, 3]);
    ink.beginPath();
    ink.moveTo(x, this.frame.area.top);
    ink.lineTo(x, this.frame.area.bottom);
    ink.stroke();
    ink.setLineDash([]);
    drawDot(ink, colors.foreground, x, y, 4);
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
    const place = this.yOf(y);
    this.tell(
      `${one.label} · ${xName} ${formatNumber(x)} · ${yName} ${formatNumber(y)}`,
      this.frame.xOf(x),
      Number.isNaN(place) ? this.frame.area.top : place,
      byPointer,
    );
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [px, py] = this.pointOf(event);
    let best: readonly [number, number] | undefined;
    let closest = hitReach ** 2;
    for (const [at, { xs, ys }] of this.data.series.entries()) {
      for (let i = 0; i < xs.length; i++) {
        const square = (this.frame.xOf(xs[i]!) - px) ** 2 + (this.yOf(ys[i]!) - py) ** 2;
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
