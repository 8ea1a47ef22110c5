/**
 * Everything that is said between the study panel (webview) and the host. One transport: `postMessage`.
 * Invariant: the webview asks, the host answers every request with `ok` or `error`; the host pushes only complete states or
 * a bare revision, since a hidden webview drops messages.
 */
import type { CurveColumns, TrialColumns } from "../core/columns.ts";
import type { FlatnessResult } from "../core/flatness.ts";
import type { Params } from "../core/space/parameter.ts";
import type { StudyDetail, StudyLogLine, TrialDetail } from "./engine.ts";
import type { FlatnessJob, FlatnessQuestion } from "./flatness.ts";
import type { ScheduleReport } from "./schedule.ts";
import type {
  DriftColumns,
  TopologyAsk,
  TopologyDriftAsk,
  TopologyMatrix,
  TopologyMatrixAsk,
  TopologyPair,
  TopologyPairAsk,
  TopologyReport,
} from "./topology.ts";

export const panelViews = ["overview", "parallel", "curves", "schedule", "topology", "flatness", "timeline"] as const;
export type PanelView = (typeof panelViews)[number];

/** What `setState` keeps and the serializer restores: navigation and UI only, never data. */
export interface PanelState {
  readonly version: 1;
  readonly studyPath: string;
  readonly studyName: string;
  readonly studyId: number;
  readonly view: PanelView;
  /** Trial numbers. */
  readonly selected: readonly number[];
  readonly filter: string;
  /** Trial states shown; empty = all. */
  readonly stateFilter: readonly string[];
  /** Axis name -> brushed intervals in axis units (log axes: real values; categories: positions). */
  readonly brushes: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  readonly sort: { readonly column: string; readonly descending: boolean };
  readonly hiddenColumns: readonly string[];
  readonly axisOrder: readonly string[];
  readonly invertedAxes: readonly string[];
  readonly splitter: number;
  readonly inspectorOpen: boolean;
  readonly overviewAxis: "number" | "time";
  readonly curves: { readonly metric: string; readonly logY: boolean; readonly smoothing: number };
  readonly schedule: {
    /** Label of the bracket shown; empty = all. */
    readonly bracket: string;
    /** Rungs, or lineage by member, objective or a parameter; empty = what suits the scheduler. */
    readonly mode: "" | "rungs" | "lineage";
    /** What the lineage's vertical axis is: empty = members, otherwise the objective's or a parameter's name. */
    readonly axis: string;
  };
  readonly topology: TopologyViewState;
  readonly flatness: FlatnessViewState;
}

export const topologySections = ["pairs", "trials", "drift"] as const;

export interface TopologyViewState {
  readonly section: (typeof topologySections)[number];
  /** Empty = the one most trials sent. */
  readonly layer: string;
  /** Which RTD stands against the objective. */
  readonly against: "plan" | "mean" | "best";
}

export const flatnessSections = ["sharpness", "line", "plane", "spectrum", "funnel"] as const;

export interface FlatnessViewState {
  readonly section: (typeof flatnessSections)[number];
  /** Name of the metric; empty = the first there is. */
  readonly estimator: string;
  readonly display: "contour" | "surface";
}

/** Pages of the documentation that views refer to. */
export const docPages = ["topology", "flatness"] as const;
export type DocPage = (typeof docPages)[number];

/** Requests webview -> host: name -> [params, result]. The host adds the panel's studyId where one is needed. */
export interface PanelRequests {
  study: [null, StudyDetail];
  columns: [null, TrialColumns];
  curves: [{ metric: string; numbers?: readonly number[]; maxTrials: number }, CurveColumns];
  trial: [{ number: number }, TrialDetail];
  log: [{ limit: number }, readonly StudyLogLine[]];
  schedule: [null, ScheduleReport];
  topology: [TopologyAsk, TopologyReport];
  topologyPair: [TopologyPairAsk, TopologyPair];
  topologyMatrix: [TopologyMatrixAsk, TopologyMatrix];
  topologyStop: [null, null];
  topologyDrift: [TopologyDriftAsk, DriftColumns];
  flatnessCompute: [{ number: number; request: FlatnessQuestion }, FlatnessJob];
  flatnessList: [null, readonly FlatnessJob[]];
  flatnessResult: [{ id: string }, FlatnessResult];
  flatnessCancel: [{ id: string }, null];
  pause: [null, null];
  resume: [null, null];
  stop: [null, null];
  start: [null, null];
  stopTrial: [{ number: number }, null];
  enqueue: [{ params: Params }, { number: number }];
  openLog: [{ number: number }, null];
  openStudyFile: [null, null];
  openDocs: [{ page: DocPage }, null];
  showEngineLog: [null, null];
  /** A new file in the editor with this text, or saved where the person says. */
  saveText: [{ suggestedName: string; text: string }, null];
  saveImage: [{ suggestedName: string; pngBase64: string }, null];
  copyText: [{ text: string }, null];
  /** The panel's selection changed: the explorer follows. */
  select: [{ numbers: readonly number[] }, null];
}

export type PanelMethod = keyof PanelRequests;

/** Pushes host -> webview. */
export type PanelPush =
  | { readonly type: "init"; readonly studyId: number; readonly state: PanelState | null }
  /** Bare revision: the webview pulls what it shows. */
  | { readonly type: "changed"; readonly revision: number }
  /** The explorer's selection: the panel follows. */
  | { readonly type: "selection"; readonly numbers: readonly number[] }
  /** A command wants this view in front. */
  | { readonly type: "view"; readonly view: PanelView }
  /** The engine went away or came back; `message` for the person. */
  | { readonly type: "connection"; readonly connected: boolean; readonly message: string };

export type PanelToHost =
  | { readonly type: "request"; readonly id: number; readonly method: PanelMethod; readonly params: unknown }
  | { readonly type: "cancel"; readonly id: number }
  /** The webview's script runs and wants `init`. */
  | { readonly type: "ready" };

export type HostToPanel =
  | { readonly type: "response"; readonly id: number; readonly ok: true; readonly result: unknown }
  | {
      readonly type: "response";
      readonly id: number;
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    }
  | PanelPush;
