import { describe, expect, it } from "vitest";
import { generateStudy } from "../gallery/generate.ts";
import { readPanelState } from "./panelState.ts";
import { PanelStore, heldOrder, type Topic } from "./store.ts";

function storeOf(count: number, state: "complete" | "running" = "complete"): PanelStore {
  const store = new PanelStore();
  const data = generateStudy(count, { state, loss: false });
  store.setData(data.study, data.columns);
  return store;
}

function valuesOf(store: PanelStore, key: string): number[] {
  const column = store.table.find((c) => c.key === key);
  return [...store.visible].map((row) => column?.values[row] ?? Number.NaN);
}

describe("PanelStore", () => {
  it("shows the best first, trials without a value last", () => {
    const shown = valuesOf(storeOf(200), "val_accuracy");
    const known = shown.filter((value) => !Number.isNaN(value));
    expect(known).toEqual([...known].sort((a, b) => b - a));
    expect(shown.slice(known.length).every(Number.isNaN)).toBe(true);
  });

  it("filters by chips, expression and brushes together, and each goes away alone", () => {
    const store = storeOf(400);
    store.toggleState("complete");
    store.setFilter("optimizer = adam");
    store.setBrush("learningRate", [[1e-3, 1e-2]]);
    const rates = valuesOf(store, "learningRate");
    expect(rates.length).toBeGreaterThan(0);
    expect(rates.every((rate) => rate >= 1e-3 && rate <= 1e-2)).toBe(true);
    expect(store.filteredCount).toBe(store.visible.length);
    const narrow = store.filteredCount;
    store.setBrush("learningRate", [
      [1e-3, 1e-2],
      [0.1, 1],
    ]);
    expect(store.filteredCount).toBeGreaterThanOrEqual(narrow);
    store.setBrush("learningRate", []);
    store.setFilter("");
    expect(store.filteredCount).toBe(store.study?.counts.complete);
    store.toggleState("complete");
    expect(store.filteredCount).toBe(400);
  });

  it("a brush dragged after another change starts from the present state", () => {
    const store = storeOf(300);
    store.setBrush("dropout", [[0, 0.3]]);
    store.setBrush("dropout", [[0, 0.6]]);
    store.setFilter("depth >= 3");
    store.setBrush("dropout", [[0, 0.6]]);
    expect(valuesOf(store, "depth").every((depth) => depth >= 3)).toBe(true);
    store.setBrush("width", [[16, 100]]);
    store.setBrush("width", [[16, 200]]);
    store.setBrush("dropout", [[0, 0.1]]);
    expect(valuesOf(store, "width").every((width) => width <= 200)).toBe(true);
  });

  it("keeps the last good filter while the text is wrong, also over new data", () => {
    const store = storeOf(100);
    store.setFilter("val_accuracy > 0.95");
    const { filteredCount } = store;
    store.setFilter("val_acuracy > 0.95");
    expect(store.filterProblem?.message).toContain("Did you mean val_accuracy");
    expect(store.filteredCount).toBe(filteredCount);
    const more = generateStudy(150, { state: "complete", loss: false }, 2);
    store.setData(more.study, more.columns);
    expect(store.filteredCount).toBeGreaterThanOrEqual(filteredCount);
    expect(store.filteredCount).toBeLessThan(150);
    store.setFilter("");
    expect(store.filterProblem).toBeNull();
    expect(store.filteredCount).toBe(150);
  });

  it("drops snapshots that are older than the one shown", () => {
    const store = storeOf(50);
    const newer = generateStudy(60, { state: "complete", loss: false }, 5);
    store.setData(newer.study, newer.columns);
    const older = generateStudy(55, { state: "complete", loss: false }, 4);
    store.setData(older.study, older.columns);
    expect(store.columns?.count).toBe(60);
  });

  it("appends what arrives while the order is held, and sorts it in afterwards", () => {
    const store = storeOf(80);
    store.holdOrder = true;
    const before = [...store.visible];
    const more = generateStudy(90, { state: "complete", loss: false }, 2);
    store.setData(more.study, more.columns);
    expect([...store.visible].slice(0, 80)).toEqual(before);
    store.releaseOrder();
    const known = valuesOf(store, "val_accuracy").filter((value) => !Number.isNaN(value));
    expect(known).toEqual([...known].sort((a, b) => b - a));
  });

  it("Esc clears the innermost first: hover by keyboard, selection, brushes, filter", () => {
    const store = storeOf(50);
    store.setFilter("depth > 1");
    store.setBrush("dropout", [[0, 0.5]]);
    store.select([1, 2]);
    store.hover(3);
    const cleared = Array.from({ length: 5 }, () => store.clearInnermost());
    expect(cleared).toEqual(["hovered", "selected", "brushes", "filter", null]);
    store.hoverByPointer = true;
    store.hover(3);
    expect(store.clearInnermost()).toBeNull();
  });

  it("tells only those who asked", () => {
    const store = storeOf(20);
    const heard: Topic[] = [];
    for (const topic of ["filtered", "selected", "hovered", "ui"] as const)
      store.subscribe([topic], () => heard.push(topic));
    store.hover(4);
    store.hover(4);
    store.select([1]);
    store.select([1]);
    expect(heard).toEqual(["hovered", "selected"]);
  });

  it("restores what it kept", () => {
    const store = storeOf(50);
    store.select([7, 3]);
    store.setSort("learningRate", true);
    store.setBrush("dropout", [[0.1, 0.2]]);
    const kept: unknown = JSON.parse(JSON.stringify(store.snapshot()));
    const again = new PanelStore();
    again.restore(kept);
    const data = generateStudy(50, { state: "complete", loss: false });
    again.setData(data.study, data.columns);
    expect([...again.selected]).toEqual([3, 7]);
    expect([...again.visible]).toEqual([...store.visible]);
    expect(again.snapshot()).toEqual(store.snapshot());
  });

  it("reads any state without throwing", () => {
    for (const bad of [
      null,
      3,
      "x",
      [],
      { version: 2 },
      { version: 1, sort: 4, brushes: [], selected: ["a"], splitter: Number.NaN, curves: null },
    ]) {
      expect(readPanelState(bad).view).toBe("overview");
    }
    expect(readPanelState({ version: 1, splitter: 9 }).splitter).toBeLessThan(1);
    const schedule = { bracket: 3, mode: "lineage", axis: "width" };
    expect(readPanelState({ version: 1, schedule }).schedule).toEqual({ bracket: "", mode: "lineage", axis: "width" });
    expect(readPanelState({ version: 1, schedule: { mode: "?" } }).schedule.mode).toBe("");
  });
});

describe("heldOrder", () => {
  it("translates rows when numbers are missing from the new columns", () => {
    expect([...heldOrder(Int32Array.of(2, 0, 1), Int32Array.of(0, 4, 6), Int32Array.of(0, 6, 7))]).toEqual([1, 0, 2]);
  });
});
