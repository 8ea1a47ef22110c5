/**
 * All pairwise RTD of the compared trials as a heat map in the order of their clustering, with the tree above it.
 * Invariant: a cell that is not known yet is left blank with a dot and never drawn as 0.
 */
import type { PropertyDeclarations, TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import type { TopologyMatrix } from "../../src/protocol/topology.ts";
import { clipped, crisp, fontOf, textRuler } from "../shared/axes.ts";
import { drawAmountLegend, legendBar } from "../shared/amountLegend.ts";
import { amountCss, inkOnAmount } from "../shared/amountScale.ts";
import { CanvasChart, type PlotEvents } from "../shared/canvasChart.ts";
import { haloed } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import type { Painter } from "../shared/progressive.ts";
import { extentOf, linearScale } from "../shared/scales.ts";
import { heardTable } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { cellAt, cellMove, heatMapPlace, treeBrackets, type HeatMapPlace } from "./heatMapModel.ts";

const cellsPerPiece = 2000;
const heard = 20;
/** Cells this large hold their value in digits. */
const digitsFrom = 40;

export class HeatMapChart extends CanvasChart {
  static override properties: PropertyDeclarations = { matrix: { attribute: false } };
  declare matrix: TopologyMatrix;
  readonly chartName = "rtd-matrix";

  private place: HeatMapPlace | undefined;
  private largest = 1;
  private cursor: readonly [number, number] | undefined;

  protected topics(): readonly Topic[] {
    return ["selected", "hovered"];
  }

  protected layerNames(): readonly string[] {
    return ["cells", "top"];
  }

  protected override drawnFrom(): readonly string[] {
    return ["matrix"];
  }

  protected override renewed(): void {
    this.cursor = undefined;
  }

  protected plotLabel(): string {
    return "RTD between trials. Arrow keys move between pairs, Enter or Space selects both trials of one.";
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: this.onMove,
      pointerleave: () => this.show(undefined, true),
      click: this.onClick,
      keydown: this.onKey,
    };
  }

  private scoreOf(row: number, column: number): number {
    return this.matrix.scores[row * this.matrix.number.length + column] ?? Number.NaN;
  }

  protected override heard(): TemplateResult {
    const { number } = this.matrix;
    const pairs: (readonly [number, number, number])[] = [];
    for (let i = 0; i < number.length; i++)
      for (let j = 0; j < i; j++) {
        const score = this.scoreOf(i, j);
        if (!Number.isNaN(score)) pairs.push([number[j]!, number[i]!, score]);
      }
    const closest = pairs.sort((a, b) => a[2] - b[2]).slice(0, heard);
    return heardTable({
      caption: `RTD between trials: the ${closest.length} closest of ${this.matrix.pairs} pairs`,
      rowHeads: true,
      rows: closest.map(([a, b, score]) => [`${a} and ${b}`, formatNumber(score)]),
    });
  }

  protected layout(): void {
    const { number, scores, heights } = this.matrix;
    this.largest = extentOf(scores)?.[1] || 1;
    const colors = theme();
    const widthOf = textRuler(fontOf(colors, 0.85));
    const labelWidth = Math.max(...[...number].map((n) => widthOf(`#${n}`)), 16);
    const legendWidth = legendBar + 6 + Math.max(...this.legendTicks(4).map(({ label }) => widthOf(label)), 16);
    this.place = heatMapPlace(number.length, {
      width: this.width,
      height: this.height,
      fontSize: colors.fontSize,
      labelWidth,
      legendWidth,
      hasTree: heights.length > 0,
    });
  }

  private legendTicks(count: number): ReturnType<ReturnType<typeof linearScale>["ticks"]> {
    return linearScale(0, this.largest).ticks(count);
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const { place } = this;
    if (place === undefined) return;
    if (layer === "cells") yield* this.paintCells(ink, place);
    else this.paintTop(ink, place);
  }

  private *paintCells(ink: Ink, place: HeatMapPlace): Painter {
    const colors = theme();
    const { number } = this.matrix;
    const n = number.length;
    ink.font = fontOf(colors);
    ink.textAlign = "left";
    ink.textBaseline = "alphabetic";
    ink.fillStyle = colors.foreground;
    ink.fillText(clipped(ink, this.heading(), this.width - 8), 4, colors.fontSize * 1.3);
    this.paintTree(ink, colors, place);
    this.paintLegend(ink, colors, place);
    const edge = (from: number, i: number): number => Math.round(from + i * place.cell);
    for (let row = 0; row < n; row++) {
      for (let column = 0; column < n; column++) {
        const score = this.scoreOf(row, column);
        const [x, y] = [edge(place.left, column), edge(place.top, row)];
        const [w, h] = [edge(place.left, column + 1) - x, edge(place.top, row + 1) - y];
        if (Number.isNaN(score)) {
          if (place.cell < 4) continue;
          ink.fillStyle = colors.muted;
          ink.fillRect(x + w / 2 - 0.5, y + h / 2 - 0.5, 1, 1);
          continue;
        }
        const t = score / this.largest;
        ink.fillStyle = amountCss(t, colors.ground);
        ink.fillRect(x, y, w, h);
        if (place.cell < digitsFrom || row === column) continue;
        ink.fillStyle = inkOnAmount(t, colors.ground);
        ink.font = fontOf(colors, 0.85);
        ink.textAlign = "center";
        ink.textBaseline = "middle";
        ink.fillText(formatNumber(Number(score.toPrecision(3))), x + w / 2, y + h / 2);
      }
      if ((row * n) % cellsPerPiece < n) yield;
    }
    ink.strokeStyle = colors.border;
    ink.lineWidth = 1;
    ink.strokeRect(
      Math.round(place.left) - 0.5,
      Math.round(place.top) - 0.5,
      Math.round(place.side) + 1,
      Math.round(place.side) + 1,
    );
  }

  private heading(): string {
    const { heights, state, done, pairs } = this.matrix;
    const order = heights.length > 0 ? "like trials side by side (average linkage)" : "in order of number";
    return `RTD between trials, ${order}${state === "complete" ? "" : ` · ${done} of ${pairs} pairs`}`;
  }

  private paintTree(ink: Ink, colors: Theme, place: HeatMapPlace): void {
    const { joins, heights, number } = this.matrix;
    const x = (leaf: number): number => place.left + (leaf + 0.5) * place.cell;
    const y = (height: number): number => place.top - 3 - height * (place.top - 3 - place.treeTop - 2);
    ink.strokeStyle = colors.muted;
    ink.lineWidth = 1;
    ink.beginPath();
    for (const bracket of treeBrackets(joins, heights, number.length)) {
      ink.moveTo(crisp(x(bracket.left)), y(bracket.leftHeight));
      ink.lineTo(crisp(x(bracket.left)), crisp(y(bracket.height)));
      ink.lineTo(crisp(x(bracket.right)), crisp(y(bracket.height)));
      ink.lineTo(crisp(x(bracket.right)), y(bracket.rightHeight));
    }
    ink.stroke();
  }

  private paintLegend(ink: Ink, colors: Theme, { legendLeft: left, top, side }: HeatMapPlace): void {
    drawAmountLegend(ink, colors, {
      left,
      top,
      side,
      ticks: (count) => this.legendTicks(Math.max(1, count)),
      yOf: (value) => top + side * (1 - value / this.largest),
      gap: Number.NEGATIVE_INFINITY,
    });
  }

  private paintTop(ink: Ink, place: HeatMapPlace): void {
    const { store } = this;
    const colors = theme();
    const { number } = this.matrix;
    const at = [...number.keys()];
    const chosen = at.filter((i) => store.isSelected(number[i]!));
    const [row, column] = this.cursor ?? [at.find((i) => number[i] === store.hovered), undefined];
    const named = [row, column, ...chosen].filter((i) => i !== undefined);
    this.labels(ink, colors, place, named);
    if (chosen.length <= 12)
      for (const i of chosen) for (const j of chosen) if (i !== j) this.outline(ink, colors, place, i, j, colors.focus);
    if (row === undefined) return;
    ink.strokeStyle = colors.foreground;
    ink.lineWidth = 1;
    const y = place.top + row * place.cell;
    ink.strokeRect(crisp(place.left) - 1, crisp(y) - 1, place.side + 1, place.cell + 1);
    if (column === undefined) return;
    ink.strokeRect(crisp(place.left + column * place.cell) - 1, crisp(place.top) - 1, place.cell + 1, place.side + 1);
    this.outline(ink, colors, place, row, column, colors.foreground);
  }

  /** Trials beside their rows: `first` in bold, and of the others as many as have room. */
  private labels(ink: Ink, colors: Theme, place: HeatMapPlace, first: readonly number[]): void {
    const { number } = this.matrix;
    const every = Array.from({ length: Math.ceil(number.length / place.labelEvery) }, (_, i) => i * place.labelEvery);
    const taken: number[] = [];
    const least = colors.fontSize * 1.05;
    ink.textAlign = "right";
    ink.textBaseline = "middle";
    for (const i of new Set([...first, ...every])) {
      const y = place.top + (i + 0.5) * place.cell;
      if (taken.some((other) => Math.abs(other - y) < least)) continue;
      taken.push(y);
      const bold = first.includes(i);
      ink.font = fontOf(colors, 0.85, bold ? "600" : "");
      ink.fillStyle = bold ? colors.foreground : colors.muted;
      ink.fillText(`#${number[i]}`, place.left - 6, y);
    }
  }

  /** A frame that is seen on light and dark cells alike: its line has a halo. */
  private outline(
    ink: Ink,
    colors: Theme,
    { left, top, cell }: HeatMapPlace,
    row: number,
    column: number,
    color: string,
  ): void {
    const side = Math.max(5, cell);
    const spare = (side - cell) / 2;
    haloed(ink, colors, color, [4, 2], () =>
      ink.strokeRect(Math.round(left + column * cell - spare), Math.round(top + row * cell - spare), side, side),
    );
  }

  protected csv(): string {
    const { number } = this.matrix;
    const text = (value: number): string => (Number.isNaN(value) ? "" : String(value));
    return csvTable(
      ["trial", ...Array.from(number, String)],
      Array.from(number, (n, row) => [
        String(n),
        ...Array.from(number, (_, column) => text(this.scoreOf(row, column))),
      ]),
    );
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private show(cell: readonly [number, number] | undefined, byPointer: boolean): void {
    const { number } = this.matrix;
    const { place } = this;
    this.cursor = cell;
    this.hover(cell === undefined ? undefined : number[cell[0]], byPointer);
    this.invalidate("top");
    if (cell === undefined || place === undefined) {
      this.tell("", 0, 0, byPointer);
      return;
    }
    const [row, column] = cell;
    const score = this.scoreOf(row, column);
    const value =
      row === column ? "the same trial" : Number.isNaN(score) ? "not compared yet" : `RTD ${formatNumber(score)}`;
    this.tell(
      `#${number[row]} and #${number[column]} · ${value}`,
      place.left + (column + 0.5) * place.cell,
      place.top + (row + 0.5) * place.cell,
      byPointer,
    );
  }

  private readonly onMove = (event: PointerEvent): void => {
    if (this.place !== undefined)
      this.show(cellAt(this.place, this.matrix.number.length, ...this.pointOf(event)), true);
  };

  private choose([row, column]: readonly [number, number]): void {
    const { number } = this.matrix;
    this.store.select([number[row]!, number[column]!]);
  }

  private readonly onClick = (event: MouseEvent): void => {
    const cell =
      this.place === undefined ? undefined : cellAt(this.place, this.matrix.number.length, ...this.pointOf(event));
    if (cell !== undefined) this.choose(cell);
    else this.store.select([]);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const next = cellMove(event.key, this.cursor, this.matrix.number.length);
    if (next !== undefined) this.show(next, false);
    else if ((event.key === "Enter" || event.key === " ") && this.cursor !== undefined) this.choose(this.cursor);
    else return;
    event.preventDefault();
  };
}

customElements.define("basin-rtd-matrix", HeatMapChart);
