/**
 * The study panel as a person sees it: tabs, axes, the table under them.
 * Invariant: finds things by role, label and what they say, never by a component's inner classes, where it can.
 */
import type { Frame, Locator, Page } from "playwright-core";
import { webviewFrame } from "../../scripts/workbench/browser.ts";

/** The panel's document, once it shows its table. */
export function panelFrame(page: Page): Promise<Frame> {
  return webviewFrame(page, async (frame) => (await frame.locator("basin-panel basin-table").count()) > 0, 60_000);
}

export type ViewName = "Overview" | "Parallel" | "Curves" | "Schedule" | "Timeline" | "Topology" | "Flatness";

export async function showView(panel: Frame, name: ViewName): Promise<void> {
  const tab = panel.getByRole("tab", { name });
  await tab.click();
  await panel.locator(`[role="tab"][aria-selected="true"]`, { hasText: name }).waitFor();
}

/** Finished trials, as the header counts them. */
export async function finishedTrials(panel: Frame): Promise<number> {
  const text = await panel.locator("basin-header .status .numeric").innerText();
  return Number(/^\d+/u.exec(text.trim())?.[0]);
}

export const tableGrid = (panel: Frame): Locator => panel.getByRole("grid", { name: "Trials" });

/** Rows that pass the filters, drawn or not. */
export async function shownTrials(panel: Frame): Promise<number> {
  return Number(await tableGrid(panel).getAttribute("aria-rowcount")) - 1;
}

export const tableRows = (panel: Frame): Locator => tableGrid(panel).locator(`[role="row"]:has([role="gridcell"])`);

/** The selected rows that are drawn, by trial number. */
export async function selectedNumbers(panel: Frame): Promise<number[]> {
  const rows = await tableGrid(panel).locator(`[role="row"][aria-selected="true"]`).all();
  return Promise.all(rows.map(async (row) => Number(await row.getByRole("gridcell").first().innerText())));
}

/** Numbers of the trials whose rows are drawn, from the top. */
export async function tableNumbers(panel: Frame): Promise<number[]> {
  const rows = await tableRows(panel).all();
  return Promise.all(rows.map(async (row) => Number(await row.getByRole("gridcell").first().innerText())));
}

/** Brushes the objective's axis, the last one, from `from` (0 = bottom, 1 = top) up to its upper end and beyond. */
export async function brushBestOfObjective(page: Page, panel: Frame, from: number): Promise<void> {
  const plot = panel.locator("basin-parallel-chart .plot");
  const box = await plot.boundingBox();
  if (box === null) throw new Error("The parallel coordinates are not on screen.");
  const x = box.x + box.width - 64;
  await page.mouse.move(x, box.y + box.height * (1 - from));
  await page.mouse.down();
  await page.mouse.move(x, box.y + box.height * 0.2, { steps: 8 });
  await page.mouse.move(x, box.y, { steps: 4 });
  await page.mouse.up();
}
