/**
 * The title of an axis as a button on the page: drag moves the axis, double-click turns it, keys do both.
 * Invariant: a press that does not move the pointer never reorders.
 */
import { html, nothing, type TemplateResult } from "lit";
import { formatNumber } from "../../src/core/format.ts";
import type { Axis } from "./axisModel.ts";

export const titleHeight = 26;
const dragThreshold = 4;

export interface AxisTitle {
  readonly axis: Axis;
  readonly x: number;
  readonly room: number;
  readonly isLast: boolean;
  readonly brushed: boolean;
  readonly onInvert: () => void;
  readonly onMove: (by: number) => void;
  readonly onClear: () => void;
  /** Pointer position while the title is dragged. */
  readonly onDrag: (clientX: number) => void;
  readonly onDrop: () => void;
}

export function titleButton(title: AxisTitle): TemplateResult {
  const { axis, x, room, isLast, brushed } = title;
  const range =
    axis.scale === undefined
      ? `${axis.codes.length} choices`
      : `${formatNumber(axis.scale.low)} to ${formatNumber(axis.scale.high)}${axis.scale.log ? ", log" : ""}`;
  const moving = isLast ? "Stays last: the objective." : "Drag or Alt+arrow keys move it.";
  const onKey = (event: KeyboardEvent): void => {
    if (event.altKey && event.key === "ArrowLeft" && !isLast) title.onMove(-1);
    else if (event.altKey && event.key === "ArrowRight" && !isLast) title.onMove(1);
    else if (event.key === "Enter" || event.key === " ") title.onInvert();
    else if (event.key === "Delete" || event.key === "Backspace") title.onClear();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<button
    class=${`axis ${brushed ? "brushed" : ""} ${isLast ? "last" : ""}`}
    .style=${`left: ${Math.round(x)}px; max-width: ${Math.round(Math.max(40, isLast ? room * 0.5 + 60 : room))}px`}
    title=${`${axis.label} (${range}). ${moving} Double-click turns it upside down.`}
    aria-label=${`${axis.label} axis, ${range}${axis.inverted ? ", upside down" : ""}${brushed ? ", brushed: Delete clears" : ""}. ${moving} Enter turns it upside down. To brush by keyboard use the filter box.`}
    @dblclick=${title.onInvert}
    @keydown=${onKey}
    @pointerdown=${(event: PointerEvent) => startDrag(event, title)}
  >
    ${axis.label}${axis.inverted ? html`<span aria-hidden="true"> ↓</span>` : nothing}
  </button>`;
}

function startDrag(event: PointerEvent, { isLast, onDrag, onDrop }: AxisTitle): void {
  const button = event.currentTarget;
  if (!(button instanceof HTMLElement) || event.button !== 0 || isLast) return;
  button.setPointerCapture(event.pointerId);
  let moved = false;
  const move = (moving: PointerEvent): void => {
    moved ||= Math.abs(moving.clientX - event.clientX) > dragThreshold;
    if (moved) onDrag(moving.clientX);
  };
  const end = (): void => {
    button.removeEventListener("pointermove", move);
    button.removeEventListener("pointerup", end);
    button.removeEventListener("pointercancel", end);
    if (moved) onDrop();
  };
  button.addEventListener("pointermove", move);
  button.addEventListener("pointerup", end);
  button.addEventListener("pointercancel", end);
}
