/**
 * A chart of one point a trial between two axes: hover, press, lasso, keys from point to point.
 * Invariant: what cannot be seen cannot be met: the nearest point and those in a lasso come from the grid of shown points.
 */
import { CanvasChart, keepsSelection, type PlotEvents } from "./canvasChart.ts";
import type { Ink } from "./ink.ts";
import { cursorMove, type StepKeys } from "./keyboardCursor.ts";
import { Lasso } from "./lasso.ts";
import { noFrame } from "./plotFrame.ts";
import type { PointGrid } from "./pointGrid.ts";
import type { Painter } from "./progressive.ts";
import type { Theme } from "./theme.ts";

const hitRadius = 16;

export abstract class PointCloudChart extends CanvasChart {
  protected frame = noFrame;
  /** Place of each point in CSS pixels; NaN = none. */
  protected xs = new Float32Array(0);
  protected ys = new Float32Array(0);
  /** The points that can be met. */
  protected grid: PointGrid | undefined;
  private lasso: Lasso | undefined;
  /** Point the keyboard is at. */
  private cursor = -1;

  /** The trial of a point. */
  protected abstract numberAt(point: number): number | undefined;
  protected abstract describe(point: number): string;
  /** Points in the order of the keyboard, and the keys that step through it. */
  protected abstract keyOrder(): readonly number[] | Int32Array;
  protected abstract readonly stepKeys: StepKeys;
  protected abstract paintPoints(ink: Ink): Painter;
  protected abstract paintTop(ink: Ink): void;

  protected layerNames(): readonly string[] {
    return ["points", "top"];
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "points") yield* this.paintPoints(ink);
    else this.paintTop(ink);
  }

  protected paintLasso(ink: Ink, colors: Theme): void {
    this.lasso?.paint(ink, colors);
  }

  protected plotEvents(): PlotEvents {
    const { onMove, onLeave, onDown, onUp, onKey } = this;
    return { pointermove: onMove, pointerleave: onLeave, pointerdown: onDown, pointerup: onUp, keydown: onKey };
  }

  private show(point: number, byPointer: boolean): void {
    this.hover(point < 0 ? undefined : this.numberAt(point), byPointer);
    this.tell(point < 0 ? "" : this.describe(point), this.xs[point] ?? 0, this.ys[point] ?? 0, byPointer);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.pointOf(event);
    if (this.lasso === undefined) return this.show(this.grid?.nearest(x, y, hitRadius) ?? -1, true);
    this.lasso.dragTo(x, y);
    this.invalidate("top");
  };

  private readonly onLeave = (): void => {
    if (this.lasso === undefined) this.show(-1, true);
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.plot?.setPointerCapture(event.pointerId);
    this.lasso = new Lasso(...this.pointOf(event));
  };

  private readonly onUp = (event: PointerEvent): void => {
    const { lasso, grid } = this;
    if (lasso === undefined) return;
    this.lasso = undefined;
    if (lasso.isPress) {
      this.cursor = grid?.nearest(...lasso.start, hitRadius) ?? -1;
      this.chooseByPointer(event, this.cursor < 0 ? undefined : this.numberAt(this.cursor));
    } else {
      const { left, top, right, bottom } = lasso.rect;
      const found = grid?.inside(left, top, right, bottom) ?? new Int32Array(0);
      this.store.select(
        found.map((point) => this.numberAt(point)!),
        keepsSelection(event) ? "add" : "replace",
      );
    }
    this.invalidate("top");
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const order = this.keyOrder();
    const target = cursorMove(event.key, order.indexOf(this.cursor), order.length, this.stepKeys);
    if (target !== undefined) {
      this.cursor = order[target]!;
      this.show(this.cursor, false);
    } else if (!this.chooseByKey(event, this.numberAt(this.cursor))) return;
    event.preventDefault();
  };
}
