/**
 * How what became of a trial at a rung is drawn, on canvas and as an icon, and said.
 * Invariant: each outcome has a shape of its own, the same in both, so that colour is never the only sign.
 */
import { html, svg, type TemplateResult } from "lit";
import type { RungEntry } from "../../src/core/brackets.ts";
import type { TrialState } from "../../src/core/trial.ts";
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import type { Ink } from "../shared/ink.ts";
import { addMark } from "../shared/marks.ts";

export type RungOutcome = RungEntry["outcome"];

export const rungOutcomes = [
  "promoted",
  "paused",
  "stopped",
  "running",
  "waiting",
  "complete",
  "failed",
] as const satisfies readonly RungOutcome[];

/** The state whose colour stands for an outcome where the value gives none. */
export const outcomeStates: Readonly<Record<RungOutcome, TrialState>> = {
  promoted: "complete",
  paused: "paused",
  stopped: "pruned",
  running: "running",
  waiting: "waiting",
  complete: "complete",
  failed: "failed",
};

const filled: ReadonlySet<RungOutcome> = new Set(["promoted", "complete"]);

export function isFilledOutcome(outcome: RungOutcome): boolean {
  return filled.has(outcome);
}

/** Adds the shape to the current path; fill or stroke follows. Only a promotion is no state of a trial. */
export function addOutcome(ink: Ink, outcome: RungOutcome, x: number, y: number, r: number): void {
  if (outcome !== "promoted") return addMark(ink, outcomeStates[outcome], x, y, r);
  ink.moveTo(x - r * 0.8, y - r);
  ink.lineTo(x + r * 1.1, y);
  ink.lineTo(x - r * 0.8, y + r);
  ink.closePath();
}

const shapes: Readonly<Record<RungOutcome, TemplateResult>> = {
  promoted: svg`<path class="fill" d="M4 3.5 13 8l-9 4.5z" />`,
  paused: svg`<path d="M6 4v8M10 4v8" />`,
  stopped: svg`<path d="M3.5 4.5h9L8 12.5z" />`,
  running: svg`<circle cx="8" cy="8" r="4.5" />`,
  waiting: svg`<path d="M3.5 8h9" />`,
  complete: svg`<circle class="fill" cx="8" cy="8" r="4.5" />`,
  failed: svg`<path d="M4 4l8 8M12 4l-8 8" />`,
};

export function outcomeIcon(outcome: RungOutcome): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${shapes[outcome]}</svg>`;
}

export type DecisionKind = DecisionRow["decision"];

export const decisionKinds = ["promote", "pause", "stop", "drop", "exploit"] as const satisfies readonly DecisionKind[];

/** What was done to the trial, as a word. */
export const decisionWords: Readonly<Record<DecisionKind, string>> = {
  promote: "promoted",
  pause: "paused",
  stop: "stopped",
  drop: "dropped",
  exploit: "replaced",
};

const decisionShapes: Readonly<Record<DecisionKind, TemplateResult>> = {
  promote: shapes.promoted,
  pause: shapes.paused,
  stop: shapes.stopped,
  drop: svg`<path d="M8 2.5v8M4.5 7.2 8 10.7l3.5-3.5M3.5 13.3h9" />`,
  exploit: svg`<path d="M6 6h7v7H6z" /><path d="M10 6V3H3v7h3" />`,
};

const decisionStates: Readonly<Record<DecisionKind, TrialState>> = {
  promote: "complete",
  pause: "paused",
  stop: "pruned",
  drop: "pruned",
  exploit: "running",
};

export function decisionIcon(kind: DecisionKind): TemplateResult {
  return html`<svg class="icon state-${decisionStates[kind]}" viewBox="0 0 16 16" aria-hidden="true">
    ${decisionShapes[kind]}
  </svg>`;
}
