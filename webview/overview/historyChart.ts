/**
 * Every trial as a point and the best so far as a line, over trial number or time.
 * Invariant: every trial that has begun is on the picture: without a value on the rung below, beyond the axis at its edge.
 */
import type { TemplateResult, nothing } from "lit";
import { formatDuration, formatNumber } from "../../src/core/format.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import { objectiveTitle } from "../shared/axisTitles.ts";
import { fontOf } from "../shared/axes.ts";
import { drawTag } from "../shared/emphasis.ts";
import type { Ink } from "../shared/ink.ts";
import { addMark, isFilledMark } from "../shared/marks.ts";
import { frameFor } from "../shared/plotFrame.ts";
import { PointCloudChart } from "../shared/pointCloudChart.ts";
import { PointGrid } from "../shared/pointGrid.ts";
import type { Painter } from "../shared/progressive.ts";
import { objectiveScale } from "../shared/scatterScales.ts";
import { durationScale, extentOf, linearScale } from "../shared/scales.ts";
import { trialsForScreenReaders } from "../shared/srTable.ts";
import type { Topic } from "../shared/store.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { historyOf, type History } from "./history.ts";

const chunk = 400;
/** Above this many trials points become small squares: shapes could not be told apart anyway. */
const manyPoints = 4000;
const noValue = "no value";

export class HistoryChart extends PointCloudChart {
  readonly chartName = "history";
  protected readonly stepKeys = "horizontal";
  private history: History | undefined;
  private historyKey: unknown[] = [];
  private beyond = 0;

  protected topics(): readonly Topic[] {
    return ["data", "filtered", "selected", "hovered", "ui"];
  }

  protected override onStore(): void {
    const { store } = this;
    const key = [store.columns, store.filtered, store.state.overviewAxis];
    if (key.some((part, i) => part !== this.historyKey[i])) {
      this.historyKey = key;
      this.invalidateAll();
      this.requestUpdate();
    } else this.invalidate("top");
  }

  protected plotLabel(): string {
    return `${this.objectiveName} of every trial and the best so far. Arrow keys move between trials, Enter opens one.`;
  }

  protected override inPlot(): TemplateResult | typeof nothing {
    return trialsForScreenReaders(
      this.store,
      this.store.table.filter((column) => column.role === "objective" || column.role === "duration"),
      "History",
    );
  }

  private get objectiveName(): string {
    return this.store.columns?.objectives[0]?.metric ?? "value";
  }

  protected layout(): void {
    const { columns, state } = this.store;
    if (columns === null) return;
    const history = historyOf(columns, state.overviewAxis);
    this.history = history;
    const { scale, beyond } = objectiveScale(history.y, columns.objectives[0]?.direction, 0.04);
    this.beyond = beyond;
    const xs = extentOf(history.x) ?? [0, 1];
    const budget = this.store.study?.budgetTrials ?? 0;
    const xScale =
      state.overviewAxis === "time"
        ? durationScale(0, xs[1])
        : linearScale(Math.min(xs[0], 0), Math.max(xs[1], Math.min(budget - 1, xs[1] * 1.25 + 4)), true);
    // The rung's label stands under the axis labels and must not run into its points.
    const { width, height } = this;
    this.frame = frameFor(xScale, scale, { width, height, foot: 26, beside: noValue });
    this.xs = new Float32Array(columns.count);
    this.ys = new Float32Array(columns.count);
    for (let i = 0; i < columns.count; i++) {
      this.xs[i] = this.frame.xOf(history.x[i]!);
      const value = history.y[i]!;
      this.ys[i] = Number.isNaN(value) ? this.rung : this.frame.yWithin(value);
    }
    this.grid = new PointGrid(this.xs, this.ys, this.width, this.height, this.store.filtered);
  }

  /** Height of the line for trials without a value. */
  private get rung(): number {
    return this.frame.area.bottom + theme().fontSize * 2 + 18;
  }

  protected *paintPoints(ink: Ink): Painter {
    const { columns, filtered, isFiltered } = this.store;
    const { history, frame } = this;
    if (columns === null || history === undefined) return;
    const colors = theme();
    const direction = columns.objectives[0]?.direction;
    const title = objectiveTitle(this.objectiveName, direction, frame.y.log, this.beyond);
    frame.drawAxes(ink, colors, this.store.state.overviewAxis === "time" ? "time" : "trial", title);
    this.paintRung(ink, colors, columns.state, history);
    yield;
    for (const shown of isFiltered ? [0, 1] : [1]) {
      for (const [code, state] of trialStates.entries()) {
        ink.fillStyle = colors.states[state];
        ink.strokeStyle = colors.states[state];
        ink.globalAlpha = shown === 0 ? 0.14 : columns.count > manyPoints ? 0.55 : 0.85;
        ink.lineWidth = 1.4;
        let inPath = 0;
        for (const row of history.byX) {
          if (columns.state[row] !== code || filtered[row] !== shown) continue;
          if (inPath === 0) ink.beginPath();
          this.addPoint(ink, state, row, columns.count);
          if (++inPath < chunk) continue;
          this.finishPath(ink, state, columns.count);
          inPath = 0;
          yield;
        }
        if (inPath > 0) this.finishPath(ink, state, columns.count);
      }
    }
    ink.globalAlpha = 1;
    this.paintBest(ink, colors, history);
  }

  private addPoint(ink: Ink, state: TrialState, row: number, count: number): void {
    const x = this.xs[row]!;
    const y = this.ys[row]!;
    if (count > manyPoints) ink.rect(x - 1, y - 1, 2, 2);
    else addMark(ink, state, x, y, count > 400 ? 2.4 : 3.4);
  }

  private finishPath(ink: Ink, state: TrialState, count: number): void {
    if (count > manyPoints || isFilledMark(state)) ink.fill();
    else ink.stroke();
  }

  private paintRung(ink: Ink, colors: Theme, states: Uint8Array, history: History): void {
    let any = false;
    for (const row of history.byX) if (Number.isNaN(history.y[row]!) && states[row] !== undefined) any = true;
    if (!any) return;
    ink.save();
    ink.font = fontOf(colors, 0.85);
    ink.fillStyle = colors.muted;
    ink.textAlign = "right";
    ink.textBaseline = "middle";
    ink.fillText(noValue, this.frame.area.left - 6, this.rung);
    ink.strokeStyle = colors.grid;
    ink.setLineDash([2, 3]);
    ink.beginPath();
    ink.moveTo(this.frame.area.left, Math.round(this.rung) + 0.5);
    ink.lineTo(this.frame.area.right, Math.round(this.rung) + 0.5);
    ink.stroke();
    ink.restore();
  }

  private paintBest(ink: Ink, colors: Theme, { bestX, bestY, incumbent }: History): void {
    if (bestX.length === 0) return;
    const { frame } = this;
    ink.strokeStyle = colors.foreground;
    ink.lineWidth = 1.5;
    ink.lineJoin = "round";
    ink.beginPath();
    for (let i = 0; i < bestX.length; i++) {
      const x = frame.xOf(bestX[i]!);
      if (i === 0) ink.moveTo(x, frame.yWithin(bestY[0]!));
      else {
        ink.lineTo(x, frame.yWithin(bestY[i - 1]!));
        ink.lineTo(x, frame.yWithin(bestY[i]!));
      }
    }
    const end = extentOf(this.history?.x ?? [])?.[1] ?? bestX.at(-1)!;
    ink.lineTo(frame.xOf(end), frame.yWithin(bestY.at(-1)!));
    ink.stroke();
    const x = this.xs[incumbent]!;
    const y = this.ys[incumbent]!;
    ink.beginPath();
    ink.arc(x, y, 7, 0, Math.PI * 2);
    ink.stroke();
    const text = `#${this.store.columns?.number[incumbent] ?? ""} ${formatNumber(bestY.at(-1)!)}`;
    drawTag(ink, colors, { text, x, y, below: y - frame.area.top < 24, end: this.width, cover: 0.75 });
  }

  protected paintTop(ink: Ink): void {
    const { store } = this;
    const colors = theme();
    ink.lineWidth = 1.5;
    ink.strokeStyle = colors.focus;
    const many = store.selectedRows.length > 2000;
    for (const row of store.selectedRows) {
      if (Number.isNaN(this.xs[row]!)) continue;
      ink.beginPath();
      if (many) ink.rect(this.xs[row]! - 2, this.ys[row]! - 2, 4, 4);
      else ink.arc(this.xs[row]!, this.ys[row]!, 5.5, 0, Math.PI * 2);
      ink.stroke();
    }
    const { hoveredRow } = store;
    if (hoveredRow >= 0 && hoveredRow < this.xs.length && !Number.isNaN(this.xs[hoveredRow]!)) {
      ink.strokeStyle = colors.foreground;
      ink.lineWidth = 2;
      ink.beginPath();
      ink.arc(this.xs[hoveredRow]!, this.ys[hoveredRow]!, 6, 0, Math.PI * 2);
      ink.stroke();
    }
    this.paintLasso(ink, colors);
  }

  protected csv(): string {
    const { columns } = this.store;
    const { history } = this;
    if (columns === null || history === undefined) return "";
    const axis = this.store.state.overviewAxis === "time" ? "ms" : "trial";
    const rows: string[][] = [];
    for (const row of history.byX) {
      const y = history.y[row]!;
      rows.push([
        String(columns.number[row]),
        trialStates[columns.state[row]!] ?? "",
        String(history.x[row]),
        Number.isNaN(y) ? "" : String(y),
      ]);
    }
    return csvTable(["number", "state", axis, this.objectiveName], rows);
  }

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  protected describe(row: number): string {
    const { columns } = this.store;
    const { history } = this;
    if (columns === null || history === undefined || row < 0) return "";
    const state = trialStates[columns.state[row]!] ?? "";
    const value = history.y[row]!;
    const at = this.store.state.overviewAxis === "time" ? `, after ${formatDuration(history.x[row]!)}` : "";
    const what = Number.isNaN(value) ? "no value" : `${this.objectiveName} ${formatNumber(value)}`;
    return `#${columns.number[row]} · ${state} · ${what}${state === "complete" || Number.isNaN(value) ? "" : " so far"}${at}`;
  }

  protected numberAt(row: number): number | undefined {
    return this.store.columns?.number[row];
  }

  protected keyOrder(): readonly number[] | Int32Array {
    const { history, store } = this;
    return history === undefined || store.columns === null
      ? []
      : history.byX.filter((row) => store.filtered[row] === 1);
  }
}

customElements.define("basin-history", HistoryChart);
