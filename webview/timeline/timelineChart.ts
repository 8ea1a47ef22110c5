/**
 * Slots as lanes over time, attempts as bars: what ran where, from when to when, and how it ended.
 * Invariant: only what is in view is drawn; a gap in a lane is time in which the slot had nothing to do.
 */
import { css, type PropertyDeclarations, type PropertyValues, type TemplateResult } from "lit";
import { formatDuration } from "../../src/core/format.ts";
import { attemptOutcomes, type AttemptOutcome } from "../../src/protocol/schedule.ts";
import { type Rect } from "../shared/axes.ts";
import { clock } from "../shared/clock.ts";
import { CanvasChart, scrollingStyles, type PlotEvents } from "../shared/canvasChart.ts";
import type { Ink } from "../shared/ink.ts";
import { noRect } from "../shared/plotFrame.ts";
import type { Painter } from "../shared/progressive.ts";
import type { Scale } from "../shared/scales.ts";
import type { Topic } from "../shared/store.ts";
import { theme, type Theme } from "../shared/theme.ts";
import { csvTable } from "../table/exportText.ts";
import { drawBar } from "./attemptStyle.ts";
import { attemptAt, endOf, laneOf, neighbourAttempt, visibleInLane, type Timeline } from "./timelineModel.ts";
import { drawIdle, drawSlots, type TimelinePicture } from "./timelineFrame.ts";
import { isWhole, moved, showing, timeScale, within, zoomed, type TimeRange } from "./timeRange.ts";
import { slotsForScreenReaders } from "./slotTable.ts";

const perPiece = 200;
const hitReach = 5;
const leastLane = 14;
const mostLane = 56;
/** Joining every resumed attempt to the one before is readable up to so many. */
const linkLimit = 400;

export class TimelineChart extends CanvasChart {
  static override properties: PropertyDeclarations = { timeline: { attribute: false }, now: { type: Number } };
  static override styles = [
    ...CanvasChart.styles,
    scrollingStyles,
    css`
      .plot {
        cursor: default;
      }
      .plot.moving {
        cursor: grabbing;
      }
      .tip {
        white-space: pre-line;
      }
    `,
  ];

  declare timeline: Timeline;
  /** Milliseconds since 1970. */
  declare now: number;
  readonly chartName = "timeline";

  /** What is looked at; undefined = everything, and what comes. */
  private range: TimeRange | undefined;
  private area = noRect;
  private laneHeight = 20;
  private scale: Scale = timeScale({ from: 0, to: 1 }, 0);
  private cursor = -1;
  private drag: { readonly x: number; readonly range: TimeRange; moved: boolean } | undefined;

  protected topics(): readonly Topic[] {
    return ["filtered", "selected", "hovered"];
  }

  protected layerNames(): readonly string[] {
    return ["bars", "top"];
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!changed.has("timeline") || this.cursor < 0) return;
    const before = changed.get("timeline") as Timeline | undefined;
    const number = before?.attempts.number[this.cursor];
    const attempt = before?.attempts.attempt[this.cursor];
    const { attempts } = this.timeline;
    this.cursor = attempts.number.findIndex((n, i) => n === number && attempts.attempt[i] === attempt);
    if (this.cursor < 0) this.placeTip("", 0, 0);
  }

  protected override isStale(changed: PropertyValues): boolean {
    return changed.has("timeline") || (changed.has("now") && this.timeline.running);
  }

  protected override leastHeight(): number {
    return this.timeline.lanes * leastLane + 64;
  }

  protected plotLabel(): string {
    return "What ran in each slot. Left and right move along a slot, up and down between slots, plus and minus zoom, shift with arrows moves, zero shows everything; Enter opens the trial.";
  }

  protected plotEvents(): PlotEvents {
    return {
      pointermove: this.onMove,
      pointerleave: () => this.show(-1, true),
      pointerdown: this.onDown,
      pointerup: this.onUp,
      pointercancel: () => (this.drag = undefined),
      wheel: this.onWheel,
      dblclick: () => this.look(undefined),
      keydown: this.onKey,
    };
  }

  protected override heard(): TemplateResult {
    return slotsForScreenReaders(this.timeline, this.now);
  }

  /** Everything there is to see; while something runs, up to now. */
  private get limits(): TimeRange {
    const { from, to, running } = this.timeline;
    return { from, to: Math.max(from + 1, running ? Math.max(to, this.now) : to) };
  }

  private get view(): TimeRange {
    return this.range === undefined ? this.limits : within(this.range, this.limits);
  }

  protected layout(): void {
    const colors = theme();
    const { lanes, from } = this.timeline;
    const line = colors.fontSize;
    const digits = String(lanes).length;
    this.area = {
      left: 12 + line * 0.62 * digits + 8,
      top: line * 2,
      right: this.width - line * 4,
      bottom: this.height - line * 2 - 14,
    };
    this.laneHeight = Math.min(mostLane, Math.max(leastLane, (this.area.bottom - this.area.top) / lanes));
    this.area = { ...this.area, bottom: Math.min(this.area.bottom, this.area.top + this.laneHeight * lanes) };
    this.scale = timeScale(this.view, from);
    if (this.cursor >= 0) this.placeTipAt(this.cursor);
  }

  private placeTipAt(i: number): void {
    const bar = this.barOf(i);
    this.placeTip(this.describe(i), Math.min(bar.right, bar.left + 24), bar.top);
  }

  private xOf(time: number): number {
    return this.area.left + this.scale.toUnit(time) * (this.area.right - this.area.left);
  }

  private timeAt(x: number): number {
    return this.scale.fromUnit((x - this.area.left) / Math.max(1, this.area.right - this.area.left));
  }

  /** The bar of an attempt, cut at the ends of what is looked at. */
  private barOf(i: number): Rect {
    const lane = laneOf(this.timeline, i);
    const inset = Math.max(1, this.laneHeight * 0.14);
    const top = this.area.top + lane * this.laneHeight;
    const left = Math.max(this.area.left, this.xOf(this.timeline.attempts.startedAt[i]!));
    const right = Math.min(this.area.right, Math.max(left + 1, this.xOf(endOf(this.timeline, i, this.now))));
    return { left, right, top: top + inset, bottom: top + this.laneHeight - inset };
  }

  protected *paint(layer: string, ink: Ink): Painter {
    if (layer === "bars") yield* this.paintBars(ink);
    else this.paintTop(ink);
  }

  private *paintBars(ink: Ink): Painter {
    const colors = theme();
    const { timeline } = this;
    const picture = this.picture;
    drawSlots(ink, colors, picture);
    yield;
    const { from, to } = this.view;
    const inView: number[] = [];
    for (let lane = 0; lane < timeline.lanes; lane++) {
      const [first, end] = visibleInLane(timeline, lane, from, to);
      let lastPixel = -1;
      let lastOutcome = -1;
      for (let k = first; k < end; k++) {
        const i = timeline.order[k]!;
        if (endOf(timeline, i, this.now) < from) continue;
        const bar = this.barOf(i);
        const outcome = timeline.attempts.outcome[i]!;
        const pixel = Math.floor(bar.left);
        // Bars thinner than a pixel: of those alike in the same place one is enough.
        if (bar.right - bar.left <= 1.5 && pixel === lastPixel && outcome === lastOutcome) continue;
        lastPixel = pixel;
        lastOutcome = outcome;
        const row = this.store.rowOf(timeline.attempts.number[i]!);
        const alpha = row < 0 || this.store.filtered[row] === 1 ? 1 : 0.14;
        drawBar(ink, colors, {
          bar,
          outcome: attemptOutcomes[outcome] ?? "complete",
          label: `#${timeline.attempts.number[i]}`,
          alpha,
        });
        if (timeline.before[i]! >= 0) inView.push(i);
        if ((k - first) % perPiece === perPiece - 1) yield;
      }
      drawIdle(ink, colors, picture, lane, [first, end]);
      yield;
    }
    if (inView.length <= linkLimit) for (const i of inView) this.paintLink(ink, colors, i, 0.35, 1);
    ink.globalAlpha = 1;
  }

  private get picture(): TimelinePicture {
    const { timeline, area, laneHeight, scale, now, width, view, limits } = this;
    return { timeline, area, laneHeight, scale, now, width, view, limits };
  }

  /** From the end of a trial's earlier attempt to where it went on. */
  private paintLink(ink: Ink, colors: Theme, i: number, alpha: number, width: number): void {
    const before = this.timeline.before[i]!;
    if (before < 0 || laneOf(this.timeline, before) >= this.timeline.lanes) return;
    const to = this.barOf(i);
    const from = this.barOf(before);
    const { left, right } = this.area;
    if (to.left < left || from.right > right || to.left < from.left) return;
    ink.globalAlpha = alpha;
    ink.lineWidth = width;
    ink.strokeStyle = colors.foreground;
    ink.beginPath();
    ink.moveTo(from.right, (from.top + from.bottom) / 2);
    ink.lineTo(to.left, (to.top + to.bottom) / 2);
    ink.stroke();
  }

  private paintTop(ink: Ink): void {
    const { store, timeline } = this;
    const colors = theme();
    const { from, to } = this.view;
    if (store.selected.length > 0 || store.hovered >= 0) {
      for (let lane = 0; lane < timeline.lanes; lane++) {
        const [first, end] = visibleInLane(timeline, lane, from, to);
        for (let k = first; k < end; k++) {
          const i = timeline.order[k]!;
          const number = timeline.attempts.number[i]!;
          const hovered = number === store.hovered;
          if (endOf(timeline, i, this.now) < from || (!hovered && !store.isSelected(number))) continue;
          this.paintLink(ink, colors, i, 1, 1.5);
          this.outline(ink, hovered ? colors.foreground : colors.focus, i, i === this.cursor);
        }
      }
    }
    if (!timeline.running || this.now < from || this.now > to) return;
    const x = this.xOf(this.now);
    ink.globalAlpha = 1;
    ink.strokeStyle = colors.accent;
    ink.lineWidth = 1.5;
    ink.beginPath();
    ink.moveTo(x, this.area.top - 3);
    ink.lineTo(x, this.area.bottom);
    ink.stroke();
  }

  private outline(ink: Ink, color: string, i: number, strong: boolean): void {
    const { left, top, right, bottom } = this.barOf(i);
    ink.globalAlpha = 1;
    ink.strokeStyle = color;
    ink.lineWidth = strong ? 2.4 : 1.5;
    ink.strokeRect(left - 0.5, top - 0.5, Math.max(2, right - left + 1), bottom - top + 1);
  }

  protected csv(): string {
    const { attempts, count } = this.timeline;
    const number = (value: number): string => (Number.isNaN(value) ? "" : String(value));
    const moment = (ms: number): string => (Number.isNaN(ms) ? "" : new Date(ms).toISOString());
    const rows = function* (): Generator<readonly string[]> {
      for (let i = 0; i < count; i++) {
        yield [
          String(attempts.number[i]),
          String(attempts.attempt[i]),
          String(attempts.slot[i]! + 1),
          moment(attempts.startedAt[i]!),
          moment(attempts.endedAt[i]!),
          number(attempts.fromStep[i]!),
          number(attempts.toStep[i]!),
          attemptOutcomes[attempts.outcome[i]!] ?? "",
        ];
      }
    };
    return csvTable(["number", "attempt", "slot", "started", "ended", "after epoch", "to epoch", "outcome"], rows());
  }

  // --- range ------------------------------------------------------------------------------------------------------

  private look(range: TimeRange | undefined): void {
    this.range = range === undefined || isWhole(range, this.limits) ? undefined : range;
    this.invalidateAll();
  }

  /** @param factor above 1 zooms out, about the middle of what is seen or the attempt the keyboard is at */
  zoom(factor: number): void {
    const { from, to } = this.view;
    const start = this.cursor < 0 ? Number.NaN : this.timeline.attempts.startedAt[this.cursor]!;
    const at = start >= from && start <= to ? start : (from + to) / 2;
    this.look(zoomed(this.view, factor, at, this.limits));
  }

  fit(): void {
    this.look(undefined);
  }

  private readonly onWheel = (event: WheelEvent): void => {
    // Where lanes scroll, the plain wheel scrolls them.
    const scrolls = this.scrollHeight > this.clientHeight + 1;
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (!sideways && scrolls && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    if (sideways) {
      const by = event.deltaX === 0 ? event.deltaY : event.deltaX;
      this.look(moved(this.view, by / Math.max(1, this.area.right - this.area.left), this.limits));
    } else {
      const at = this.timeAt(Math.min(this.area.right, Math.max(this.area.left, this.pointOf(event)[0])));
      this.look(zoomed(this.view, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 200), at, this.limits));
    }
  };

  // --- pointer and keyboard ---------------------------------------------------------------------------------------

  private hit(event: MouseEvent): number {
    const [x, y] = this.pointOf(event);
    if (x < this.area.left - hitReach || x > this.area.right + hitReach) return -1;
    const reach = this.timeAt(x + hitReach) - this.timeAt(x);
    return attemptAt(this.timeline, Math.floor((y - this.area.top) / this.laneHeight), this.timeAt(x), reach, this.now);
  }

  private describe(i: number): string {
    if (i < 0) return "";
    const { attempts } = this.timeline;
    const outcome: AttemptOutcome = attemptOutcomes[attempts.outcome[i]!] ?? "complete";
    const from = attempts.fromStep[i]!;
    const to = attempts.toStep[i]!;
    const epochs = Number.isNaN(to)
      ? "no epoch yet"
      : to <= from
        ? `no epoch yet after ${from}`
        : to === from + 1
          ? `epoch ${to}`
          : `epochs ${Number.isNaN(from) ? "?" : from + 1} to ${to}`;
    const start = attempts.startedAt[i]!;
    const end = endOf(this.timeline, i, this.now);
    const attempt = attempts.attempt[i]! > 1 ? ` · attempt ${attempts.attempt[i]}` : "";
    const until = outcome === "running" ? "now" : clock.format(end);
    return `#${attempts.number[i]}${attempt} · ${outcome} · slot ${attempts.slot[i]! + 1}\n${epochs} · ${formatDuration(end - start)}\n${clock.format(start)} to ${until}`;
  }

  private show(i: number, byPointer: boolean): void {
    this.cursor = i;
    this.hover(this.timeline.attempts.number[i], byPointer);
    this.invalidate("top");
    if (i < 0) return this.tell("", 0, 0, byPointer);
    const bar = this.barOf(i);
    this.tell(this.describe(i), Math.min(bar.right, bar.left + 24), bar.top, byPointer);
  }

  private readonly onMove = (event: PointerEvent): void => {
    const { drag } = this;
    if (drag === undefined) return this.show(this.hit(event), true);
    const by = this.pointOf(event)[0] - drag.x;
    if (!drag.moved && Math.abs(by) < 4) return;
    if (!drag.moved) {
      drag.moved = true;
      this.plot?.classList.add("moving");
      this.show(-1, true);
    }
    this.look(moved(drag.range, -by / Math.max(1, this.area.right - this.area.left), this.limits));
  };

  private readonly onDown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    this.plot?.setPointerCapture(event.pointerId);
    this.drag = { x: this.pointOf(event)[0], range: this.view, moved: false };
  };

  private readonly onUp = (event: PointerEvent): void => {
    const { drag } = this;
    this.drag = undefined;
    this.plot?.classList.remove("moving");
    if (drag === undefined || drag.moved) return;
    this.chooseByPointer(event, this.timeline.attempts.number[this.hit(event)]);
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.rangeByKey(event)) {
      const target = neighbourAttempt(this.timeline, this.cursor, event.key, this.now);
      if (target !== undefined) {
        const { startedAt } = this.timeline.attempts;
        const view = showing(this.view, startedAt[target]!, endOf(this.timeline, target, this.now), this.limits);
        this.look(view);
        this.layout();
        this.show(target, false);
      } else if (!this.chooseByKey(event, this.timeline.attempts.number[this.cursor])) return;
    }
    event.preventDefault();
  };

  private rangeByKey({ key, shiftKey }: KeyboardEvent): boolean {
    if (key === "+" || key === "=") this.zoom(0.6);
    else if (key === "-" || key === "_") this.zoom(1 / 0.6);
    else if (key === "0") this.fit();
    else if (shiftKey && key === "ArrowLeft") this.look(moved(this.view, -0.2, this.limits));
    else if (shiftKey && key === "ArrowRight") this.look(moved(this.view, 0.2, this.limits));
    else return false;
    return true;
  }
}

customElements.define("basin-timeline-chart", TimelineChart);
