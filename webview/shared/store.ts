/**
 * The state of one panel: the study as last pulled, three sets of trials (filtered, selected, hovered) and the person's
 * choices. No DOM, no messages. Invariant: masks and orders always belong to the present `columns`; sets that outlive a
 * revision are kept as trial numbers, never as rows.
 */
import type { TrialColumns } from "../../src/core/columns.ts";
import type { BasinError } from "../../src/core/errors.ts";
import { trialStates, type TrialState } from "../../src/core/trial.ts";
import type { StudyDetail, StudyLogLine } from "../../src/protocol/engine.ts";
import type { PanelState } from "../../src/protocol/panel.ts";
import { applyBrush, isBrushed, withAxis, type Interval } from "./brushes.ts";
import { columnKeys, goodness, panelColumns, sortValues, type PanelColumn } from "./columnModel.ts";
import { compileFilter } from "./filter.ts";
import { keptSelection, readPanelState, type MutablePanelState } from "./panelState.ts";
import { noTrials, rowsOf, sameSelection, selectWith, toSelection, type SelectMode } from "./selection.ts";
import { indexOfSorted, keepRows, sortIndex } from "./sortIndex.ts";

/** data: study, columns, log. filtered: mask and visible order. ui: anything in `state` but the sets. */
export type Topic = "data" | "filtered" | "selected" | "hovered" | "ui" | "connection";

export interface FilterProblem {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

const noMask = new Uint8Array(0);

export class PanelStore {
  study: StudyDetail | null = null;
  columns: TrialColumns | null = null;
  log: readonly StudyLogLine[] = [];
  /** The first load failed, or the latest pull did while nothing is shown. */
  problem: BasinError | null = null;
  /** `performance.now()` of the latest snapshot, so that clocks can go on between pulls. */
  pulledAt = 0;
  connected = true;
  connectionMessage = "";

  /** Everything that survives a reload, but the selection, which `selected` holds. */
  state: MutablePanelState = readPanelState(null);

  table: readonly PanelColumn[] = [];
  /** 1 = passes state chips, filter box and brushes. */
  filtered: Uint8Array = noMask;
  filteredCount = 0;
  /** Rows in the table's order, all of them, and those that pass. */
  order: Int32Array = noTrials;
  visible: Int32Array = noTrials;
  /** Rows best first by the first objective; without a value last. */
  bestFirst: Int32Array = noTrials;
  /** 0..1 by rank, NaN without a value. */
  goodness: Float32Array = new Float32Array(0);
  filterProblem: FilterProblem | null = null;

  /** Trial numbers, increasing. */
  selected: Int32Array = noTrials;
  selectedRows: Int32Array = noTrials;
  /** Trial number, -1 = none. */
  hovered = -1;
  /** While true new trials are appended to the order instead of sorted in: the pointer rests on the table. */
  holdOrder = false;

  private filterMask: Uint8Array | null = null;
  /** The last text that could be read; it stays in force while the box holds one that cannot. */
  private goodFilter = "";
  private readonly listeners = new Map<Topic, Set<() => void>>();

  /** Returns a function that ends the subscription. */
  subscribe(topics: readonly Topic[], listener: () => void): () => void {
    for (const topic of topics) {
      let set = this.listeners.get(topic);
      if (set === undefined) this.listeners.set(topic, (set = new Set()));
      set.add(listener);
    }
    return () => {
      for (const topic of topics) this.listeners.get(topic)?.delete(listener);
    };
  }

  emit(...topics: readonly Topic[]): void {
    const called = new Set<() => void>();
    for (const topic of topics) for (const listener of this.listeners.get(topic) ?? []) called.add(listener);
    for (const listener of called) listener();
  }

  /** Takes a complete snapshot; an older revision than the one shown is dropped. */
  setData(study: StudyDetail, columns: TrialColumns): void {
    if (this.columns !== null && columns.studyId === this.columns.studyId && columns.revision < this.columns.revision)
      return;
    const previous = this.columns;
    this.study = study;
    this.columns = columns;
    this.problem = null;
    this.table = panelColumns(columns);
    const objective = columns.objectives[0];
    if (objective === undefined) {
      this.bestFirst = Int32Array.from(columns.number, (_, row) => row);
      this.goodness = new Float32Array(columns.count).fill(Number.NaN);
    } else {
      this.bestFirst = sortIndex(objective.values, objective.direction === "maximize");
      this.goodness = goodness(objective.values, this.bestFirst);
    }
    this.refreshOrder(previous);
    this.selectedRows = rowsOf(this.selected, columns.number);
    this.runFilter();
    this.refreshMask();
    this.state.studyId = study.id;
    this.state.studyName = study.name;
    this.state.studyPath = study.path;
    this.emit("data", "filtered", "selected");
  }

  setLog(log: readonly StudyLogLine[]): void {
    this.log = log;
    this.emit("data");
  }

  setProblem(problem: BasinError | null): void {
    this.problem = problem;
    this.emit("data");
  }

  setConnection(connected: boolean, message: string): void {
    this.connected = connected;
    this.connectionMessage = message;
    this.emit("connection");
  }

  /** Takes stored choices; called before the first data. */
  restore(stored: unknown): void {
    this.state = readPanelState(stored);
    this.selected = toSelection(this.state.selected);
    if (this.columns !== null) {
      this.refreshOrder(null);
      this.selectedRows = rowsOf(this.selected, this.columns.number);
      this.runFilter();
      this.refreshMask();
    }
    this.emit("ui", "filtered", "selected");
  }

  /** The state to keep. */
  snapshot(): PanelState {
    return { ...this.state, selected: keptSelection(this.selected) };
  }

  update(patch: Partial<PanelState>): void {
    Object.assign(this.state, patch);
    this.emit("ui");
  }

  // --- filtered ---------------------------------------------------------------------------------------------------

  setFilter(text: string): void {
    this.state.filter = text;
    this.runFilter();
    this.refreshMask();
    this.emit("ui", "filtered");
  }

  toggleState(state: TrialState): void {
    const present = this.state.stateFilter;
    this.state.stateFilter = present.includes(state) ? present.filter((s) => s !== state) : [...present, state];
    this.refreshMask();
    this.emit("ui", "filtered");
  }

  setBrush(axis: string, intervals: readonly Interval[]): void {
    this.state.brushes = withAxis(this.state.brushes, axis, intervals);
    this.refreshMask(axis);
    this.emit("filtered");
  }

  clearBrushes(): void {
    this.state.brushes = {};
    this.refreshMask();
    this.emit("filtered");
  }

  get isFiltered(): boolean {
    return this.state.filter.trim() !== "" || this.state.stateFilter.length > 0 || isBrushed(this.state.brushes);
  }

  private runFilter(): void {
    if (this.columns === null) return;
    const result = compileFilter(this.state.filter, this.table, this.columns.count);
    if (result.ok) {
      this.filterMask = result.mask;
      this.filterProblem = null;
      this.goodFilter = this.state.filter;
      return;
    }
    this.filterProblem = { message: result.message, start: result.start, end: result.end };
    const last = compileFilter(this.goodFilter, this.table, this.columns.count);
    this.filterMask = last.ok ? last.mask : null;
  }

  /** Everything but one axis's brush, while that brush is dragged: a frame then costs one axis and not all. */
  private without: { readonly axis: string; readonly mask: Uint8Array } | undefined;

  private baseMask(count: number, exceptAxis: string): Uint8Array {
    const { columns, state } = this;
    const mask = new Uint8Array(count).fill(1);
    if (columns === null) return mask;
    if (state.stateFilter.length > 0) {
      const shown = trialStates.map((name) => (state.stateFilter.includes(name) ? 1 : 0));
      for (let i = 0; i < mask.length; i++) mask[i] = shown[columns.state[i]!] ?? 0;
    }
    const { filterMask } = this;
    if (filterMask !== null) for (let i = 0; i < mask.length; i++) mask[i]! &= filterMask[i]!;
    for (const column of this.table) {
      const intervals = column.key === exceptAxis ? undefined : state.brushes[column.key];
      if (intervals !== undefined) applyBrush(mask, column.values, intervals);
    }
    return mask;
  }

  /** @param draggedAxis the only thing that changed since the last call is this axis's brush */
  private refreshMask(draggedAxis?: string): void {
    const { columns } = this;
    if (columns === null) return;
    if (draggedAxis === undefined || this.without?.axis !== draggedAxis) {
      this.without = { axis: draggedAxis ?? "", mask: this.baseMask(columns.count, draggedAxis ?? "") };
    }
    const mask = this.without.mask.slice();
    const dragged = this.table.find((column) => column.key === draggedAxis);
    const intervals = dragged === undefined ? undefined : this.state.brushes[dragged.key];
    if (dragged !== undefined && intervals !== undefined) applyBrush(mask, dragged.values, intervals);
    let count = 0;
    for (let i = 0; i < mask.length; i++) count += mask[i]!;
    this.filtered = mask;
    this.filteredCount = count;
    this.visible = count === columns.count ? this.order : keepRows(this.order, mask);
  }

  // --- order ------------------------------------------------------------------------------------------------------

  /** The sort in force; nothing chosen = best first. */
  get sort(): PanelState["sort"] {
    const { sort } = this.state;
    if (sort.column !== "" && this.table.some((column) => column.key === sort.column)) return sort;
    const objective = this.table.find((column) => column.role === "objective");
    if (objective === undefined) return { column: columnKeys.number, descending: true };
    return { column: objective.key, descending: objective.direction === "maximize" };
  }

  setSort(column: string, descending: boolean): void {
    this.state.sort = { column, descending };
    this.refreshOrder(null);
    this.refreshMask();
    this.emit("ui", "filtered");
  }

  /** Ends `holdOrder` and sorts in what arrived meanwhile. */
  releaseOrder(): void {
    if (!this.holdOrder) return;
    this.holdOrder = false;
    const before = this.order;
    this.refreshOrder(null);
    if (sameSelection(before, this.order)) return;
    this.refreshMask();
    this.emit("filtered");
  }

  private refreshOrder(previous: TrialColumns | null): void {
    const { columns } = this;
    if (columns === null) return;
    if (this.holdOrder && previous !== null && previous.studyId === columns.studyId) {
      this.order = heldOrder(this.order, previous.number, columns.number);
      return;
    }
    const { column: key, descending } = this.sort;
    const column = this.table.find((c) => c.key === key);
    if (column !== undefined) this.order = sortIndex(sortValues(column), descending);
  }

  // --- selected, hovered ------------------------------------------------------------------------------------------

  /** Returns whether anything changed. */
  select(numbers: ArrayLike<number>, mode: SelectMode = "replace"): boolean {
    const next = selectWith(this.selected, numbers, mode);
    if (sameSelection(next, this.selected)) return false;
    this.selected = next;
    this.selectedRows = this.columns === null ? noTrials : rowsOf(next, this.columns.number);
    this.emit("selected");
    return true;
  }

  selectAllVisible(): void {
    const { columns } = this;
    if (columns !== null) this.select(this.visible.map((row) => columns.number[row]!));
  }

  isSelected(number: number): boolean {
    return indexOfSorted(this.selected, number) >= 0;
  }

  hover(number: number): void {
    if (number === this.hovered) return;
    this.hovered = number;
    this.emit("hovered");
  }

  get hoveredRow(): number {
    return this.rowOf(this.hovered);
  }

  /** -1 when the trial is not in the present columns. */
  rowOf(number: number): number {
    return number < 0 || this.columns === null ? -1 : indexOfSorted(this.columns.number, number);
  }

  /** Esc: the innermost set that is not empty. A hover that the pointer holds would only come back, so it does not count. */
  clearInnermost(): "hovered" | "selected" | "brushes" | "filter" | null {
    if (this.hovered >= 0 && !this.hoverByPointer) {
      this.hover(-1);
      return "hovered";
    }
    if (this.selected.length > 0) {
      this.select([]);
      return "selected";
    }
    if (isBrushed(this.state.brushes)) {
      this.clearBrushes();
      return "brushes";
    }
    if (this.isFiltered) {
      this.state.stateFilter = [];
      this.setFilter("");
      return "filter";
    }
    return null;
  }

  /** Set by views: whether the pointer (and not the keyboard) made the hover. */
  hoverByPointer = false;
}

/** The old order with rows translated to the new columns, and new trials appended in trial order. */
export function heldOrder(order: Int32Array, before: Int32Array, now: Int32Array): Int32Array {
  const held = new Int32Array(now.length);
  const placed = new Uint8Array(now.length);
  let count = 0;
  for (const oldRow of order) {
    const row = indexOfSorted(now, before[oldRow]!);
    if (row < 0) continue;
    held[count++] = row;
    placed[row] = 1;
  }
  for (let row = 0; row < now.length; row++) if (placed[row] === 0) held[count++] = row;
  return held;
}
