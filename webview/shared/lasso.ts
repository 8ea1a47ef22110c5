/**
 * A rectangle drawn over points by dragging. Invariant: a press that hardly moved is a press and no rectangle.
 */
import type { Rect } from "./axes.ts";
import type { Ink } from "./ink.ts";
import type { Theme } from "./theme.ts";

/** Pixels, across and down together, up to which a press is a press. */
const pressReach = 6;

export class Lasso {
  private readonly x: number;
  private readonly y: number;
  private toX: number;
  private toY: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
    this.toX = x;
    this.toY = y;
  }

  dragTo(x: number, y: number): void {
    this.toX = x;
    this.toY = y;
  }

  /** Where the press began. */
  get start(): readonly [number, number] {
    return [this.x, this.y];
  }

  get isPress(): boolean {
    return Math.abs(this.toX - this.x) + Math.abs(this.toY - this.y) <= pressReach;
  }

  get rect(): Rect {
    const { x, y, toX, toY } = this;
    return { left: Math.min(x, toX), top: Math.min(y, toY), right: Math.max(x, toX), bottom: Math.max(y, toY) };
  }

  paint(ink: Ink, colors: Theme): void {
    const { x, y, toX, toY } = this;
    ink.strokeStyle = colors.focus;
    ink.lineWidth = 1;
    ink.setLineDash([4, 3]);
    ink.strokeRect(Math.min(x, toX) + 0.5, Math.min(y, toY) + 0.5, Math.abs(toX - x), Math.abs(toY - y));
  }
}
