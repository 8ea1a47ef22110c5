/**
 * The Trials view as a person sees it: rows by what they say, actions by their tooltips.
 * Invariant: rows are found by their accessible names, so that these helpers also hold the view to having some.
 */
import type { Locator, Page } from "playwright-core";
import { openFile, openViewContainer, quickInput, runCommand } from "../../scripts/workbench/browser.ts";

const row = `.sidebar [role="tree"][aria-label="Trials"] .monaco-list-row`;

export async function showTrials(page: Page): Promise<void> {
  await openViewContainer(page, "Basin");
  await rows(page).first().waitFor();
}

/**
 * Opens `<study>.study.yaml` and starts it from the palette; ends when its first trial shows. The palette can be quicker
 * than the news of another active editor, and then asks which study: as a person would, say so.
 */
export async function startStudy(page: Page, study: string): Promise<void> {
  await openFile(page, `${study}.study.yaml`);
  await runCommand(page, "Basin: Start HPO Study");
  const trial = trialRowsIn(page, "running").first();
  const choice = quickInput(page).locator(".monaco-list-row", { hasText: `${study}.study.yaml` });
  await trial.or(choice).first().waitFor();
  if (await choice.isVisible()) await choice.click();
  await trial.waitFor();
}

export function rows(page: Page): Locator {
  return page.locator(row);
}

/** The row of a study or of a study file that was never started. */
export function studyRow(page: Page, name: string): Locator {
  return page.locator(`${row}[aria-level="1"]`).filter({ hasText: name });
}

/** Rows of trials, in the order of the view; only those that are scrolled into view exist. */
export function trialRows(page: Page): Locator {
  return page.locator(`${row}[aria-level="2"][aria-label^="Trial "]`);
}

export function trialRowsIn(
  page: Page,
  state: "running" | "complete" | "failed" | "pruned" | "waiting" | "paused",
): Locator {
  return page.locator(`${row}[aria-level="2"][aria-label*=", ${state}"]`);
}

/** Presses one of the buttons that a row shows under the pointer. */
export async function pressInline(row: Locator, title: string): Promise<void> {
  await row.hover();
  await row.locator(`.actions .action-label[aria-label^="${title}"]`).click();
}

/** A command of the row's context menu. */
export async function pressInContextMenu(page: Page, row: Locator, title: string): Promise<void> {
  const menu = page.locator(".monaco-menu");
  const item = menu.locator(".action-item", { hasText: title }).first();
  for (let presses = 1; ; presses++) {
    if (!(await menu.first().isVisible())) await row.click({ button: "right" });
    await item.click();
    try {
      await menu.waitFor({ state: "hidden", timeout: 3000 });
      return;
    } catch (error) {
      // A menu takes no press in the moment it opens: it stays open, and like a person, we press again.
      if (presses === 8) throw error;
    }
  }
}

/** Trial numbers of the rows that are drawn. */
export async function trialNumbers(page: Page): Promise<number[]> {
  const labels = await Promise.all((await trialRows(page).all()).map((each) => each.getAttribute("aria-label")));
  return labels.map((label) => Number(/^Trial (\d+)/u.exec(label ?? "")?.[1]));
}
