/** Point marks by trial state: each state has a shape of its own. Adds to the current path; stroke or fill follows. */
import type { TrialState } from "../../src/core/trial.ts";
import type { Ink } from "./ink.ts";

/** Whether the shape is filled (others are outlines). */
export function isFilledMark(state: TrialState): boolean {
  return state === "complete";
}

export function addMark(ink: Ink, state: TrialState, x: number, y: number, radius: number): void {
  switch (state) {
    case "complete":
    case "running":
      ink.moveTo(x + radius, y);
      ink.arc(x, y, radius, 0, Math.PI * 2);
      break;
    case "pruned":
      ink.moveTo(x - radius, y - radius * 0.8);
      ink.lineTo(x + radius, y - radius * 0.8);
      ink.lineTo(x, y + radius);
      ink.closePath();
      break;
    case "failed":
      ink.moveTo(x - radius, y - radius);
      ink.lineTo(x + radius, y + radius);
      ink.moveTo(x + radius, y - radius);
      ink.lineTo(x - radius, y + radius);
      break;
    case "paused":
      ink.moveTo(x - radius * 0.5, y - radius);
      ink.lineTo(x - radius * 0.5, y + radius);
      ink.moveTo(x + radius * 0.5, y - radius);
      ink.lineTo(x + radius * 0.5, y + radius);
      break;
    case "waiting":
      ink.moveTo(x - radius, y);
      ink.lineTo(x + radius, y);
      break;
  }
}
