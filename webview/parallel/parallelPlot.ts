/**
 * The picture of the parallel plot. Layers: all trials faintly, the filtered ones in colour, axes, brushes, and on top the
 * selected and the hovered. Invariant: a brush repaints only the coloured layer and the brushes; the faint one and the axes
 * depend on the data alone.
 */
import { CanvasChart } from "../shared/canvasChart.ts";
import type { Ink } from "../shared/ink.ts";
import { lineAlpha } from "../shared/lineAlpha.ts";
import type { MenuItem } from "../shared/menu.ts";
import type { Painter } from "../shared/progressive.ts";
import { bestShownRows } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { goodnessCss, theme } from "../shared/theme.ts";
import { trialsAsCsv } from "../table/exportText.ts";
import { axisColumns, buildAxis, stretchesOf, type Axis } from "./axisModel.ts";
import { paintAxis, paintBrushes } from "./axisPainter.ts";
import { titleHeight } from "./axisTitle.ts";
import {
  highlightLimit,
  paintDensity,
  paintStrokes,
  strokeLimit,
  strokeLine,
  type LineGeometry,
} from "./linePainter.ts";
import { parallelStyles } from "./parallelStyles.ts";

/** Below this, titles and tick labels of neighbouring axes cannot be read. */
const minGap = 52;

export abstract class ParallelPlot extends CanvasChart {
  static override styles = [...CanvasChart.styles, parallelStyles];
  readonly chartName = "parallel";

  /** Every axis the person has not hidden, and those of them there is room for. */
  protected allAxes: readonly Axis[] = [];
  protected axes: readonly Axis[] = [];
  private axesKey: unknown[] = [];
  protected geometry: LineGeometry = {
    plot: { left: 0, top: 0, right: 0, bottom: 0 },
    rung: 0,
    xs: [],
    rows: [],
    missing: [],
  };
  private filterDrawn: Uint8Array | undefined;
  /** A title being dragged: axis and where its line is now. */
  protected titleDrag: { readonly axis: number; x: number } | undefined;

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered", "ui"];
  }

  protected layerNames(): readonly string[] {
    return ["back", "lines", "axes", "brushes", "top"];
  }

  protected override onStore(): void {
    const { store } = this;
    const { hiddenColumns, axisOrder, invertedAxes } = store.state;
    const key: unknown[] = [store.columns, hiddenColumns, axisOrder, invertedAxes];
    if (key.some((part, i) => part !== this.axesKey[i])) {
      this.axesKey = key;
      this.rebuild();
    } else if (this.filterDrawn !== store.filtered) {
      this.filterDrawn = store.filtered;
      this.invalidate("lines", "brushes", "top");
      this.refreshTable();
    } else this.invalidate("top");
  }

  private tableTimer: ReturnType<typeof setTimeout> | undefined;
  /** Titles and the hidden table need no update in the middle of a drag. */
  private refreshTable(): void {
    clearTimeout(this.tableTimer);
    this.tableTimer = setTimeout(() => this.requestUpdate(), 200);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.onStore();
  }

  override disconnectedCallback(): void {
    clearTimeout(this.tableTimer);
    super.disconnectedCallback();
  }

  private rebuild(): void {
    const { store } = this;
    const { hiddenColumns, axisOrder, invertedAxes } = store.state;
    this.allAxes = axisColumns(store.table, { hidden: hiddenColumns, order: axisOrder }).map((column) =>
      buildAxis(column, invertedAxes.includes(column.key), store.goodness),
    );
    this.filterDrawn = store.filtered;
    this.knownCount = store.bestFirst.length;
    while (this.knownCount > 0 && Number.isNaN(store.goodness[store.bestFirst[this.knownCount - 1]!]!))
      this.knownCount--;
    this.invalidateAll();
    this.requestUpdate();
  }

  /** Trials with a value: the first so many of `bestFirst`. */
  private knownCount = 0;

  /** The first axes that fit and the objective, which is never left out. */
  private fitAxes(): void {
    const room = Math.max(1, Math.floor((this.width - 64 - Math.min(72, this.width * 0.12)) / minGap));
    const { allAxes } = this;
    const axes = allAxes.length - 1 <= room ? allAxes : [...allAxes.slice(0, room), ...allAxes.slice(-1)];
    if (axes.length === this.axes.length && axes.every((axis, i) => axis === this.axes[i])) return;
    this.axes = axes;
    this.dispatchEvent(new CustomEvent("axes", { detail: { shown: axes.length, all: allAxes.length } }));
  }

  protected layout(): void {
    const colors = theme();
    this.fitAxes();
    const { axes } = this;
    const missing = axes.some((axis) => axis.anyMissing);
    const plot = {
      left: Math.min(72, this.width * 0.12),
      top: titleHeight + 8,
      right: this.width - 64,
      bottom: this.height - (missing ? colors.fontSize + 34 : 14),
    };
    const height = Math.max(1, plot.bottom - plot.top);
    const rung = plot.bottom + 18;
    const xs = axes.map((_, i) =>
      axes.length === 1 ? plot.right : plot.left + (i * (plot.right - plot.left)) / (axes.length - 1),
    );
    const rungRow = Math.round(rung - plot.top);
    const rows = axes.map(({ units }) => {
      const pixels = new Int16Array(units.length);
      for (let i = 0; i < units.length; i++) {
        const unit = units[i]!;
        pixels[i] = unit === unit ? Math.round((1 - unit) * (height - 1)) : rungRow;
      }
      return pixels;
    });
    const gone = axes.map(({ units, anyMissing }) => {
      const bits = new Uint8Array(units.length);
      if (anyMissing) for (let i = 0; i < units.length; i++) if (Number.isNaN(units[i]!)) bits[i] = 1;
      return bits;
    });
    this.geometry = { plot, rung, xs, rows, missing: gone };
    // Titles stand at the axes' places, known only now; outside of this frame's work.
    queueMicrotask(() => this.requestUpdate());
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (this.axes.length === 0) return;
    if (layer === "back") yield* this.paintBack(ink);
    else if (layer === "lines") yield* this.paintLines(ink);
    else if (layer === "axes") this.paintAxes(ink);
    else if (layer === "brushes") this.paintBrushes(ink);
    else this.paintTop(ink);
  }

  private *paintBack(ink: Ink): Painter {
    const { store, geometry } = this;
    const count = store.columns?.count ?? 0;
    const colors = theme();
    ink.globalAlpha = 1;
    if (count > strokeLimit) {
      const all = new Uint8Array(count).fill(1);
      yield* paintDensity(ink, geometry, all, store.goodness, colors, false);
    } else {
      yield* paintStrokes(ink, geometry, store.bestFirst, null, colors, 0.12);
    }
  }

  private *paintLines(ink: Ink): Painter {
    const { store, geometry } = this;
    const colors = theme();
    if (store.filteredCount > strokeLimit) {
      yield* paintDensity(ink, geometry, store.filtered, store.goodness, colors, true);
      yield* paintStrokes(
        ink,
        geometry,
        bestShownRows(store, highlightLimit).toReversed(),
        store.goodness,
        colors,
        0.35,
      );
      return;
    }
    // Worst first, so that the good ones end on top.
    const rows = store.bestFirst.filter((row) => store.filtered[row] === 1).toReversed();
    yield* paintStrokes(ink, geometry, rows, store.goodness, colors, lineAlpha(rows.length) * 0.9);
  }

  private paintAxes(ink: Ink): void {
    const { geometry, axes } = this;
    const colors = theme();
    const gap = geometry.xs.length > 1 ? geometry.xs[1]! - geometry.xs[0]! : this.width;
    axes.forEach((axis, i) => {
      const x = this.titleDrag?.axis === i ? this.titleDrag.x : geometry.xs[i]!;
      paintAxis(ink, colors, axis, x, axis.isObjective ? 56 : gap, geometry, (unit) => this.goodnessAt(axis, unit));
    });
  }

  private paintBrushes(ink: Ink): void {
    const { geometry, axes, store } = this;
    axes.forEach((axis, i) => {
      const brushes = store.state.brushes[axis.key];
      if (brushes === undefined) return;
      const x = this.titleDrag?.axis === i ? this.titleDrag.x : geometry.xs[i]!;
      paintBrushes(ink, theme(), x, geometry, stretchesOf(axis, brushes));
    });
  }

  /** Goodness (share of trials that are worse) of the value at a height of the objective's axis. */
  private goodnessAt(axis: Axis, unit: number): number {
    const { bestFirst, goodness } = this.store;
    const { values, direction } = axis.column;
    if (axis.scale === undefined || direction === undefined) return Number.NaN;
    const value = axis.scale.fromUnit(axis.inverted ? 1 - unit : unit);
    let low = 0;
    let high = this.knownCount - 1;
    if (high < 0) return Number.NaN;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = values[bestFirst[middle]!]!;
      if (direction === "maximize" ? found > value : found < value) low = middle + 1;
      else high = middle;
    }
    return goodness[bestFirst[low]!]!;
  }

  private paintTop(ink: Ink): void {
    const { store, geometry } = this;
    const colors = theme();
    ink.lineJoin = "round";
    const shown = store.selectedRows.length > 500 ? store.selectedRows.subarray(0, 500) : store.selectedRows;
    for (const row of shown) {
      ink.strokeStyle = colors.background;
      ink.lineWidth = 5;
      strokeLine(ink, geometry, row);
      ink.strokeStyle = goodnessCss(store.goodness[row]!, colors);
      ink.lineWidth = 2.5;
      strokeLine(ink, geometry, row);
    }
    const { hoveredRow } = store;
    if (hoveredRow < 0) return;
    ink.strokeStyle = colors.background;
    ink.lineWidth = 5;
    strokeLine(ink, geometry, hoveredRow);
    ink.strokeStyle = colors.foreground;
    ink.lineWidth = 2;
    strokeLine(ink, geometry, hoveredRow);
    ink.fillStyle = colors.foreground;
    geometry.xs.forEach((x, a) => {
      ink.beginPath();
      ink.arc(x, geometry.plot.top + geometry.rows[a]![hoveredRow]! + 0.5, 3, 0, Math.PI * 2);
      ink.fill();
    });
  }

  override get menuItems(): readonly MenuItem[] {
    const { store } = this;
    return [
      { label: "Reset Axes", run: () => store.update({ axisOrder: [], invertedAxes: [] }) },
      { label: "Clear Brushes", run: () => store.clearBrushes() },
      ...super.menuItems.map((item, i) => (i === 0 ? { ...item, separated: true } : item)),
    ];
  }

  protected csv(): string {
    const { table, visible } = this.store;
    const keep = new Set(this.axes.map((axis) => axis.key));
    return trialsAsCsv(
      table.filter((column) => column.role === "number" || column.role === "state" || keep.has(column.key)),
      visible,
    );
  }
}
