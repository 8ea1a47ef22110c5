/**
 * Brackets and rungs on canvas: every trial at every rung it reached, joined where it was promoted.
 * Invariant: shape says what became of a trial and colour how good it was there; trials without a value have their own lane.
 */
import { css, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import type { BracketView } from "../../src/core/brackets.ts";
import { formatNumber } from "../../src/core/format.ts";
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import { fontOf, textRuler, yLabelRoom } from "../shared/axes.ts";
import { objectiveTitle } from "../shared/axisTitles.ts";
import { CanvasChart, scrollingStyles, type PlotEvents } from "../shared/canvasChart.ts";
import { haloed } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import { lineAlpha } from "../shared/lineAlpha.ts";
import { noRect } from "../shared/plotFrame.ts";
import { PointGrid } from "../shared/pointGrid.ts";
import type { Painter } from "../shared/progressive.ts";
import { linearScale, type Scale } from "../shared/scales.ts";
import { objectiveScale } from "../shared/scatterScales.ts";
import type { Topic } from "../shared/store.ts";
import { goodnessCss, theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { addOutcome, isFilledOutcome, outcomeStates, rungOutcomes } from "./outcomes.ts";
import { drawRungFrame, labelsFit, noValue } from "./rungFrame.ts";
import { layoutRungs, rungMarks, rungNeighbour, type RungGeometry, type RungMarks } from "./rungMarks.ts";
import { rungsForScreenReaders } from "./rungTable.ts";

const perPiece = 400;
const hitRadius = 14;
/** A bracket lower than this cannot be read: the chart scrolls instead. */
const leastBand = 104;
const noMarks = rungMarks([], "minimize");

export class RungsChart extends CanvasChart {
  static override properties: PropertyDeclarations = {
    brackets: { attribute: false },
    decisions: { attribute: false },
  };
  static override styles = [
    ...CanvasChart.styles,
    scrollingStyles,
    css`
      .tip {
        white-space: pre-line;
        max-width: min(340px, 90%);
      }
    `,
  ];

  declare brackets: readonly BracketView[];
  declare decisions: readonly DecisionRow[];
  readonly chartName = "rungs";

  private marks: RungMarks = noMarks;
  private places: RungGeometry = layoutRungs(noMarks, [], linearScale(0, 1), {
    area: noRect,
    heading: 0,
    lane: 0,
  });
  private yScale: Scale = linearScale(0, 1);
  private beyond = 0;
  private heading = 0;
  private grid: PointGrid | undefined;
  /** Mark the keyboard or pointer is at. */
  private cursor = -1;

  protected topics(): readonly Topic[] {
    return ["filtered", "selected", "hovered"];
  }

  protected layerNames(): readonly string[] {
    return ["marks", "top"];
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("brackets")) return;
    const at = this.cursor < 0 ? undefined : this.placeOf(this.cursor, changed.get("brackets") as typeof this.brackets);
    this.marks = rungMarks(this.brackets, this.objective?.direction ?? "minimize");
    this.cursor = at === undefined ? -1 : this.markAt(at);
    if (at !== undefined && this.cursor < 0) this.placeTip("", 0, 0);
  }

  /** What a mark stands for, so that it is found again among newer ones. */
  private placeOf(mark: number, brackets: readonly BracketView[]): { label: string; step: number; number: number } {
    const bracket = brackets[this.marks.bracket[mark]!];
    const step = bracket?.rungs[this.marks.rung[mark]!]?.step ?? -1;
    return { label: bracket?.label ?? "", step, number: this.marks.number[mark]! };
  }

  private markAt({ label, step, number }: { label: string; step: number; number: number }): number {
    const { marks, brackets } = this;
    for (let i = 0; i < marks.count; i++) {
      if (marks.number[i] !== number) continue;
      const bracket = brackets[marks.bracket[i]!]!;
      if (bracket.label === label && bracket.rungs[marks.rung[i]!]?.step === step) return i;
    }
    return -1;
  }

  protected override drawnFrom(): readonly string[] {
    return ["brackets"];
  }

  private get objective(): { readonly metric: string; readonly direction: "minimize" | "maximize" } | undefined {
    return this.store.columns?.objectives[0];
  }

  private get metric(): string {
    return this.objective?.metric ?? "value";
  }

  protected override leastHeight(): number {
    return this.brackets.length > 1 ? this.brackets.length * leastBand + 40 : 0;
  }

  protected plotLabel(): string {
    return `${this.metric} of trials at each rung. Up and down move within a rung, left and right between rungs; Enter opens the trial.`;
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: (event) => this.show(this.hit(event), true),
      pointerleave: () => this.show(-1, true),
      click: (event) => this.chooseByPointer(event, this.marks.number[this.hit(event)]),
      keydown: this.onKey,
    };
  }

  protected override heard(): TemplateResult {
    return rungsForScreenReaders(this.brackets, this.metric, this.objective?.direction ?? "minimize");
  }

  protected layout(): void {
    const colors = theme();
    const { scale, beyond } = objectiveScale(this.marks.value, this.objective?.direction, 0.06);
    this.yScale = scale;
    this.beyond = beyond;
    const widthOf = textRuler(fontOf(colors));
    const room = Math.max(yLabelRoom(scale.ticks(4), widthOf), widthOf(noValue) + 8);
    const { fontSize } = colors;
    const area = {
      left: room + 12,
      top: fontSize * 1.8,
      right: this.width - 12,
      bottom: this.height - fontSize * 2 - 14,
    };
    const lines = this.brackets.length > 1 && !labelsFit(colors, this.brackets, area) ? 2 : 1;
    const frame = { area, heading: Math.round(fontSize * (0.3 + 1.4 * lines)), lane: Math.round(fontSize * 1.3) };
    this.heading = frame.heading;
    this.places = layoutRungs(this.marks, this.brackets, this.yScale, frame);
    this.grid = new PointGrid(this.places.xs, this.places.ys, this.width, this.height);
    // What is spoken of may have moved with newer trials.
    const { cursor } = this;
    if (cursor >= 0) this.placeTip(this.describe(cursor), this.places.xs[cursor]!, this.places.ys[cursor]!);
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "marks") yield* this.paintMarks(ink);
    else this.paintTop(ink);
  }

  private *paintMarks(ink: Ink): Painter {
    const colors = theme();
    drawRungFrame(ink, colors, {
      brackets: this.brackets,
      places: this.places,
      scale: this.yScale,
      title: objectiveTitle(this.metric, this.objective?.direction, this.yScale.log, this.beyond),
      ranked: this.marks.ranked,
      sign: this.objective?.direction === "maximize" ? 1 : -1,
      width: this.width,
      heading: this.heading,
    });
    yield;
    yield* this.paintWays(ink, colors);
    const { marks } = this;
    const radius = marks.count > 3000 ? 2 : marks.count > 600 ? 2.8 : 3.8;
    ink.lineWidth = 1.4;
    ink.lineJoin = "round";
    for (let i = 0; i < marks.count; i++) {
      this.dot(ink, colors, i, radius, this.passes(i) ? (marks.count > 3000 ? 0.6 : 1) : 0.14);
      if (i % perPiece === perPiece - 1) yield;
    }
    ink.globalAlpha = 1;
  }

  private passes(mark: number): boolean {
    const row = this.store.rowOf(this.marks.number[mark]!);
    return row < 0 || this.store.filtered[row] === 1;
  }

  private colorOf(mark: number, colors: Theme): string {
    const good = this.marks.goodness[mark]!;
    return Number.isNaN(good)
      ? colors.states[outcomeStates[rungOutcomes[this.marks.outcome[mark]!]!]]
      : goodnessCss(good, colors);
  }

  private dot(ink: Ink, colors: Theme, mark: number, radius: number, alpha: number): void {
    const outcome = rungOutcomes[this.marks.outcome[mark]!]!;
    const color = this.colorOf(mark, colors);
    ink.globalAlpha = alpha;
    ink.fillStyle = color;
    ink.strokeStyle = color;
    ink.beginPath();
    addOutcome(ink, outcome, this.places.xs[mark]!, this.places.ys[mark]!, radius);
    if (isFilledOutcome(outcome)) ink.fill();
    else ink.stroke();
  }

  private *paintWays(ink: Ink, colors: Theme): Painter {
    const { marks, places } = this;
    let ways = 0;
    for (let i = 0; i < marks.count; i++) if (marks.before[i]! >= 0) ways++;
    const alpha = 0.6 * lineAlpha(ways);
    ink.lineWidth = 1.2;
    let drawn = 0;
    for (let i = marks.count - 1; i >= 0; i--) {
      const from = marks.before[i]!;
      if (from < 0) continue;
      ink.globalAlpha = this.passes(i) ? alpha : alpha * 0.14;
      ink.strokeStyle = this.colorOf(from, colors);
      ink.setLineDash(Number.isNaN(marks.value[i]!) ? [3, 3] : []);
      ink.beginPath();
      ink.moveTo(places.xs[from]!, places.ys[from]!);
      ink.lineTo(places.xs[i]!, places.ys[i]!);
      ink.stroke();
      if (++drawn % perPiece === 0) yield;
    }
    ink.setLineDash([]);
    ink.globalAlpha = 1;
  }

  private paintTop(ink: Ink): void {
    const { store } = this;
    const colors = theme();
    const chosen = new Set<number>(store.selected.subarray(0, 400));
    const { hovered } = store;
    if (chosen.size === 0 && hovered < 0) return;
    const { marks } = this;
    for (const pass of ["lines", "marks"] as const) {
      for (let i = 0; i < marks.count; i++) {
        const number = marks.number[i]!;
        const isHovered = number === hovered;
        if (!isHovered && !chosen.has(number)) continue;
        if (pass === "lines") this.emphasiseWay(ink, colors, i);
        else this.emphasiseMark(ink, colors, i, isHovered, chosen.has(number));
      }
    }
    ink.globalAlpha = 1;
  }

  private emphasiseWay(ink: Ink, colors: Theme, mark: number): void {
    const from = this.marks.before[mark]!;
    if (from < 0) return;
    const { xs, ys } = this.places;
    haloed(ink, colors, this.colorOf(from, colors), [5, 2.2], () => {
      ink.beginPath();
      ink.moveTo(xs[from]!, ys[from]!);
      ink.lineTo(xs[mark]!, ys[mark]!);
      ink.stroke();
    });
  }

  private emphasiseMark(ink: Ink, colors: Theme, mark: number, hovered: boolean, selected: boolean): void {
    const { xs, ys } = this.places;
    const x = xs[mark]!;
    const y = ys[mark]!;
    ink.globalAlpha = 1;
    ink.fillStyle = colors.background;
    ink.beginPath();
    ink.arc(x, y, 7, 0, Math.PI * 2);
    ink.fill();
    ink.lineWidth = 1.6;
    this.dot(ink, colors, mark, 4, 1);
    ink.lineWidth = mark === this.cursor ? 2.4 : 1.5;
    ink.strokeStyle = hovered ? colors.foreground : colors.focus;
    if (!hovered && !selected) return;
    ink.beginPath();
    ink.arc(x, y, 7.5, 0, Math.PI * 2);
    ink.stroke();
  }

  protected csv(): string {
    const { marks, brackets } = this;
    const rows = function* (): Generator<readonly string[]> {
      for (let i = 0; i < marks.count; i++) {
        const bracket = brackets[marks.bracket[i]!]!;
        const value = marks.value[i]!;
        yield [
          bracket.label,
          String(bracket.rungs[marks.rung[i]!]?.step),
          String(marks.number[i]),
          Number.isNaN(value) ? "" : String(value),
          rungOutcomes[marks.outcome[i]!] ?? "",
        ];
      }
    };
    return csvTable(["bracket", "epoch", "number", this.metric, "outcome"], rows());
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private describe(mark: number): string {
    if (mark < 0) return "";
    const { marks } = this;
    const number = marks.number[mark]!;
    const step = this.brackets[marks.bracket[mark]!]?.rungs[marks.rung[mark]!]?.step ?? 0;
    const value = marks.value[mark]!;
    const what = Number.isNaN(value) ? "no value yet" : `${this.metric} ${formatNumber(value)}`;
    const why = this.decisions.findLast((row) => row.number === number && row.step === step)?.reason;
    return `#${number} · epoch ${step} · ${what} · ${rungOutcomes[marks.outcome[mark]!]}${why === undefined ? "" : `\n${why}`}`;
  }

  private show(mark: number, byPointer: boolean): void {
    this.cursor = mark;
    this.hover(this.marks.number[mark], byPointer);
    this.invalidate("top");
    this.tell(this.describe(mark), this.places.xs[mark] ?? 0, this.places.ys[mark] ?? 0, byPointer);
  }

  private hit(event: MouseEvent): number {
    return this.grid?.nearest(...this.pointOf(event), hitRadius) ?? -1;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const target = rungNeighbour(this.marks, this.cursor, event.key);
    if (target !== undefined) {
      this.show(target, false);
      const y = this.places.ys[target]!;
      const host = this.renderRoot instanceof ShadowRoot ? this.renderRoot.host : this;
      if (y < host.scrollTop + 24 || y > host.scrollTop + host.clientHeight - 24)
        host.scrollTop = y - host.clientHeight / 2;
    } else if (!this.chooseByKey(event, this.marks.number[this.cursor])) return;
    event.preventDefault();
  };
}

customElements.define("basin-rungs-chart", RungsChart);
