/**
 * What views say when there is nothing to draw, and the menu of a chart: the same words and places in all of them.
 * Invariant: a failure says what could not be had and why, and offers to try again and to look at the log.
 */
import { html, nothing, type TemplateResult } from "lit";
import type { BasinError } from "../../src/core/errors.ts";
import { CanvasChart } from "./canvasChart.ts";
import "./menu.ts";
import type { MenuItem } from "./menu.ts";
import type { PanelActions } from "./panelElement.ts";

export function message(
  title: string,
  text: string | TemplateResult,
  action: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`<div class="message">
    <strong>${title}</strong>
    <p>${text}</p>
    ${action}
  </div>`;
}

export function loading(label: string): TemplateResult {
  return html`<div class="skeleton" role="status" aria-label=${label}><span></span></div>`;
}

/** @param what begins the sentence "... could not be loaded" */
export function failure(what: string, problem: BasinError, retry: () => void, actions: PanelActions): TemplateResult {
  return html`<div class="message" role="alert">
    <strong>${what} could not be loaded</strong>
    <p>${problem.message} ${problem.hint}</p>
    <p>
      <vscode-button @click=${retry}>Try Again</vscode-button>
      <vscode-button appearance="secondary" @click=${() => void actions.act("showEngineLog", null)}
        >Show Log</vscode-button
      >
    </p>
  </div>`;
}

/** While something comes, or why it does not. */
export function pending(
  what: string,
  problem: BasinError | undefined,
  retry: () => void,
  actions: PanelActions,
): TemplateResult {
  return problem === undefined ? loading(`${what}: loading`) : failure(what, problem, retry, actions);
}

export function startButton(actions: PanelActions): TemplateResult {
  return html`<vscode-button @click=${() => void actions.act("start", null)}>Start Study</vscode-button>`;
}

/** A study without a trial: what will appear here, and the one action that makes it appear. */
export function noTrials(
  running: boolean,
  title: string,
  text: string | TemplateResult,
  actions: PanelActions,
): TemplateResult {
  return message(running ? "The first trial is starting" : title, text, running ? nothing : startButton(actions));
}

/** The same function for the same chart, so that its menu is not drawn again with every draw of the view. */
const itemsOf = new WeakMap<ParentNode, Map<string, () => readonly MenuItem[]>>();

/** The menu of the chart that `selector` finds when it is opened. */
export function chartMenu(root: ParentNode, selector: string, label = "Chart Actions"): TemplateResult {
  let held = itemsOf.get(root);
  if (held === undefined) itemsOf.set(root, (held = new Map()));
  let items = held.get(selector);
  if (items === undefined) {
    items = () => {
      const chart = root.querySelector(selector);
      return chart instanceof CanvasChart ? chart.menuItems : [];
    };
    held.set(selector, items);
  }
  return html`<basin-menu label=${label} icon="more" .items=${items}></basin-menu>`;
}
