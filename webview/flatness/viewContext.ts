/** What the parts of the Flatness view get from the view. Invariant: parts make templates and keep nothing but memoised data. */
import type { TemplateResult, nothing } from "lit";
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
