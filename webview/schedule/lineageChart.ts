/**
 * A population over its training: members as lines, copies as arrows from donor to child, the best one's descent marked.
 * Invariant: an arrow begins where the donor's checkpoint was taken; colour is the objective's, ends have the state's shape.
 */
import { css, type PropertyDeclarations, type PropertyValues, type TemplateResult, type nothing } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import { isBetter } from "../../src/core/objective.ts";
import { trialStates } from "../../src/core/trial.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { betterWords } from "../shared/axisTitles.ts";
import { CanvasChart, type PlotEvents } from "../shared/canvasChart.ts";
import { drawTag } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import { cursorMove } from "../shared/keyboardCursor.ts";
import { lineAlpha } from "../shared/lineAlpha.ts";
import { addMark, isFilledMark } from "../shared/marks.ts";
import { frameFor, noFrame } from "../shared/plotFrame.ts";
import type { Painter } from "../shared/progressive.ts";
import { extentOf, linearScale, logScale, robustExtent, type Scale } from "../shared/scales.ts";
import { indexOfSorted } from "../shared/sortIndex.ts";
import { trialsForScreenReaders } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { goodnessCss, theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import {
  ancestors,
  lineageLines,
  lineageOf,
  nearestLine,
  type Lineage,
  type LineageAxis,
  type LineageLines,
} from "./lineage.ts";
import { categoryScale, laneScale, paddedScale } from "./lineageScales.ts";
import { shareWorse } from "./rungMarks.ts";

const perPiece = 100;
const hitReach = 12;

export class LineageChart extends CanvasChart {
  static override properties: PropertyDeclarations = { report: { attribute: false }, axis: { type: String } };
  static override styles = [
    ...CanvasChart.styles,
    css`
      .tip {
        white-space: normal;
        max-width: min(340px, 90%);
      }
    `,
  ];

  declare report: ScheduleReport;
  /** Empty = members; otherwise the objective's or a parameter's name. */
  declare axis: string;
  readonly chartName = "lineage";

  private lineage: Lineage = lineageOf({
    number: new Int32Array(0),
    lastStep: new Float64Array(0),
    lineage: [],
    decisions: [],
  });
  private lines: LineageLines = lineageLines(this.lineage, [], { kind: "member" });
  private ranked = new Float64Array(0);
  private best = -1;
  private frame = noFrame;
  private xs = new Float32Array(0);
  private ys = new Float32Array(0);
  private cursor = -1;

  protected topics(): readonly Topic[] {
    return ["filtered", "selected", "hovered"];
  }

  protected layerNames(): readonly string[] {
    return ["lines", "top"];
  }

  protected override drawnFrom(): readonly string[] {
    return ["report", "axis"];
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (this.isStale(changed)) this.read();
  }

  private read(): void {
    const { columns } = this.store;
    if (columns === null) return;
    const { report, axis } = this;
    const { number, lastStep } = columns;
    this.lineage = lineageOf({ number, lastStep, lineage: report.lineage, decisions: report.decisions });
    this.lines = lineageLines(this.lineage, report.brackets, this.lineageAxis(axis));
    const direction = columns.objectives[0]?.direction ?? "minimize";
    const finite = this.lines.values.filter((value) => Number.isFinite(value)).sort();
    this.ranked = direction === "maximize" ? finite : finite.toReversed();
    this.best = -1;
    for (let i = 0; i < number.length; i++) {
      const present = this.best < 0 ? Number.NaN : columns.lastValue[this.best]!;
      if (isBetter(columns.lastValue[i]!, present, direction)) this.best = i;
    }
  }

  private lineageAxis(axis: string): LineageAxis {
    const { columns } = this.store;
    if (axis !== "" && axis === columns?.objectives[0]?.metric) return { kind: "value" };
    const param = columns?.params.find((p) => p.name === axis);
    if (param === undefined) return { kind: "member" };
    const values =
      param.kind === "number" ? param.values : Float64Array.from(param.codes, (c) => (c < 0 ? Number.NaN : c));
    return { kind: "parameter", values };
  }

  protected plotLabel(): string {
    return "Lineage of the population over epochs. Arrow keys move between trials in their order, Enter opens one.";
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: (event) => this.show(this.nearest(event), true),
      pointerleave: () => this.show(-1, true),
      click: (event) => this.chooseByPointer(event, this.lineage.number[this.nearest(event)]),
      keydown: this.onKey,
    };
  }

  protected override heard(): TemplateResult | typeof nothing {
    const columns = this.store.table.filter(
      (column) => column.role === "objective" || column.role === "step" || column.key === this.axis,
    );
    return trialsForScreenReaders(this.store, columns, "Lineage");
  }

  private get isLanes(): boolean {
    return this.lineageAxis(this.axis).kind === "member";
  }

  protected layout(): void {
    const { lines, lineage, report, width, height } = this;
    const xScale = linearScale(0, Math.max(report.maxSteps ?? 0, extentOf(lines.steps)?.[1] ?? 1, 1), true);
    const frame = frameFor(xScale, this.yScale(), { width, height, ticks: 8, right: 24 });
    this.frame = frame;
    this.xs = Float32Array.from(lines.steps, (step) => frame.xOf(step));
    this.ys = Float32Array.from(lines.ys, (y) => (Number.isNaN(y) ? Number.NaN : frame.yWithin(y)));
    // A child's line begins where its arrow ends, a little after the copy.
    for (let i = 0; i < lineage.count; i++) {
      const first = lines.offsets[i]!;
      const last = lines.offsets[i + 1]! - 1;
      if (lineage.parent[i]! < 0 || last < first) continue;
      this.xs[first] = Math.min(this.xs[last]!, this.xs[first]! + this.gap(first, last));
    }
    // What is spoken of may have moved with newer steps.
    const end = (lines.offsets[this.cursor + 1] ?? 0) - 1;
    if (this.cursor >= 0 && end >= 0) this.placeTip(this.describe(this.cursor), this.xs[end]!, this.ys[end]!);
  }

  private yScale(): Scale {
    const { lines } = this;
    if (this.isLanes) return laneScale(this.lineage.lanes);
    const param = this.store.columns?.params.find((p) => p.name === this.axis);
    if (param?.kind === "category") return categoryScale(param.categories.map(String));
    if (param === undefined) {
      const maximise = this.store.columns?.objectives[0]?.direction === "maximize";
      const extent = robustExtent(lines.ys, maximise ? "high" : "low");
      return paddedScale(extent?.low ?? 0, extent?.high ?? 1);
    }
    const [low, high] = extentOf(lines.ys) ?? [param.low, param.high];
    return param.scale === "log" && low > 0 ? logScale(low / 1.15, high * 1.15, param.integer) : paddedScale(low, high);
  }

  private gap(first: number, last: number): number {
    return Math.min(14, (this.xs[Math.min(last, first + 1)]! - this.xs[first]!) * 0.4);
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "lines") yield* this.paintLines(ink);
    else this.paintTop(ink);
  }

  private *paintLines(ink: Ink): Painter {
    const colors = theme();
    this.frame.drawAxes(ink, colors, "epoch", this.yTitle());
    yield;
    const { lineage } = this;
    ink.lineJoin = "round";
    const alpha = Math.max(0.25, lineAlpha(this.isLanes ? lineage.lanes : lineage.count));
    for (let i = 0; i < lineage.count; i++) {
      const shown = this.store.filtered[i] === 1 ? alpha : alpha * 0.14;
      this.paintCopy(ink, colors, i, shown * 0.7, 1);
      this.paintTrial(ink, colors, i, shown, this.thickness);
      if (i % perPiece === perPiece - 1) yield;
    }
    ink.globalAlpha = 1;
  }

  private get thickness(): number {
    if (!this.isLanes) return 1.4;
    return Math.min(
      7,
      Math.max(1, ((this.frame.area.bottom - this.frame.area.top) / Math.max(1, this.lineage.lanes)) * 0.36),
    );
  }

  private yTitle(): string {
    if (this.isLanes) return "member of the population";
    const { axis } = this;
    const objective = this.store.columns?.objectives[0];
    if (objective?.metric !== axis) return `${axis}${this.frame.y.log ? ", log" : ""}`;
    return `${axis} · ${betterWords(objective.direction)}`;
  }

  private colorAt(point: number, colors: Theme): string {
    const sign = this.store.columns?.objectives[0]?.direction === "maximize" ? 1 : -1;
    return goodnessCss(shareWorse(this.ranked, this.lines.values[point]!, sign), colors);
  }

  private paintTrial(ink: Ink, colors: Theme, trial: number, alpha: number, width: number): void {
    const { xs, ys } = this;
    const from = this.lines.offsets[trial]!;
    const end = this.lines.offsets[trial + 1]! - 1;
    if (end < from) return;
    ink.globalAlpha = alpha;
    ink.lineWidth = width;
    for (let p = from + 1; p <= end; p++) {
      if (Number.isNaN(ys[p]!) || Number.isNaN(ys[p - 1]!)) continue;
      ink.strokeStyle = this.colorAt(p, colors);
      ink.beginPath();
      ink.moveTo(xs[p - 1]!, ys[p - 1]!);
      ink.lineTo(xs[p]!, ys[p]!);
      ink.stroke();
    }
    const state = trialStates[this.store.columns?.state[trial] ?? 0] ?? "waiting";
    if (Number.isNaN(ys[end]!) || state === "waiting") return;
    ink.lineWidth = 1.4;
    ink.strokeStyle = colors.states[state];
    ink.fillStyle = colors.states[state];
    ink.beginPath();
    // Beside a thick line, on a thin one.
    addMark(ink, state, xs[end]! + (this.isLanes ? 7 : 0), ys[end]!, Math.max(2.2, Math.min(3.6, width)));
    if (isFilledMark(state)) ink.fill();
    else ink.stroke();
  }

  /** The arrow from the donor's line to the child's. */
  private paintCopy(ink: Ink, colors: Theme, child: number, alpha: number, width: number): void {
    const donor = this.lineage.parent[child]!;
    const first = this.lines.offsets[child]!;
    if (donor < 0 || this.lines.offsets[child + 1] === first) return;
    const fromX = this.frame.xOf(this.lineage.from[child]!);
    const fromY = this.yOf(donor, this.lineage.from[child]!);
    const toX = this.xs[first]!;
    const toY = this.ys[first]!;
    if (Number.isNaN(fromY) || Number.isNaN(toY)) return;
    ink.globalAlpha = alpha;
    ink.lineWidth = width;
    ink.strokeStyle = colors.foreground;
    ink.fillStyle = colors.foreground;
    ink.beginPath();
    ink.moveTo(fromX, fromY);
    ink.lineTo(toX, toY);
    ink.stroke();
    const length = Math.hypot(toX - fromX, toY - fromY);
    if (length < 10) return;
    const ux = (toX - fromX) / length;
    const uy = (toY - fromY) / length;
    ink.beginPath();
    ink.moveTo(toX, toY);
    ink.lineTo(toX - ux * 6 - uy * 2.6, toY - uy * 6 + ux * 2.6);
    ink.lineTo(toX - ux * 6 + uy * 2.6, toY - uy * 6 - ux * 2.6);
    ink.closePath();
    ink.fill();
  }

  /** Height of a trial's line at a step: its last point up to there. */
  private yOf(trial: number, step: number): number {
    const { offsets, steps } = this.lines;
    for (let p = offsets[trial + 1]! - 1; p >= offsets[trial]!; p--) if (steps[p]! <= step) return this.ys[p]!;
    return this.ys[offsets[trial]!] ?? Number.NaN;
  }

  private paintDescent(ink: Ink, colors: Theme, trial: number, width: number): void {
    for (const [wider, halo] of [
      [3, true],
      [0, false],
    ] as const) {
      for (const i of ancestors(this.lineage, trial)) {
        if (halo) {
          const { background } = colors;
          this.paintCopy(ink, { ...colors, foreground: background }, i, 1, Math.min(width, 1.8) + wider);
        } else {
          this.paintCopy(ink, colors, i, 1, Math.min(width, 1.8));
          this.paintTrial(ink, colors, i, 1, width);
        }
      }
    }
  }

  private paintTop(ink: Ink): void {
    const { store } = this;
    const colors = theme();
    ink.lineJoin = "round";
    const width = Math.max(2.4, this.thickness * 1.3);
    for (const number of store.selected.subarray(0, 100)) {
      const i = indexOfSorted(this.lineage.number, number);
      if (i >= 0) this.paintDescent(ink, colors, i, width);
    }
    const hovered = store.hoveredRow;
    if (hovered >= 0 && hovered < this.lineage.count) this.paintDescent(ink, colors, hovered, width);
    else if (store.selected.length === 0 && this.best >= 0) this.paintDescent(ink, colors, this.best, width);
    for (const number of store.selected.subarray(0, 100))
      this.ring(ink, indexOfSorted(this.lineage.number, number), colors.focus);
    if (hovered >= 0) this.ring(ink, hovered, colors.foreground);
    this.paintBest(ink, colors);
    ink.globalAlpha = 1;
  }

  private ring(ink: Ink, trial: number, color: string): void {
    const end = (this.lines.offsets[trial + 1] ?? 0) - 1;
    if (trial < 0 || end < (this.lines.offsets[trial] ?? 0) || Number.isNaN(this.ys[end]!)) return;
    ink.globalAlpha = 1;
    ink.lineWidth = 1.6;
    ink.strokeStyle = color;
    ink.beginPath();
    ink.arc(this.xs[end]!, this.ys[end]!, 7, 0, Math.PI * 2);
    ink.stroke();
  }

  private paintBest(ink: Ink, colors: Theme): void {
    const { best } = this;
    const end = (this.lines.offsets[best + 1] ?? 0) - 1;
    if (best < 0 || end < 0 || Number.isNaN(this.ys[end]!)) return;
    this.ring(ink, best, colors.foreground);
    const text = `best #${this.lineage.number[best]} ${formatNumber(this.store.columns?.lastValue[best] ?? Number.NaN)}`;
    const [x, y] = [this.xs[end]!, this.ys[end]!];
    drawTag(ink, colors, { text, x, y, below: y - 14 < this.frame.area.top, end: this.width, cover: 0.8 });
  }

  protected csv(): string {
    const { lineage } = this;
    const { columns } = this.store;
    const values = columns?.lastValue;
    const rows = function* (): Generator<readonly string[]> {
      for (let i = 0; i < lineage.count; i++) {
        const parent = lineage.parent[i]!;
        const value = values?.[i] ?? Number.NaN;
        yield [
          String(lineage.number[i]),
          parent < 0 ? "" : String(lineage.number[parent]),
          String(lineage.from[i]),
          String(lineage.to[i]),
          String(lineage.lane[i]! + 1),
          Number.isNaN(value) ? "" : String(value),
        ];
      }
    };
    return csvTable(
      ["number", "parent", "from epoch", "to epoch", "member", columns?.objectives[0]?.metric ?? "value"],
      rows(),
    );
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private nearest(event: MouseEvent): number {
    return nearestLine(this.lines.offsets, this.xs, this.ys, ...this.pointOf(event), hitReach);
  }

  private describe(trial: number): string {
    const { lineage, store } = this;
    const { columns } = store;
    if (trial < 0 || columns === null) return "";
    const parent = lineage.parent[trial]!;
    const origin = parent < 0 ? "founder" : `copied #${lineage.number[parent]} at epoch ${lineage.from[trial]}`;
    const value = columns.lastValue[trial] ?? Number.NaN;
    const param = columns.params.find((p) => p.name === this.axis);
    const set =
      param === undefined
        ? ""
        : ` · ${param.name} ${param.kind === "number" ? formatNumber(param.values[trial]!) : String(param.categories[param.codes[trial]!] ?? "not set")}`;
    return `#${lineage.number[trial]} · ${origin} · epoch ${lineage.to[trial]} · ${formatNumber(value)}${set}`;
  }

  private show(trial: number, byPointer: boolean): void {
    this.cursor = trial;
    this.hover(this.lineage.number[trial], byPointer);
    this.invalidate("top");
    const end = (this.lines.offsets[trial + 1] ?? 0) - 1;
    this.tell(this.describe(trial), this.xs[end] ?? 0, this.ys[end] ?? 0, byPointer);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = cursorMove(event.key, this.cursor, this.lineage.count, "both");
    if (target !== undefined) this.show(target, false);
    else if (!this.chooseByKey(event, this.lineage.number[this.cursor])) return;
    event.preventDefault();
  };
}

customElements.define("basin-lineage-chart", LineageChart);
