/**
 * A plane of the loss as colours with lines of equal loss, the trial's weights in the middle.
 * Invariant: colours interpolate between computed losses, and what is said under the pointer is a computed one.
 */
import { formatNumber } from "../../src/core/format.ts";
import { drawXAxis, drawYAxis, fontOf, textRuler, yLabelRoom } from "../shared/axes.ts";
import { drawAmountLegend, legendBar } from "../shared/amountLegend.ts";
import { amountColor, amountCss, inkOnAmount } from "../shared/amountScale.ts";
import type { PlotEvents } from "../shared/canvasChart.ts";
import { haloed, haloedRing } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import { noRect } from "../shared/plotFrame.ts";
import type { Painter } from "../shared/progressive.ts";
import { linearScale, type Scale } from "../shared/scales.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { cellMove } from "../topology/heatMapModel.ts";
import { isolines } from "./isolines.ts";
import { bilinear, contourLevels } from "./landscapeScale.ts";
import { PlaneChart } from "./planeChart.ts";

/** Side of the picture of colours, in its own pixels. */
const imageSide = 160;
const lineCount = 9;

export class ContourChart extends PlaneChart {
  readonly chartName = "loss-contour";

  private area = noRect;
  private axis: Scale = linearScale(-1, 1);
  private image: HTMLCanvasElement | undefined;
  private cursor: readonly [number, number] | undefined;

  protected layerNames(): readonly string[] {
    return ["plane", "top"];
  }

  protected override renewed(): void {
    this.cursor = undefined;
    this.placeTip("", 0, 0);
  }

  protected plotLabel(): string {
    return `Loss around the weights of ${this.name}. Arrow keys move over the plane.`;
  }

  protected plotEvents(): PlotEvents {
    return { pointermove: this.onMove, pointerleave: () => this.show(undefined, true), keydown: this.onKey };
  }

  protected layout(): void {
    const colors = theme();
    const { positions } = this.plane;
    this.axis = linearScale(positions[0] ?? -1, positions.at(-1) ?? 1);
    const widthOf = textRuler(fontOf(colors));
    const room = yLabelRoom(this.axis.ticks(5), widthOf);
    let legend = legendBar + 30;
    for (const { label } of this.scale.ticks(4)) legend = Math.max(legend, legendBar + 10 + widthOf(label));
    const line = colors.fontSize;
    const top = line * 2.4;
    const across = this.width - room - legend - 24;
    const side = Math.max(8, Math.min(across, this.height - top - line * 2 - 14));
    const left = room + 4 + Math.max(0, across - side) / 2;
    this.area = { left, top, right: left + side, bottom: top + side };
    this.image = this.colours(colors);
  }

  /** Colours of the plane, bilinear between losses; transparent where there is none. */
  private colours(colors: Theme): HTMLCanvasElement {
    const canvas = document.createElement("canvas");
    canvas.width = imageSide;
    canvas.height = imageSide;
    const context = canvas.getContext("2d");
    if (context === null) return canvas;
    const { losses, positions } = this.plane;
    const n = positions.length;
    const pixels = context.createImageData(imageSide, imageSide);
    for (let row = 0; row < imageSide; row++) {
      const y = (1 - row / (imageSide - 1)) * (n - 1);
      for (let column = 0; column < imageSide; column++) {
        const value = bilinear(losses, n, (column / (imageSide - 1)) * (n - 1), y);
        if (!Number.isFinite(value)) continue;
        const [r, g, b] = amountColor(this.scale.toUnit(value), colors.ground);
        pixels.data.set([r, g, b, 255], (row * imageSide + column) * 4);
      }
    }
    context.putImageData(pixels, 0, 0);
    return canvas;
  }

  /** Pixels of a place in grid units. */
  private place(x: number, y: number): readonly [number, number] {
    const { left, right, top, bottom } = this.area;
    const n = Math.max(1, this.plane.positions.length - 1);
    return [left + (x / n) * (right - left), bottom - (y / n) * (bottom - top)];
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const colors = theme();
    if (layer === "top") {
      this.paintTop(ink, colors);
      return;
    }
    const { left, right, top, bottom } = this.area;
    drawYAxis(ink, colors, this.area, this.axis, `${this.name}: loss${this.lossNote} · up: direction 2`);
    if (this.image !== undefined) ink.drawImage(this.image, left, top, right - left, bottom - top);
    drawXAxis(ink, colors, this.area, this.axis, "direction 1, in lengths of each filter");
    yield;
    this.paintLines(ink, colors);
    this.paintLegend(ink, colors);
    const middle = (this.plane.positions.length - 1) / 2;
    const [x, y] = this.place(middle, middle);
    haloed(ink, colors, colors.foreground, [4, 1.6], () => {
      ink.beginPath();
      ink.moveTo(x - 6, y);
      ink.lineTo(x + 6, y);
      ink.moveTo(x, y - 6);
      ink.lineTo(x, y + 6);
      ink.stroke();
    });
  }

  private paintLines(ink: Ink, colors: Theme): void {
    const { losses, positions } = this.plane;
    const n = positions.length;
    ink.lineWidth = 1;
    const taken: (readonly [number, number])[] = [];
    for (const { level, segments } of isolines(losses, n, n, contourLevels(this.scale, lineCount))) {
      const style = inkOnAmount(this.scale.toUnit(level), colors.ground);
      ink.strokeStyle = style;
      ink.globalAlpha = 0.65;
      ink.beginPath();
      for (let k = 0; k < segments.length; k += 4) {
        ink.moveTo(...this.place(segments[k]!, segments[k + 1]!));
        ink.lineTo(...this.place(segments[k + 2]!, segments[k + 3]!));
      }
      ink.stroke();
      ink.globalAlpha = 1;
      this.labelLine(ink, colors, level, segments, taken, style);
    }
  }

  /** The level on its line: at the first segment with room around it. */
  private labelLine(
    ink: Ink,
    colors: Theme,
    level: number,
    segments: Float64Array,
    taken: (readonly [number, number])[],
    style: string,
  ): void {
    const { left, right, top, bottom } = this.area;
    ink.font = fontOf(colors, 0.78);
    const text = formatNumber(Number(level.toPrecision(3)));
    const half = ink.measureText(text).width / 2 + 3;
    for (let k = 0; k < segments.length; k += 4) {
      const [x, y] = this.place((segments[k]! + segments[k + 2]!) / 2, (segments[k + 1]! + segments[k + 3]!) / 2);
      const free =
        x - half > left &&
        x + half < right &&
        y - 8 > top &&
        y + 8 < bottom &&
        taken.every(([ox, oy]) => Math.abs(ox - x) > 2 * half + 4 || Math.abs(oy - y) > 16);
      if (!free) continue;
      taken.push([x, y]);
      ink.fillStyle = amountCss(this.scale.toUnit(level), colors.ground);
      ink.fillRect(x - half, y - 6, 2 * half, 12);
      ink.fillStyle = style;
      ink.textAlign = "center";
      ink.textBaseline = "middle";
      ink.fillText(text, x, y);
      return;
    }
  }

  private paintLegend(ink: Ink, colors: Theme): void {
    const { right, top, bottom } = this.area;
    const side = bottom - top;
    drawAmountLegend(ink, colors, {
      left: right + 14,
      top,
      side,
      ticks: (count) => this.scale.ticks(Math.max(2, count)),
      yOf: (value) => bottom - this.scale.toUnit(value) * side,
      gap: colors.fontSize,
    });
  }

  private paintTop(ink: Ink, colors: Theme): void {
    if (this.cursor !== undefined) haloedRing(ink, colors, colors.foreground, ...this.place(...this.cursor), 6);
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private show(cursor: readonly [number, number] | undefined, byPointer: boolean): void {
    this.cursor = cursor;
    this.invalidate("top");
    if (cursor === undefined) this.tell("", 0, 0, byPointer);
    else this.tell(this.describe(...cursor), ...this.place(...cursor), byPointer);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const [x, y] = this.pointOf(event);
    const { left, right, top, bottom } = this.area;
    const n = this.plane.positions.length;
    if (x < left - 4 || x > right + 4 || y < top - 4 || y > bottom + 4) this.show(undefined, true);
    else {
      const near = (unit: number): number => Math.min(n - 1, Math.max(0, Math.round(unit * (n - 1))));
      this.show([near((x - left) / (right - left)), near((bottom - y) / (bottom - top))], true);
    }
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const n = this.plane.positions.length;
    const middle = Math.floor((n - 1) / 2);
    // cellMove counts rows downwards; the second direction goes up.
    const [i, j] = this.cursor ?? [middle, middle];
    const next = cellMove(event.key, [n - 1 - j, i], n);
    if (next === undefined) return;
    event.preventDefault();
    this.show(this.cursor === undefined ? [middle, middle] : [next[1], n - 1 - next[0]], false);
  };
}

customElements.define("basin-loss-contour", ContourChart);
