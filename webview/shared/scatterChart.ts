/**
 * Trials as points over any two numbers of theirs, with the panel's one selection: hover, click, lasso, arrow keys.
 * Invariant: only trials with both numbers are drawn, and the title of the vertical axis says how many are beyond its ends.
 */
import type { PropertyDeclarations, TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import { csvTable } from "../table/exportText.ts";
import { clipped, fontOf, type Rect } from "./axes.ts";
import type { Ink } from "./ink.ts";
import { addMark, isFilledMark } from "./marks.ts";
import { frameFor, PlotFrame } from "./plotFrame.ts";
import { PointCloudChart } from "./pointCloudChart.ts";
import { PointGrid } from "./pointGrid.ts";
import type { Painter } from "./progressive.ts";
import { fittedScale, samePixels } from "./scatterScales.ts";
import { heardTable } from "./srTable.ts";
import type { Topic } from "./store.ts";
import { goodnessCss, theme, type Theme } from "./theme.ts";

export interface ScatterAxis {
  /** With its unit, drawn at the axis. */
  readonly title: string;
  /** Column in exported data and in what is said of a point. */
  readonly name: string;
  readonly values: Float64Array;
  /** Log axes are taken by themselves where positive values span three decades; false forbids it. */
  readonly log?: false;
}

export interface ScatterData {
  /** What the picture shows, for those who hear it. */
  readonly label: string;
  readonly number: Int32Array;
  readonly x: ScatterAxis;
  readonly y: ScatterAxis;
  /** One unit is as long on both axes (a map). */
  readonly equal: boolean;
  /** What the colour stands for, where no axis says it. */
  readonly colour?: string;
}

const chunk = 300;
const labelled = 40;
const heard = 20;

export class ScatterChart extends PointCloudChart {
  static override properties: PropertyDeclarations = { data: { attribute: false }, chartName: { type: String } };
  declare data: ScatterData;
  /** Part of the file's name when it is saved. */
  declare chartName: string;
  protected readonly stepKeys = "both";

  /** Row of each point's trial in the store, -1 = none. */
  private rows = new Int32Array(0);
  private shown: readonly number[] = [];
  private sorted: readonly number[] | undefined;

  constructor() {
    super();
    this.chartName = "scatter";
  }

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered"];
  }

  protected override drawnFrom(): readonly string[] {
    return ["data"];
  }

  protected override refiltered(): void {
    this.invalidateAll();
    this.requestUpdate();
  }

  protected plotLabel(): string {
    return `${this.data.label}. Arrow keys move between trials from left to right, Enter opens one, Space selects it.`;
  }

  protected override heard(): TemplateResult {
    const { number, x, y, label } = this.data;
    const shown: number[] = [];
    for (let i = 0; i < number.length && shown.length < heard; i++) if (this.isShown(i)) shown.push(i);
    return heardTable({
      caption: `${label}: ${shown.length} of ${number.length} trials`,
      head: ["trial", x.name, y.name],
      rowHeads: true,
      rows: shown.map((i) => [number[i], formatNumber(x.values[i]!), formatNumber(y.values[i]!)]),
    });
  }

  /** Whether the trial has a place and passes the filters. */
  private isShown(i: number): boolean {
    const { x, y, number } = this.data;
    return (
      Number.isFinite(x.values[i]!) &&
      Number.isFinite(y.values[i]!) &&
      this.store.filtered[this.store.rowOf(number[i]!)] === 1
    );
  }

  protected layout(): void {
    const { number, x, y, equal } = this.data;
    const { width, height } = this;
    // Only pairs count: a value whose partner is missing must not stretch its axis.
    const both = (values: Float64Array): Float64Array =>
      values.map((value, i) => (Number.isFinite(x.values[i]!) && Number.isFinite(y.values[i]!) ? value : Number.NaN));
    const xScale = fittedScale(both(x.values), !equal && x.log !== false);
    const yScale = fittedScale(both(y.values), !equal && y.log !== false);
    let frame = frameFor(xScale, yScale, { width, height, top: 2.4 });
    const { left, right, top, bottom } = frame.area;
    if (equal) frame = new PlotFrame(frame.area, ...samePixels(xScale, yScale, right - left, bottom - top));
    this.frame = frame;
    // By index: mapping through iterators takes tens of milliseconds for 100,000 trials.
    const [xs, ys] = [new Float32Array(number.length), new Float32Array(number.length)];
    for (let i = 0; i < number.length; i++) {
      const placed = Number.isFinite(x.values[i]!) && Number.isFinite(y.values[i]!);
      xs[i] = placed ? frame.xOf(x.values[i]!) : Number.NaN;
      ys[i] = placed ? frame.yOf(y.values[i]!) : Number.NaN;
    }
    this.xs = xs;
    this.ys = ys;
    const { store } = this;
    // Data of all trials lie in the store's own rows: nothing to look for.
    const isOwn = store.columns?.number === number;
    const rows = new Int32Array(number.length);
    for (let i = 0; i < rows.length; i++) rows[i] = isOwn ? i : store.rowOf(number[i]!);
    this.rows = rows;
    const shown: number[] = [];
    const keep = new Uint8Array(number.length);
    for (let i = 0; i < number.length; i++) {
      if (Number.isNaN(xs[i]!) || store.filtered[rows[i]!] !== 1) continue;
      shown.push(i);
      keep[i] = 1;
    }
    this.shown = shown;
    this.sorted = undefined;
    this.grid = new PointGrid(this.xs, this.ys, this.width, this.height, keep);
  }

  /** Points from left to right; sorted when a key asks for it, which with 100,000 points takes a while. */
  private get order(): readonly number[] {
    return (this.sorted ??= this.shown.toSorted((a, b) => this.xs[a]! - this.xs[b]!));
  }

  protected *paintPoints(ink: Ink): Painter {
    const colors = theme();
    const { x, y, number } = this.data;
    const { store, frame } = this;
    const titleOf = (title: string, log: boolean): string => `${title}${log ? ", log" : ""}`;
    frame.drawAxes(ink, colors, titleOf(x.title, frame.x.log), titleOf(y.title, frame.y.log));
    if (this.data.colour !== undefined) this.paintLegend(ink, colors, this.data.colour);
    yield;
    const radius = number.length > 400 ? 2.4 : 3.6;
    ink.lineWidth = 1.4;
    for (let i = 0; i < number.length; i++) {
      if (Number.isNaN(this.xs[i]!)) continue;
      const row = this.rows[i]!;
      const state = trialStates[store.columns?.state[row] ?? 0] ?? "complete";
      ink.globalAlpha = store.filtered[row] === 1 ? 0.92 : 0.14;
      this.mark(ink, colors, state, row, i, radius);
      if (i % chunk === chunk - 1) yield;
    }
    ink.globalAlpha = 1;
    if (this.shown.length <= labelled) this.paintNumbers(ink, colors);
  }

  /** From worst to best in the line of the axis's title, at its right end. */
  private paintLegend(ink: Ink, colors: Theme, text: string): void {
    const { left, right } = this.frame.area;
    const [width, bands] = [56, 28];
    const y = colors.fontSize * 0.85;
    ink.font = fontOf(colors, 0.85);
    ink.textBaseline = "middle";
    ink.textAlign = "right";
    ink.fillStyle = colors.muted;
    ink.fillText("best", right, y);
    const end = right - ink.measureText("best").width - 5;
    for (let i = 0; i < bands; i++) {
      ink.fillStyle = goodnessCss((i + 0.5) / bands, colors);
      ink.fillRect(end - width + (i * width) / bands, y - 4, width / bands + 0.5, 8);
    }
    ink.fillStyle = colors.muted;
    ink.fillText(clipped(ink, `${text}: worst`, (right - left) * 0.5), end - width - 5, y);
  }

  private mark(ink: Ink, colors: Theme, state: TrialState, row: number, i: number, radius: number): void {
    const color = goodnessCss(this.store.goodness[row] ?? Number.NaN, colors);
    const filled = isFilledMark(state);
    // Setting a colour costs as much as the path: only the one that is used.
    if (filled) ink.fillStyle = color;
    else ink.strokeStyle = color;
    ink.beginPath();
    addMark(ink, state, this.xs[i]!, this.ys[i]!, radius);
    if (filled) ink.fill();
    else ink.stroke();
    if (row !== this.store.bestFirst[0]) return;
    ink.strokeStyle = colors.foreground;
    ink.beginPath();
    ink.arc(this.xs[i]!, this.ys[i]!, 7, 0, Math.PI * 2);
    ink.stroke();
  }

  /** Numbers beside the points, best first, where they do not run into what is there already. */
  private paintNumbers(ink: Ink, colors: Theme): void {
    ink.font = fontOf(colors, 0.82);
    ink.fillStyle = colors.muted;
    ink.textAlign = "left";
    ink.textBaseline = "middle";
    const taken: Rect[] = this.order.map((i) => {
      const [x, y] = [this.xs[i]!, this.ys[i]!];
      return { left: x - 4, right: x + 4, top: y - 4, bottom: y + 4 };
    });
    const good = (i: number): number => this.store.goodness[this.store.rowOf(this.data.number[i]!)] ?? -1;
    for (const i of this.order.toSorted((a, b) => good(b) - good(a))) {
      const text = `#${this.data.number[i]}`;
      const ringed = this.store.rowOf(this.data.number[i]!) === this.store.bestFirst[0];
      const left = this.xs[i]! + (ringed ? 11 : 7);
      const half = colors.fontSize * 0.45;
      const box = {
        left,
        right: left + ink.measureText(text).width,
        top: this.ys[i]! - half,
        bottom: this.ys[i]! + half,
      };
      const clash = taken.some(
        (other) => box.left < other.right && box.right > other.left && box.top < other.bottom && box.bottom > other.top,
      );
      if (clash || box.right > this.width) continue;
      taken.push(box);
      ink.fillText(text, left, this.ys[i]!);
    }
  }

  protected paintTop(ink: Ink): void {
    const { store } = this;
    const colors = theme();
    const { number } = this.data;
    for (let i = 0; i < number.length; i++) {
      if (Number.isNaN(this.xs[i]!)) continue;
      const hovered = number[i] === store.hovered;
      if (!hovered && !store.isSelected(number[i]!)) continue;
      ink.strokeStyle = hovered ? colors.foreground : colors.focus;
      ink.lineWidth = 2;
      ink.beginPath();
      ink.arc(this.xs[i]!, this.ys[i]!, 6, 0, Math.PI * 2);
      ink.stroke();
    }
    this.paintLasso(ink, colors);
  }

  protected csv(): string {
    const { number, x, y } = this.data;
    const text = (value: number): string => (Number.isNaN(value) ? "" : String(value));
    return csvTable(
      ["number", x.name, y.name],
      [...number].map((n, i) => [String(n), text(x.values[i]!), text(y.values[i]!)]),
    );
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  protected numberAt(i: number): number | undefined {
    return this.data.number[i];
  }

  protected describe(i: number): string {
    const { number, x, y } = this.data;
    return `#${number[i]} · ${x.name} ${formatNumber(x.values[i]!)} · ${y.name} ${formatNumber(y.values[i]!)}`;
  }

  protected keyOrder(): readonly number[] {
    return this.order;
  }
}

customElements.define("basin-scatter-chart", ScatterChart);
