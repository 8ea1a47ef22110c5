/**
 * Learning curves on canvas: ragged series as they come, no padding to a common grid, hundreds of lines at once.
 * Invariant: what is drawn are reported values unless smoothing is on, and then the picture says so.
 */
import type { PropertyDeclarations, TemplateResult, nothing } from "lit";
import type { CurveColumns } from "../../src/core/columns.ts";
import { formatNumber } from "../../src/core/format.ts";
import type { LineageRow } from "../../src/protocol/schedule.ts";
import { trialStates } from "../../src/core/trial.ts";
import { cursorMove } from "../shared/keyboardCursor.ts";
import { fontOf } from "../shared/axes.ts";
import { CanvasChart, type PlotEvents } from "../shared/canvasChart.ts";
import { drawDot } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import { addMark } from "../shared/marks.ts";
import { frameFor, noFrame } from "../shared/plotFrame.ts";
import type { Painter } from "../shared/progressive.ts";
import { extentOf, linearScale, logScale, robustExtent } from "../shared/scales.ts";
import { indexOfSorted } from "../shared/sortIndex.ts";
import { trialsForScreenReaders } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { goodnessCss, theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { lineAlpha } from "../shared/lineAlpha.ts";
import { connections, type Connection } from "./connections.ts";
import { drawRungLines } from "./rungLines.ts";
import { smoothed } from "./smoothing.ts";

const curvesPerPiece = 8;
const hitReach = 14;

export class CurvesChart extends CanvasChart {
  static override properties: PropertyDeclarations = {
    curves: { attribute: false },
    logY: { type: Boolean },
    smoothing: { type: Number },
    rungs: { attribute: false },
    lineage: { attribute: false },
    span: { attribute: false },
  };
  declare curves: CurveColumns;
  declare logY: boolean;
  declare smoothing: number;
  /** Steps at which the scheduler looked, increasing. */
  declare rungs: readonly number[];
  declare lineage: readonly LineageRow[];
  /** Steps shown, so that charts under each other have one axis; undefined = those of the curves. */
  declare span: readonly [number, number] | undefined;
  get chartName(): string {
    return `curves-${this.curves.metric.replace(/[^\w.-]+/g, "_")}`;
  }

  private frame = noFrame;
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);
  private rawYs = new Float32Array(0);
  private unshown = 0;
  private joins: readonly Connection[] = [];
  private cursorCurve = -1;
  private cursorPoint = -1;

  constructor() {
    super();
    this.rungs = [];
    this.lineage = [];
    this.span = undefined;
  }

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered"];
  }

  protected layerNames(): readonly string[] {
    return ["lines", "top"];
  }

  protected override drawnFrom(): readonly string[] {
    return ["curves", "logY", "smoothing", "rungs", "lineage", "span"];
  }

  protected override refiltered(): void {
    super.refiltered();
    this.requestUpdate();
  }

  protected plotLabel(): string {
    return `Learning curves of ${this.curves.metric}. Up and down move between curves, left and right along one; Enter opens the trial.`;
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: this.onMove,
      pointerleave: () => this.show(-1, -1, true),
      click: this.onClick,
      keydown: this.onKey,
    };
  }

  protected override heard(): TemplateResult | typeof nothing {
    const columns = this.store.table.filter((column) => column.role === "objective" || column.role === "step");
    return trialsForScreenReaders(this.store, columns, "Learning curves");
  }

  protected layout(): void {
    const { curves, width, height } = this;
    const { offsets, steps, values } = curves;
    const count = curves.number.length;
    const drawn = new Float64Array(values.length);
    for (let c = 0; c < count; c++) {
      drawn.set(smoothed(values.subarray(offsets[c], offsets[c + 1]), this.smoothing), offsets[c]);
    }
    this.unshown = 0;
    const usable = this.logY ? values.map((v) => (v > 0 ? v : Number.NaN)) : values;
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(usable[i]!)) this.unshown++;
    const objective = this.store.columns?.objectives[0];
    const maximise = objective?.metric === curves.metric && objective.direction === "maximize";
    const extent = this.logY ? extentOf(usable) : rangeOf(robustExtent(usable, maximise ? "high" : "low"));
    let yScale = linearScale(0, 1);
    if (extent !== undefined && this.logY) yScale = logScale(extent[0], extent[1]);
    else if (extent !== undefined) {
      const pad = (extent[1] - extent[0]) * 0.04;
      yScale = linearScale(extent[0] - pad, extent[1] + pad);
    }
    this.joins = connections(curves, this.lineage);
    const ends = this.span ?? extentOf(steps) ?? [0, 1];
    const xScale = linearScale(Math.min(1, ends[0]), Math.max(ends[1], ends[0] + 1), true);
    const frame = frameFor(xScale, yScale, { width, height });
    this.frame = frame;
    this.xs = new Float32Array(values.length);
    this.ys = new Float32Array(values.length);
    this.rawYs = this.smoothing > 0 ? new Float32Array(values.length) : this.ys;
    const place = (value: number): number =>
      !Number.isFinite(value) || (this.logY && value <= 0) ? Number.NaN : frame.yWithin(value, 0.02);
    for (let i = 0; i < values.length; i++) {
      this.xs[i] = frame.xOf(steps[i]!);
      this.ys[i] = place(drawn[i]!);
      if (this.smoothing > 0) this.rawYs[i] = place(values[i]!);
    }
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "lines") yield* this.paintLines(ink);
    else this.paintTop(ink);
  }

  private *paintLines(ink: Ink): Painter {
    const colors = theme();
    this.frame.drawAxes(ink, colors, "step", this.yTitle());
    ink.font = fontOf(colors);
    // Under another chart that names them, lines alone.
    const labelsFrom = this.span === undefined ? 4 + ink.measureText(this.yTitle()).width : Number.POSITIVE_INFINITY;
    drawRungLines(ink, colors, this.frame.area, this.frame.x, this.rungs, labelsFrom);
    yield;
    const shown = this.byGoodness();
    ink.lineJoin = "round";
    ink.lineWidth = 1.2;
    const alpha = lineAlpha(shown.length) * 0.95;
    for (let i = 0; i < shown.length; i++) {
      this.stroke(ink, colors, shown[i]!, alpha);
      if (i % curvesPerPiece === curvesPerPiece - 1) yield;
    }
    const drawn = new Set(shown);
    for (const join of this.joins) if (drawn.has(join.curve)) this.join(ink, colors, join, alpha);
    ink.globalAlpha = 1;
  }

  /** From the value a copied trial had to the first one of the trial that goes on with it. */
  private join(ink: Ink, colors: Theme, { curve, from, to }: Connection, alpha: number): void {
    if (Number.isNaN(this.ys[from]!) || Number.isNaN(this.ys[to]!)) return;
    const good = this.store.goodness[this.store.rowOf(this.curves.number[curve]!)] ?? Number.NaN;
    ink.globalAlpha = alpha;
    ink.strokeStyle = goodnessCss(good, colors);
    ink.setLineDash([2, 3]);
    ink.beginPath();
    ink.moveTo(this.xs[from]!, this.ys[from]!);
    ink.lineTo(this.xs[to]!, this.ys[to]!);
    ink.stroke();
    ink.setLineDash([]);
  }

  private yTitle(): string {
    const { metric } = this.curves;
    const notes = [
      this.logY ? "log" : "",
      this.smoothing > 0 ? `smoothed ${this.smoothing.toFixed(2)}` : "",
      this.unshown > 0 ? `${this.unshown} values cannot be shown` : "",
    ].filter((note) => note !== "");
    return notes.length === 0 ? metric : `${metric} (${notes.join(", ")})`;
  }

  /** Indices of drawn curves that pass the filter, worst first. */
  private byGoodness(): readonly number[] {
    const { store } = this;
    const known = (c: number): number => {
      const good = store.goodness[store.rowOf(this.curves.number[c]!)] ?? Number.NaN;
      return Number.isNaN(good) ? -1 : good;
    };
    const shown: number[] = [];
    for (let c = 0; c < this.curves.number.length; c++) {
      const row = store.rowOf(this.curves.number[c]!);
      if (row >= 0 && store.filtered[row] === 1) shown.push(c);
    }
    return shown.sort((a, b) => known(a) - known(b));
  }

  private stroke(ink: Ink, colors: Theme, curve: number, alpha: number, raw = false, halo?: string): void {
    const { store } = this;
    const row = store.rowOf(this.curves.number[curve]!);
    const state = trialStates[store.columns?.state[row] ?? 0] ?? "complete";
    const good = store.goodness[row] ?? Number.NaN;
    const color = halo ?? (state === "running" ? colors.states.running : goodnessCss(good, colors));
    const from = this.curves.offsets[curve]!;
    const to = this.curves.offsets[curve + 1]!;
    const ys = raw ? this.rawYs : this.ys;
    // Trials without a final value must not outshine those with one.
    ink.globalAlpha = Number.isNaN(good) && state !== "running" && alpha < 1 ? alpha * 0.6 : alpha;
    ink.strokeStyle = color;
    ink.beginPath();
    let pen = false;
    for (let i = from; i < to; i++) {
      if (Number.isNaN(ys[i]!)) pen = false;
      else if (pen) ink.lineTo(this.xs[i]!, ys[i]!);
      else {
        ink.moveTo(this.xs[i]!, ys[i]!);
        pen = true;
      }
    }
    const end = to - 1;
    if (!raw && end >= from && !Number.isNaN(ys[end]!)) {
      const x = this.xs[end]!;
      const y = ys[end]!;
      if (state === "pruned") {
        ink.moveTo(x, y - 5);
        ink.lineTo(x, y + 5);
      } else if (state === "failed" || state === "running") addMark(ink, state, x, y, 3);
      else if (end === from) addMark(ink, "complete", x, y, 2);
    }
    ink.stroke();
  }

  private paintTop(ink: Ink): void {
    const { store } = this;
    const colors = theme();
    ink.lineJoin = "round";
    const emphasise = (number: number, width: number): void => {
      const curve = indexOfSorted(this.curves.number, number);
      if (curve < 0) return;
      if (this.smoothing > 0) {
        ink.lineWidth = 1;
        this.stroke(ink, colors, curve, 0.4, true);
      }
      ink.lineWidth = width + 3;
      this.stroke(ink, colors, curve, 1, false, colors.background);
      ink.lineWidth = width;
      this.stroke(ink, colors, curve, 1);
      for (const join of this.joins) if (join.curve === curve) this.join(ink, colors, join, 1);
    };
    for (const number of store.selected.subarray(0, 200)) emphasise(number, 2.5);
    if (store.hovered < 0) return;
    emphasise(store.hovered, 2.5);
    const curve = indexOfSorted(this.curves.number, store.hovered);
    const point = curve === this.cursorCurve ? this.cursorPoint : -1;
    if (point < 0 || Number.isNaN(this.ys[point]!)) return;
    ink.globalAlpha = 1;
    drawDot(ink, colors.foreground, this.xs[point]!, this.ys[point]!, 4);
  }

  protected csv(): string {
    const { number, offsets, steps, values, metric } = this.curves;
    const rows = function* (): Generator<readonly string[]> {
      for (let c = 0; c < number.length; c++) {
        for (let i = offsets[c]!; i < offsets[c + 1]!; i++)
          yield [String(number[c]), String(steps[i]), String(values[i])];
      }
    };
    return csvTable(["number", "step", metric], rows());
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  /** Curve and its point nearest to a place, by the line between points; one binary search a curve. */
  private nearest(x: number, y: number): readonly [number, number] {
    const { offsets } = this.curves;
    let best: readonly [number, number] = [-1, -1];
    let closest = hitReach;
    for (const curve of this.byGoodness()) {
      const from = offsets[curve]!;
      const to = offsets[curve + 1]!;
      if (from === to || x < this.xs[from]! - 8 || x > this.xs[to - 1]! + 8) continue;
      let low = from;
      let high = to - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.xs[middle]! < x) low = middle + 1;
        else high = middle;
      }
      const before = Math.max(from, low - 1);
      const span = this.xs[low]! - this.xs[before]!;
      const t = span > 0 ? Math.min(1, Math.max(0, (x - this.xs[before]!) / span)) : 0;
      const distance = Math.abs(this.ys[before]! + (this.ys[low]! - this.ys[before]!) * t - y);
      if (distance < closest) {
        closest = distance;
        best = [curve, t < 0.5 ? before : low];
      }
    }
    return best;
  }

  private show(curve: number, point: number, byPointer: boolean): void {
    const { store, curves } = this;
    this.cursorCurve = curve;
    this.cursorPoint = point;
    const number = curves.number[curve];
    this.hover(number, byPointer);
    this.invalidate("top");
    let text = "";
    if (number !== undefined && point >= 0) {
      const state = trialStates[store.columns?.state[store.rowOf(number)] ?? 0];
      text = `#${number} · ${state} · step ${formatNumber(curves.steps[point]!)} · ${curves.metric} ${formatNumber(curves.values[point]!)}`;
    }
    this.tell(text, this.xs[point] ?? 0, this.ys[point] ?? 0, byPointer);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [curve, point] = this.nearest(...this.pointOf(event));
    this.show(curve, point, true);
  };

  private readonly onClick = (event: MouseEvent): void => {
    this.chooseByPointer(event, this.curves.number[this.nearest(...this.pointOf(event))[0]]);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { curves } = this;
    const order = this.byGoodness().toReversed();
    const at = order.indexOf(this.cursorCurve);
    const along = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    // Along a curve needs a curve: the first press of any arrow goes to the best one.
    const target = cursorMove(along !== 0 && at < 0 ? "Home" : event.key, at, order.length, "vertical");
    if (target !== undefined) {
      const curve = order[target]!;
      this.show(curve, curves.offsets[curve + 1]! - 1, false);
    } else if (along !== 0 && at >= 0) {
      const from = curves.offsets[this.cursorCurve]!;
      const to = curves.offsets[this.cursorCurve + 1]! - 1;
      this.show(this.cursorCurve, Math.min(to, Math.max(from, this.cursorPoint + along)), false);
    } else if (!this.chooseByKey(event, curves.number[this.cursorCurve])) return;
    event.preventDefault();
  };
}

function rangeOf(
  extent: { readonly low: number; readonly high: number } | undefined,
): readonly [number, number] | undefined {
  return extent === undefined ? undefined : [extent.low, extent.high];
}

customElements.define("basin-curves-chart", CurvesChart);
