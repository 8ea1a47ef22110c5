/**
 * What stands around the bars of the timeline: lanes with their slots and how busy they were, the axis, and idle gaps.
 * Invariant: how busy slots were is told of the time that is looked at, and says so when that is not all of it.
 */
import { formatDuration } from "../../src/core/format.ts";
import { drawXAxis, fontOf, type Rect } from "../shared/axes.ts";
import type { Ink } from "../shared/ink.ts";
import type { Scale } from "../shared/scales.ts";
import type { Theme } from "../shared/theme.ts";
import { busyShare, endOf, utilisation, type Timeline } from "./timelineModel.ts";
import { isWhole, type TimeRange } from "./timeRange.ts";

export interface TimelinePicture {
  readonly timeline: Timeline;
  readonly area: Rect;
  readonly laneHeight: number;
  readonly scale: Scale;
  readonly now: number;
  readonly width: number;
  /** What is looked at, and what there is. */
  readonly view: TimeRange;
  readonly limits: TimeRange;
}

export function drawSlots(ink: Ink, theme: Theme, picture: TimelinePicture): void {
  const { timeline, area, laneHeight, scale, now, width, view, limits } = picture;
  const { from, to } = view;
  ink.save();
  ink.font = fontOf(theme);
  ink.textBaseline = "alphabetic";
  ink.fillStyle = theme.foreground;
  ink.textAlign = "left";
  ink.fillText("slot", 4, area.top - theme.fontSize * 0.6);
  ink.textAlign = "right";
  const share = Math.round(100 * utilisation(timeline, from, to, now));
  ink.fillText(`${share} % busy${isWhole(view, limits) ? "" : " in view"}`, width - 8, area.top - theme.fontSize * 0.6);
  ink.textBaseline = "middle";
  const every = Math.max(1, Math.ceil((theme.fontSize * 1.2) / laneHeight));
  for (let lane = 0; lane < timeline.lanes; lane++) {
    const middle = area.top + (lane + 0.5) * laneHeight;
    if (lane % 2 === 1) {
      ink.fillStyle = theme.grid;
      ink.globalAlpha = theme.highContrast ? 0.12 : 0.2;
      ink.fillRect(area.left, area.top + lane * laneHeight, area.right - area.left, laneHeight);
      ink.globalAlpha = 1;
    }
    if (lane % every !== 0) continue;
    ink.fillStyle = theme.muted;
    ink.fillText(String(lane + 1), area.left - 8, middle);
    ink.fillText(`${Math.round(100 * busyShare(timeline, lane, from, to, now))} %`, width - 8, middle);
  }
  ink.restore();
  drawXAxis(ink, theme, area, scale, "time since the first trial began");
}

/**
 * Gaps of a lane between the attempts at places `first` up to `end`, and around them: a dotted line, with how long the slot
 * had nothing to do where there is room to say so.
 */
export function drawIdle(
  ink: Ink,
  theme: Theme,
  picture: TimelinePicture,
  lane: number,
  [first, end]: readonly [number, number],
): void {
  const { timeline, area, laneHeight, scale, now, limits } = picture;
  const middle = area.top + (lane + 0.5) * laneHeight;
  const xOf = (time: number): number =>
    Math.min(area.right, Math.max(area.left, area.left + scale.toUnit(time) * (area.right - area.left)));
  ink.save();
  ink.globalAlpha = 1;
  ink.strokeStyle = theme.muted;
  ink.fillStyle = theme.muted;
  ink.lineWidth = 1;
  ink.font = fontOf(theme, 0.85);
  ink.textAlign = "center";
  ink.textBaseline = "middle";
  ink.setLineDash([1, 4]);
  const laneEnd = timeline.starts[lane + 1]!;
  let from = limits.from;
  if (first > timeline.starts[lane]!) from = endOf(timeline, timeline.order[first - 1]!, now);
  for (let k = first; k <= end; k++) {
    const to = k < laneEnd ? timeline.attempts.startedAt[timeline.order[k]!]! : limits.to;
    drawGap(
      ink,
      [xOf(from), xOf(to)],
      middle,
      laneHeight >= 16 && to - from >= 1000 ? `idle ${formatDuration(to - from)}` : "",
    );
    if (k < end) from = endOf(timeline, timeline.order[k]!, now);
  }
  ink.setLineDash([]);
  ink.restore();
}

function drawGap(ink: Ink, [left, right]: readonly [number, number], y: number, text: string): void {
  if (right - left <= 8) return;
  const room = text === "" ? Number.POSITIVE_INFINITY : ink.measureText(text).width + 16;
  ink.beginPath();
  ink.moveTo(left + 4, y);
  if (room < right - left) {
    ink.fillText(text, (left + right) / 2, y);
    ink.lineTo((left + right - room) / 2 + 4, y);
    ink.moveTo((left + right + room) / 2 - 4, y);
  }
  ink.lineTo(right - 4, y);
  ink.stroke();
}
