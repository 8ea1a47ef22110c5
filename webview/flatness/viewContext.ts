/** What the parts of the Flatness view get from the view. Invariant: parts make templates and keep nothing but memoised data. */
import { html, type TemplateResult, type nothing } from "lit";
import type { PanelContext } from "../shared/panelElement.ts";
import type { FlatnessData } from "./flatnessData.ts";

export interface ViewContext {
  readonly panel: PanelContext;
  readonly data: FlatnessData;
  /** The menu of the chart that `selector` finds; nothing while it is not there. */
  menu(selector: string, ready: boolean): TemplateResult | typeof nothing;
  /** Pull again now. */
  readonly refresh: () => void;
  /** Draw again. */
  readonly redraw: () => void;
}

export function message(title: string, text: string, action?: TemplateResult): TemplateResult {
  return html`<div class="message">
    <strong>${title}</strong>
    <p>${text}</p>
    ${action}
  </div>`;
}
