/** The menu items that export the trials on show; the same in header and table. */
import type { MenuItem } from "../shared/menu.ts";
import type { PanelContext } from "../shared/panelElement.ts";
import { trialsAsCsv, trialsAsJson } from "./exportText.ts";

export function exportItems({ store, actions }: PanelContext): readonly MenuItem[] {
  const what = store.isFiltered ? `${store.filteredCount} shown trials` : "all trials";
  const name = (store.study?.name ?? "study").replace(/[^\w.-]+/g, "_");
  const save = (extension: string, text: () => string): void => {
    if (store.columns === null) return;
    void actions.act("saveText", { suggestedName: `${name}.${extension}`, text: text() });
  };
  return [
    { label: `Export CSV (${what})`, run: () => save("csv", () => trialsAsCsv(store.table, store.visible)) },
    { label: `Export JSON (${what})`, run: () => save("json", () => trialsAsJson(store.table, store.visible)) },
  ];
}
