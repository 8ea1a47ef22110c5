/**
 * The barcode of a pair of trials in both directions: one bar a feature that one embedding has and the other lacks, from the
 * scale where it appears to the scale where it is filled in. Invariant: the head of each direction gives the sum of all bars,
 * those that do not fit included, and the part of it that RTD-Lite accounts for.
 */
import { html, type PropertyDeclarations, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import type { BarcodeColumns, TopologyPair } from "../../src/protocol/topology.ts";
import { clipped, drawXAxis, fontOf, type Rect } from "../shared/axes.ts";
import { CanvasChart, type PlotEvents } from "../shared/canvasChart.ts";
import type { Ink } from "../shared/ink.ts";
import type { Painter } from "../shared/progressive.ts";
import { linearScale, type Scale } from "../shared/scales.ts";
import { heardTable } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { barcodeAreas, barcodeExtent, barRows, rowAt, type BarRow } from "./barcodeModel.ts";

const heard = 20;
const shareBar = 6;

interface Cursor {
  readonly direction: 0 | 1;
  readonly row: number;
}

/** What stands beside a direction's name, the longest text first: the one that fits is taken. */
function headTexts({
  shown,
  bars,
  total,
  lite,
  share,
}: {
  readonly shown: number;
  readonly bars: number;
  readonly total: number;
  readonly lite: number;
  readonly share: number;
}): readonly string[] {
  const plain = `${bars} ${bars === 1 ? "bar" : "bars"}`;
  const counted = shown < bars ? `longest ${shown} of ${plain}` : plain;
  const sum = `sum ${formatNumber(total)}`;
  const percent = `${Math.round(share * 100)} %`;
  return [
    `${counted}, ${sum}, RTD-Lite ${formatNumber(lite)} (${percent})`,
    `${plain}, ${sum}, RTD-Lite ${percent}`,
    `${sum}, RTD-Lite ${percent}`,
    sum,
  ];
}

export class BarcodeChart extends CanvasChart {
  static override properties: PropertyDeclarations = { pair: { attribute: false } };
  declare pair: TopologyPair;
  readonly chartName = "rtd-barcode";

  private areas: readonly [Rect, Rect] | undefined;
  private rows: readonly [readonly BarRow[], readonly BarRow[]] = [[], []];
  private scale: Scale = linearScale(0, 1);
  private cursor: Cursor | undefined;

  protected topics(): readonly Topic[] {
    return [];
  }

  protected layerNames(): readonly string[] {
    return ["bars", "top"];
  }

  protected override drawnFrom(): readonly string[] {
    return ["pair"];
  }

  protected override renewed(): void {
    this.cursor = undefined;
    this.placeTip("", 0, 0);
  }

  protected plotLabel(): string {
    const { a, b } = this.pair;
    return `Barcode of trials ${a.number} and ${b.number}. Up and down move between bars, left and right between the two directions.`;
  }

  protected plotEvents(): PlotEvents {
    return { pointermove: this.onMove, pointerleave: () => this.show(undefined, true), keydown: this.onKey };
  }

  /** What a direction shows, in words. */
  private directionName(direction: 0 | 1): string {
    const { a, b } = this.pair;
    const [has, lacks] = direction === 0 ? [b, a] : [a, b];
    return `In #${has.number}, not in #${lacks.number}`;
  }

  protected override heard(): TemplateResult {
    return html`${([0, 1] as const).map((direction) => {
      const { births, deaths, bars, total, lite } = this.pair.directions[direction];
      const longest = `the longest ${Math.min(heard, births.length)} of ${bars} bars`;
      return heardTable({
        caption: `${this.directionName(direction)}: ${longest}, sum ${formatNumber(total)}, of it RTD-Lite ${formatNumber(lite)}`,
        head: ["birth", "death", "length"],
        rowHeads: false,
        rows: Array.from(births.subarray(0, heard), (birth, i) =>
          [birth, deaths[i]!, deaths[i]! - birth].map((value) => formatNumber(value)),
        ),
      });
    })}`;
  }

  protected layout(): void {
    const { directions } = this.pair;
    const areas = barcodeAreas(this.width, this.height, theme().fontSize);
    this.areas = areas;
    const [low, high] = barcodeExtent(directions) ?? [0, 1];
    const pad = (high - low) * 0.03;
    this.scale = linearScale(Math.max(0, low - pad), high + pad);
    this.rows = [barRows(directions[0], areas[0]), barRows(directions[1], areas[1])];
  }

  protected *paint(layer: string, ink: Ink): Painter {
    const { areas } = this;
    if (areas === undefined) return;
    const colors = theme();
    if (layer === "top") {
      this.paintTop(ink, colors, areas);
      return;
    }
    const below = areas[0].left === areas[1].left;
    for (const direction of [0, 1] as const) {
      const area = areas[direction];
      this.paintHead(ink, colors, area, direction);
      this.paintGrid(ink, colors, area);
      ink.fillStyle = colors.accent;
      ink.globalAlpha = colors.highContrast ? 1 : 0.85;
      for (const row of this.rows[direction]) this.bar(ink, area, row);
      ink.globalAlpha = 1;
      if (this.pair.directions[direction].bars === 0) this.paintNone(ink, colors, area);
      // Below each other they share the lower axis.
      if (!below || direction === 1) drawXAxis(ink, colors, area, this.scale, "scale (1 = 0.9-quantile of distances)");
      yield;
    }
  }

  private paintGrid(ink: Ink, colors: Theme, area: Rect): void {
    ink.strokeStyle = colors.grid;
    ink.lineWidth = 1;
    ink.globalAlpha = colors.highContrast ? 0.3 : 0.6;
    for (const { value } of this.scale.ticks(Math.max(2, Math.floor((area.right - area.left) / 72)))) {
      const x = Math.round(this.x(area, value)) + 0.5;
      ink.beginPath();
      ink.moveTo(x, area.top);
      ink.lineTo(x, area.bottom);
      ink.stroke();
    }
    ink.globalAlpha = 1;
  }

  private paintNone(ink: Ink, colors: Theme, area: Rect): void {
    ink.font = fontOf(colors);
    ink.fillStyle = colors.muted;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    const text = clipped(ink, "No bar: nothing here that the other one lacks", area.right - area.left);
    ink.fillText(text, (area.left + area.right) / 2, (area.top + area.bottom) / 2);
  }

  /** Name and sum above the bars, and under them how much of the sum is RTD-Lite: full, against the hatched rest. */
  private paintHead(ink: Ink, colors: Theme, area: Rect, direction: 0 | 1): void {
    const columns = this.pair.directions[direction];
    const { bars, total, lite } = columns;
    const shown = this.rows[direction].length;
    const width = area.right - area.left;
    const share = total > 0 ? Math.min(1, Math.max(0, lite / total)) : 0;
    const line = area.top - shareBar - 8;
    ink.textBaseline = "alphabetic";
    ink.textAlign = "left";
    ink.font = fontOf(colors, 0.92, "600");
    ink.fillStyle = colors.foreground;
    const name = this.directionName(direction);
    const nameWidth = Math.min(width, ink.measureText(name).width);
    ink.fillText(clipped(ink, name, width), area.left, line);
    ink.font = fontOf(colors, 0.92);
    ink.fillStyle = colors.muted;
    const room = width - nameWidth - 10;
    const texts = headTexts({ shown, bars, total, lite, share });
    const text = texts.find((one) => ink.measureText(one).width <= room) ?? texts.at(-1)!;
    ink.fillText(clipped(ink, text, room), area.left + nameWidth + 10, line);
    const top = area.top - shareBar - 4;
    ink.strokeStyle = colors.accent;
    ink.lineWidth = 1;
    if (total > 0) ink.strokeRect(area.left + 0.5, top + 0.5, width - 1, shareBar - 1);
    ink.fillStyle = colors.accent;
    ink.fillRect(area.left, top, width * share, shareBar);
    ink.beginPath();
    const hatched = total > 0 ? area.right - shareBar : area.left;
    for (let x = area.left + width * share + 4; x < hatched; x += 5) {
      ink.moveTo(x, top + shareBar);
      ink.lineTo(x + shareBar, top);
    }
    ink.stroke();
  }

  private x(area: Rect, value: number): number {
    return area.left + this.scale.toUnit(value) * (area.right - area.left);
  }

  private bar(ink: Ink, area: Rect, { birth, death, top, height }: BarRow): void {
    const from = this.x(area, birth);
    ink.fillRect(from, top, Math.max(1, this.x(area, death) - from), height);
  }

  private paintTop(ink: Ink, colors: Theme, areas: readonly [Rect, Rect]): void {
    const { cursor } = this;
    const row = cursor === undefined ? undefined : this.rows[cursor.direction][cursor.row];
    if (cursor === undefined || row === undefined) return;
    ink.fillStyle = colors.foreground;
    this.bar(ink, areas[cursor.direction], row);
    ink.strokeStyle = colors.muted;
    ink.setLineDash([2, 3]);
    ink.lineWidth = 1;
    const area = areas[cursor.direction];
    for (const value of [row.birth, row.death]) {
      ink.beginPath();
      ink.moveTo(this.x(area, value), area.top);
      ink.lineTo(this.x(area, value), area.bottom);
      ink.stroke();
    }
  }

  protected csv(): string {
    const rows = function* ({ directions }: TopologyPair, names: readonly string[]): Generator<readonly string[]> {
      for (const direction of [0, 1] as const) {
        const { births, deaths }: BarcodeColumns = directions[direction];
        for (let i = 0; i < births.length; i++)
          yield [names[direction]!, String(births[i]), String(deaths[i]), String(deaths[i]! - births[i]!)];
      }
    };
    return csvTable(
      ["direction", "birth", "death", "length"],
      rows(this.pair, [this.directionName(0), this.directionName(1)]),
    );
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private show(cursor: Cursor | undefined, byPointer: boolean): void {
    this.cursor = cursor;
    this.invalidate("top");
    const row = cursor === undefined ? undefined : this.rows[cursor.direction][cursor.row];
    if (cursor === undefined || row === undefined || this.areas === undefined) {
      this.tell("", 0, 0, byPointer);
      return;
    }
    const { birth, death } = row;
    const where = byPointer ? "" : `${this.directionName(cursor.direction)} · `;
    this.tell(
      `${where}birth ${formatNumber(birth)} · death ${formatNumber(death)} · length ${formatNumber(death - birth)}`,
      this.x(this.areas[cursor.direction], death),
      row.top,
      byPointer,
    );
  }

  private readonly onMove = (event: PointerEvent): void => {
    const { areas } = this;
    if (areas === undefined) return;
    const [x, y] = this.pointOf(event);
    for (const direction of [0, 1] as const) {
      const { left, right, top, bottom } = areas[direction];
      if (x < left - 8 || x > right + 8 || y < top || y > bottom) continue;
      const row = rowAt(this.rows[direction], y);
      this.show(row < 0 ? undefined : { direction, row }, true);
      return;
    }
    this.show(undefined, true);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const { direction, row } = this.cursor ?? { direction: 0, row: -1 };
    const last = (side: 0 | 1): number => this.rows[side].length - 1;
    const within = (side: 0 | 1, at: number): Cursor => ({
      direction: side,
      row: Math.max(0, Math.min(last(side), at)),
    });
    const moves: Readonly<Record<string, () => Cursor>> = {
      ArrowDown: () => within(direction, row + 1),
      ArrowUp: () => within(direction, row - 1),
      Home: () => within(direction, 0),
      End: () => within(direction, last(direction)),
      ArrowLeft: () => within(0, row),
      ArrowRight: () => within(1, row),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    this.show(move(), false);
  };
}

customElements.define("basin-rtd-barcode", BarcodeChart);
