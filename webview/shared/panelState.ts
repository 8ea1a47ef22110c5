/**
 * What the panel remembers about itself between reloads.
 * Invariant: anything stored by another version or by hand is read as far as it makes sense; reading never throws.
 */
import {
  flatnessSections,
  panelViews,
  topologySections,
  type PanelState,
  type PanelView,
} from "../../src/protocol/panel.ts";
import { trialStates } from "../../src/core/trial.ts";
import { readBrushes } from "./brushes.ts";

export type MutablePanelState = { -readonly [K in keyof PanelState]: PanelState[K] };

/** Selections above this are not kept: they are "everything", made by ctrl+A, and would slow every write. */
const maxKept = 1000;

export const defaultPanelState: PanelState = {
  version: 1,
  studyPath: "",
  studyName: "",
  studyId: 0,
  view: "overview",
  selected: [],
  filter: "",
  stateFilter: [],
  brushes: {},
  sort: { column: "", descending: false },
  hiddenColumns: [],
  axisOrder: [],
  invertedAxes: [],
  splitter: 0.52,
  inspectorOpen: true,
  overviewAxis: "number",
  curves: { metric: "", logY: false, smoothing: 0 },
  schedule: { bracket: "", mode: "", axis: "" },
  topology: { section: "pairs", layer: "", against: "plan" },
  flatness: { section: "sharpness", estimator: "", display: "contour" },
};

export const splitterRange = [0.12, 0.88] as const;

export function clampSplitter(share: number): number {
  return Number.isFinite(share)
    ? Math.min(splitterRange[1], Math.max(splitterRange[0], share))
    : defaultPanelState.splitter;
}

/** Stored state as a valid one; missing or malformed parts take their defaults. */
export function readPanelState(stored: unknown): MutablePanelState {
  const state: MutablePanelState = { ...defaultPanelState };
  if (!isRecord(stored) || stored["version"] !== 1) return state;
  const text = (key: string): string => (typeof stored[key] === "string" ? stored[key] : "");
  state.studyPath = text("studyPath");
  state.studyName = text("studyName");
  state.filter = text("filter");
  if (typeof stored["studyId"] === "number") state.studyId = stored["studyId"];
  if ((panelViews as readonly unknown[]).includes(stored["view"])) state.view = stored["view"] as PanelView;
  state.selected = list(stored["selected"], Number.isSafeInteger) as number[];
  state.stateFilter = list(stored["stateFilter"], (s) => (trialStates as readonly unknown[]).includes(s)) as string[];
  state.brushes = readBrushes(stored["brushes"]);
  state.hiddenColumns = strings(stored["hiddenColumns"]);
  state.axisOrder = strings(stored["axisOrder"]);
  state.invertedAxes = strings(stored["invertedAxes"]);
  const sort = stored["sort"];
  if (isRecord(sort) && typeof sort["column"] === "string") {
    state.sort = { column: sort["column"], descending: sort["descending"] === true };
  }
  if (typeof stored["splitter"] === "number") state.splitter = clampSplitter(stored["splitter"]);
  if (typeof stored["inspectorOpen"] === "boolean") state.inspectorOpen = stored["inspectorOpen"];
  if (stored["overviewAxis"] === "time") state.overviewAxis = "time";
  const curves = stored["curves"];
  if (isRecord(curves)) {
    const smoothing = typeof curves["smoothing"] === "number" ? Math.min(0.98, Math.max(0, curves["smoothing"])) : 0;
    state.curves = {
      metric: typeof curves["metric"] === "string" ? curves["metric"] : "",
      logY: curves["logY"] === true,
      smoothing,
    };
  }
  const schedule = stored["schedule"];
  if (isRecord(schedule)) {
    const { bracket, mode, axis } = schedule;
    state.schedule = {
      bracket: typeof bracket === "string" ? bracket : "",
      mode: mode === "rungs" || mode === "lineage" ? mode : "",
      axis: typeof axis === "string" ? axis : "",
    };
  }
  const topology = stored["topology"];
  if (isRecord(topology)) {
    const { section, against, layer } = topology;
    state.topology = {
      section: oneOf(topologySections, section, "pairs"),
      layer: typeof layer === "string" ? layer : "",
      against: oneOf(["plan", "mean", "best"] as const, against, "plan"),
    };
  }
  const flatness = stored["flatness"];
  if (isRecord(flatness)) {
    const { section, estimator, display } = flatness;
    state.flatness = {
      section: oneOf(flatnessSections, section, "sharpness"),
      estimator: typeof estimator === "string" ? estimator : "",
      display: display === "surface" ? "surface" : "contour",
    };
  }
  return state;
}

function oneOf<T>(known: readonly T[], value: unknown, otherwise: T): T {
  return known.find((item) => item === value) ?? otherwise;
}

/** The selection as it is kept. */
export function keptSelection(selected: Int32Array): readonly number[] {
  return selected.length <= maxKept ? [...selected] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: unknown, accept: (item: unknown) => boolean): unknown[] {
  return Array.isArray(value) ? value.filter(accept) : [];
}

function strings(value: unknown): string[] {
  return list(value, (item) => typeof item === "string") as string[];
}
