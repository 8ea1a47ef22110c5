/**
 * The few icons of the panel as inline SVG on a 16 px grid, drawn in the text colour (no icon font, nothing to load).
 * Invariant: each trial state has a shape of its own, so that colour is never the only sign.
 */
import { svg, html, type TemplateResult } from "lit";
import type { TrialState } from "../../src/core/trial.ts";
import type { StudyStateName } from "../../src/protocol/engine.ts";

const shapes = {
  check: svg`<path d="M3 8.5 6.5 12 13 4.5" />`,
  cross: svg`<path d="M4 4l8 8M12 4l-8 8" />`,
  cut: svg`<path d="M8 2.5v5M3.5 10h9M5.5 13h5" /><path d="M5.5 5 8 7.5 10.5 5" />`,
  spin: svg`<path d="M8 2.5A5.5 5.5 0 1 1 2.5 8" />`,
  clock: svg`<circle cx="8" cy="8" r="5.5" /><path d="M8 5v3.2l2 1.3" />`,
  pauseSmall: svg`<path d="M6 4v8M10 4v8" />`,
  play: svg`<path class="fill" d="M5 3.2v9.6L12.5 8z" />`,
  pause: svg`<path class="fill" d="M4.5 3.5h2.4v9H4.5zM9.1 3.5h2.4v9H9.1z" />`,
  stop: svg`<path class="fill" d="M4 4h8v8H4z" />`,
  more: svg`<circle class="fill" cx="3.5" cy="8" r="1.1" /><circle class="fill" cx="8" cy="8" r="1.1" /><circle class="fill" cx="12.5" cy="8" r="1.1" />`,
  columns: svg`<path d="M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10" />`,
  download: svg`<path d="M8 2.5v7.5M5 7.2 8 10.2l3-3M3 13.3h10" />`,
  inspector: svg`<path d="M2.5 3h11v10h-11zM10 3v10" />`,
  close: svg`<path d="M4 4l8 8M12 4l-8 8" />`,
  down: svg`<path d="M4.5 6.5 8 10l3.5-3.5" />`,
  warning: svg`<path d="M8 2.5 14 13H2zM8 6.5v3M8 11v.6" />`,
  filter: svg`<path d="M2.5 3.5h11L9.3 8.3v4.2l-2.6-1.3V8.3z" />`,
  best: svg`<circle cx="8" cy="8" r="5.5" /><circle class="fill" cx="8" cy="8" r="2.2" />`,
  zoomIn: svg`<circle cx="7" cy="7" r="4.5" /><path d="M10.4 10.4 14 14M7 5v4M5 7h4" />`,
  zoomOut: svg`<circle cx="7" cy="7" r="4.5" /><path d="M10.4 10.4 14 14M5 7h4" />`,
  fit: svg`<path d="M2.5 3v10M13.5 3v10M4.5 8h7M6.5 6l-2 2 2 2M9.5 6l2 2-2 2" />`,
  log: svg`<path d="M3 4h10M3 7h10M3 10h7M3 13h5" />`,
} as const;

export type IconName = keyof typeof shapes;

/** Decorative: the text or label beside it says the same. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${shapes[name]}</svg>`;
}

export const stateIcons: Readonly<Record<TrialState, IconName>> = {
  waiting: "clock",
  running: "spin",
  paused: "pauseSmall",
  complete: "check",
  pruned: "cut",
  failed: "cross",
};

export function stateIcon(state: TrialState): TemplateResult {
  return html`<svg class="icon state-${state}" viewBox="0 0 16 16" aria-hidden="true">
    ${shapes[stateIcons[state]]}
  </svg>`;
}

const studyIcons: Readonly<Record<StudyStateName, { readonly icon: IconName; readonly state: TrialState }>> = {
  created: { icon: "clock", state: "waiting" },
  running: { icon: "spin", state: "running" },
  paused: { icon: "pauseSmall", state: "paused" },
  complete: { icon: "check", state: "complete" },
  stopped: { icon: "stop", state: "waiting" },
  failed: { icon: "cross", state: "failed" },
};

export function studyIcon(state: StudyStateName): TemplateResult {
  const { icon: name, state: tint } = studyIcons[state];
  return html`<svg
    class="icon state-${tint} ${state === "running" ? "turning" : ""}"
    viewBox="0 0 16 16"
    aria-hidden="true"
  >
    ${shapes[name]}
  </svg>`;
}
