/** The panel on a finished study: one selection through every view, kept through a reload, in every theme. */
import { describe, expect, test } from "vitest";
import { chooseTheme, reloadWindow, runCommand } from "../../scripts/workbench/browser.ts";
import { eventually, studyBecomes, studyNamed, trialsOf } from "./engineView.ts";
import {
  brushBestOfObjective,
  finishedTrials,
  panelFrame,
  selectedNumbers,
  showView,
  shownTrials,
  tableNumbers,
  tableRows,
} from "./panelPage.ts";
import { keepScreenshot, useSession } from "./session.ts";
import { startStudy, trialRows } from "./trialsView.ts";

describe("the study panel", () => {
  const session = useSession({ workspace: "test/fixtures/bowl", height: 1000 });

  test("fills while the study runs and ends with all of its trials", async () => {
    const { page, folder } = session();
    await startStudy(page, "quick");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await studyBecomes(folder, "quick", "complete");
    await eventually("the panel shows all trials", async () => (await finishedTrials(panel)) === 60);
    expect(await shownTrials(panel)).toBe(60);
    await keepScreenshot(page, "overview");
  });

  test("a brush on an axis filters the table to the trials inside", async () => {
    const { page, folder } = session();
    const panel = await panelFrame(page);
    await showView(panel, "Parallel");
    await brushBestOfObjective(page, panel, 0.7);
    await eventually("the table is filtered", async () => (await shownTrials(panel)) < 60);
    const shown = await shownTrials(panel);
    expect(shown).toBeGreaterThan(0);
    const { id } = await studyNamed(folder, "quick");
    const byValue = (await trialsOf(folder, id)).toSorted((a, b) => (b.values[0] ?? 0) - (a.values[0] ?? 0));
    // The upper end of the objective's axis is the good one, so exactly the best remain, best first.
    const best = byValue.slice(0, shown).map((trial) => trial.number);
    const drawn = await tableNumbers(panel);
    expect(drawn).toEqual(best.slice(0, drawn.length));
    await keepScreenshot(page, "parallel", true);
  });

  test("a click in the table selects in the explorer, and the other way round", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    const [first, second] = await tableNumbers(panel);
    await tableRows(panel).first().click();
    await eventually("the row is selected", async () => (await selectedNumbers(panel)).join() === String(first));
    await trialRows(page)
      .and(page.locator(`[aria-label^="Trial ${first},"][aria-selected="true"]`))
      .waitFor();
    await trialRows(page)
      .and(page.locator(`[aria-label^="Trial ${second},"]`))
      .click();
    await eventually("the panel follows", async () => (await selectedNumbers(panel)).join() === String(second));
  });

  test("learning curves show the same selection", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    await showView(panel, "Curves");
    await panel.locator("basin-curves canvas").first().waitFor();
    await keepScreenshot(page, "curves");
  });

  test("comes back after a reload with its view, brush and selection", async () => {
    const { page } = session();
    const before = await panelFrame(page);
    await showView(before, "Parallel");
    const shown = await shownTrials(before);
    const selected = await selectedNumbers(before);
    expect(selected).toHaveLength(1);
    // The page hands its state to VS Code shortly after a change, and has no sign for it.
    await page.waitForTimeout(1000);
    await reloadWindow(page);
    const panel = await panelFrame(page);
    await panel.locator(`[role="tab"][aria-selected="true"]`, { hasText: "Parallel" }).waitFor();
    await eventually("the brush filters as before", async () => (await shownTrials(panel)) === shown);
    await eventually(
      "the same trial is selected",
      async () => (await selectedNumbers(panel)).join() === selected.join(),
      10_000,
    );
  });

  test("is drawn in light and in high contrast too", async () => {
    const { page, workbench } = session();
    await chooseTheme(page, "light");
    await keepScreenshot(page, "parallel-light", true);
    await chooseTheme(page, "highContrast");
    await keepScreenshot(page, "parallel-high-contrast");
    await chooseTheme(page, "highContrastLight");
    await keepScreenshot(page, "parallel-high-contrast-light");
    expect(workbench.consoleErrors.filter((text) => /Content Security Policy|basin/iu.test(text))).toEqual([]);
  });
});
