/**
 * The parallel plot in use: titles, brushing, hovering, selecting, by pointer and by keyboard.
 * Invariant: a press on an axis is about brushes and never selects; a press elsewhere selects and never brushes.
 */
import { html, type TemplateResult, type nothing } from "lit";
import { trialStates } from "../../src/core/trial.ts";
import type { PlotEvents } from "../shared/canvasChart.ts";
import { cursorMove } from "../shared/keyboardCursor.ts";
import { cellText, fullText } from "../shared/columnModel.ts";
import { trialsForScreenReaders } from "../shared/srTable.ts";
import { intervalsOf, stretchesOf, type Axis, type Stretch } from "./axisModel.ts";
import { brushWidth } from "./axisPainter.ts";
import { titleButton } from "./axisTitle.ts";
import { beginDrag, clearedAt, dragTo, type BrushDrag } from "./brushDrag.ts";
import { nearestLine } from "./nearestLine.ts";
import { ParallelPlot } from "./parallelPlot.ts";

const hitReach = 10;
const edgePixels = 5;
/** A press this near to an axis brushes; farther away it selects a line. */
const axisReach = brushWidth / 2 + 3;

export class ParallelChart extends ParallelPlot {
  private drag: { readonly axis: number; readonly brush: BrushDrag; moved: boolean } | undefined;
  private dragUnit = 0;
  private dragFrame = 0;
  /** Row the keyboard is at. */
  private cursor = -1;

  protected plotLabel(): string {
    return "Parallel coordinates. Arrow keys move between the shown trials, best first; Enter opens one; Space selects it. To brush by keyboard write a condition into the filter below the chart.";
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: this.onMove,
      pointerleave: this.onLeave,
      pointerdown: this.onDown,
      pointerup: this.onUp,
      pointercancel: this.onUp,
      dblclick: this.onDouble,
      keydown: this.onKey,
    };
  }

  protected override inPlot(): TemplateResult {
    return html`<div class="titles" role="group" aria-label="Axes">${this.titles()}</div>`;
  }

  protected override heard(): TemplateResult | typeof nothing {
    const columns = this.allAxes.map((axis) => axis.column);
    return trialsForScreenReaders(this.store, columns, "Parallel coordinates");
  }

  private titles(): readonly TemplateResult[] {
    const { xs } = this.geometry;
    const gap = xs.length > 1 ? xs[1]! - xs[0]! : this.width;
    return this.axes.map((axis, i) =>
      titleButton({
        axis,
        x: this.titleDrag?.axis === i ? this.titleDrag.x : (xs[i] ?? 0),
        room: gap - 8,
        isLast: i === this.axes.length - 1,
        brushed: this.store.state.brushes[axis.key] !== undefined,
        onInvert: () => this.invert(axis),
        onMove: (by) => this.reorder(i, i + by),
        onClear: () => this.store.setBrush(axis.key, []),
        onDrag: (x) => this.dragTitle(i, x),
        onDrop: () => this.dropTitle(),
      }),
    );
  }

  // --- axes -------------------------------------------------------------------------------------------------------

  private invert(axis: Axis): void {
    const { invertedAxes } = this.store.state;
    this.store.update({
      invertedAxes: axis.inverted ? invertedAxes.filter((key) => key !== axis.key) : [...invertedAxes, axis.key],
    });
  }

  /** Moves an axis; the objective stays last. */
  private reorder(from: number, to: number): void {
    const keys = this.allAxes.slice(0, -1).map((axis) => axis.key);
    const [moved] = keys.splice(from, 1);
    if (moved === undefined) return;
    keys.splice(Math.min(keys.length, Math.max(0, to)), 0, moved);
    this.store.update({ axisOrder: keys });
  }

  private dragTitle(axis: number, clientX: number): void {
    const box = this.plot?.getBoundingClientRect();
    if (box === undefined || axis === this.axes.length - 1) return;
    this.titleDrag = { axis, x: Math.min(this.width, Math.max(0, clientX - box.left)) };
    this.invalidate("axes", "brushes");
    this.requestUpdate();
  }

  private dropTitle(): void {
    const drag = this.titleDrag;
    this.titleDrag = undefined;
    if (drag === undefined) return;
    const { xs } = this.geometry;
    const place = xs.slice(0, -1).filter((x, i) => i !== drag.axis && x < drag.x).length;
    if (place === drag.axis) {
      this.invalidate("axes", "brushes");
      this.requestUpdate();
    } else this.reorder(drag.axis, place);
  }

  // --- pointer ----------------------------------------------------------------------------------------------------

  private at(event: MouseEvent): {
    readonly x: number;
    readonly y: number;
    readonly unit: number;
    readonly axis: number;
  } {
    const [x, y] = this.pointOf(event);
    const { plot, xs } = this.geometry;
    const axis = xs.findIndex((at) => Math.abs(at - x) <= axisReach);
    const inside = y >= plot.top - 6 && y <= plot.bottom + 6;
    return { x, y, unit: (plot.bottom - y) / Math.max(1, plot.bottom - plot.top), axis: inside ? axis : -1 };
  }

  private stretches(axis: number): readonly Stretch[] {
    const found = this.axes[axis];
    return found === undefined ? [] : stretchesOf(found, this.store.state.brushes[found.key] ?? []);
  }

  private get edge(): number {
    const { plot } = this.geometry;
    return edgePixels / Math.max(1, plot.bottom - plot.top);
  }

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0 || event.target instanceof HTMLButtonElement) return;
    const { axis, unit } = this.at(event);
    if (axis < 0) return;
    event.preventDefault();
    this.plot?.focus({ preventScroll: true });
    this.plot?.setPointerCapture(event.pointerId);
    this.drag = { axis, brush: beginDrag(this.stretches(axis), unit, this.edge), moved: false };
  };

  private readonly onMove = (event: PointerEvent): void => {
    const point = this.at(event);
    const { drag } = this;
    if (drag === undefined) {
      this.hoverAt(point);
      return;
    }
    if (!drag.moved && Math.abs(point.unit - drag.brush.startedAt) < this.edge) return;
    drag.moved = true;
    this.placeTip("", 0, 0);
    // Moves may come faster than frames (or all at once after a slow one): only the last of a frame counts.
    this.dragUnit = point.unit;
    if (this.dragFrame === 0) this.dragFrame = requestAnimationFrame(() => this.applyDrag(drag));
  };

  private applyDrag({ axis: index, brush }: { readonly axis: number; readonly brush: BrushDrag }): void {
    cancelAnimationFrame(this.dragFrame);
    this.dragFrame = 0;
    const axis = this.axes[index];
    if (axis !== undefined) this.store.setBrush(axis.key, intervalsOf(axis, dragTo(brush, this.dragUnit)));
  }

  private readonly onUp = (event: PointerEvent): void => {
    const { drag, store } = this;
    this.drag = undefined;
    if (drag?.moved === true) {
      if (this.dragFrame !== 0) this.applyDrag(drag);
      return;
    }
    if (event.button !== 0 || event.target instanceof HTMLButtonElement) return;
    const point = this.at(event);
    const axis = this.axes[drag?.axis ?? -1];
    if (axis !== undefined && axis.scale === undefined && event.type === "pointerup") {
      this.toggleCategory(axis, point.unit);
      return;
    }
    // A press on an axis is about brushes; selecting there would get in the way of the double-click that clears one.
    if (drag !== undefined) return;
    const row = this.rowAt(point);
    this.chooseByPointer(event, store.columns?.number[row]);
  };

  /** A click on a category brushes it alone, a second one lets it go. */
  private toggleCategory(axis: Axis, unit: number): void {
    const n = axis.codes.length;
    const at = Math.min(n - 1, Math.max(0, Math.floor((axis.inverted ? 1 - unit : unit) * n)));
    const code = axis.codes[at]!;
    const present = this.store.state.brushes[axis.key] ?? [];
    const without = axis.codes.filter((c) => c !== code && present.some(([a, b]) => c >= a && c <= b));
    const had = present.some(([a, b]) => code >= a && code <= b);
    this.store.setBrush(
      axis.key,
      [...without, ...(had ? [] : [code])].map((c) => [c, c] as const),
    );
  }

  private readonly onDouble = (event: MouseEvent): void => {
    const { axis: index, unit } = this.at(event);
    const axis = this.axes[index];
    if (axis === undefined || event.target instanceof HTMLButtonElement) return;
    this.store.setBrush(
      axis.key,
      axis.scale === undefined ? [] : intervalsOf(axis, clearedAt(this.stretches(index), unit, this.edge)),
    );
  };

  private readonly onLeave = (): void => {
    if (this.drag === undefined) this.show(-1, true);
  };

  private rowAt({ x, y }: { readonly x: number; readonly y: number }): number {
    const { xs, rows, plot } = this.geometry;
    const right = xs.findIndex((at) => at >= x);
    const a = right <= 0 ? (right === 0 ? 0 : xs.length - 2) : right - 1;
    if (a < 0 || a + 1 >= xs.length || x < xs[0]! - hitReach || x > xs.at(-1)! + hitReach) return -1;
    const t = Math.min(1, Math.max(0, (x - xs[a]!) / (xs[a + 1]! - xs[a]!)));
    return nearestLine(rows[a]!, rows[a + 1]!, this.store.filtered, t, y - plot.top, hitReach);
  }

  private hoverAt(point: {
    readonly x: number;
    readonly y: number;
    readonly unit: number;
    readonly axis: number;
  }): void {
    const { plot } = this;
    if (plot !== null) plot.style.cursor = this.cursorAt(point.axis, point.unit);
    const row = this.rowAt(point);
    this.show(row, true, point);
  }

  private cursorAt(axis: number, unit: number): string {
    if (axis < 0) return "";
    if (this.axes[axis]?.scale === undefined) return "pointer";
    const { grip } = beginDrag(this.stretches(axis), unit, this.edge);
    return grip === "move" ? "move" : grip === "new" ? "crosshair" : "ns-resize";
  }

  private describe(row: number, point: { readonly x: number } | undefined): string {
    const { store, axes, geometry } = this;
    const number = store.columns?.number[row];
    if (number === undefined) return "";
    const objective = axes.at(-1);
    const parts = [`#${number}`, trialStates[store.columns?.state[row] ?? 0] ?? ""];
    if (objective !== undefined) parts.push(`${objective.label} ${cellText(objective.column, row)}`);
    if (point !== undefined) {
      const near = geometry.xs.reduce(
        (best, x, i) => (Math.abs(x - point.x) < Math.abs(geometry.xs[best]! - point.x) ? i : best),
        0,
      );
      const axis = axes[near];
      if (axis !== undefined && axis !== objective)
        parts.push(`${axis.label} ${cellText(axis.column, row) || "not set"}`);
    } else parts.push(...axes.slice(0, -1).map((axis) => `${axis.label} ${fullText(axis.column, row) || "not set"}`));
    return parts.join(" · ");
  }

  private show(row: number, byPointer: boolean, point?: { readonly x: number; readonly y: number }): void {
    const { store, geometry } = this;
    this.hover(store.columns?.number[row], byPointer);
    const text = row < 0 ? "" : this.describe(row, point);
    const y = point?.y ?? geometry.plot.top + (geometry.rows.at(-1)?.[row] ?? 0);
    this.tell(text, point?.x ?? geometry.xs.at(-1) ?? 0, y, byPointer);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLButtonElement) return;
    const { store } = this;
    const shown = store.bestFirst.filter((row) => store.filtered[row] === 1);
    const target = cursorMove(event.key, shown.indexOf(this.cursor), shown.length, "both");
    if (target !== undefined) {
      this.cursor = shown[target]!;
      this.show(this.cursor, false);
    } else if (!this.chooseByKey(event, store.columns?.number[this.cursor])) return;
    event.preventDefault();
  };
}

customElements.define("basin-parallel-chart", ParallelChart);
