/** Leave and come back: a window that goes away takes nothing with it. */
import { describe, expect, test } from "vitest";
import { runCommand, waitForWorkbench } from "../../scripts/workbench/browser.ts";
import { eventually, studyComesTo, studyNamed, trialsOf } from "./engineView.ts";
import { finishedTrials, panelFrame } from "./panelPage.ts";
import { useSession } from "./session.ts";
import { showTrials, startStudy, studyRow, trialRows } from "./trialsView.ts";

describe("a window that is reloaded during a run", () => {
  const session = useSession({ workspace: "test/fixtures/bowl" });

  test("loses nothing and finds the study again", async () => {
    const { page, folder } = session();
    await startStudy(page, "slow");
    await runCommand(page, "Basin: Open Study Panel");
    await panelFrame(page);
    const { id } = await studyNamed(folder, "slow");
    await studyComesTo(folder, "slow", "at four trials", ({ counts }) => counts.complete >= 4);
    const before = await trialsOf(folder, id);

    await page.reload();
    await waitForWorkbench(page);

    // Same study, same engine: what was done is as it was, and what ran goes on.
    const after = await trialsOf(folder, id);
    for (const trial of before.filter((each) => each.state === "complete")) {
      expect(after.find((each) => each.number === trial.number)).toEqual(trial);
    }
    expect(new Set(after.map((trial) => trial.number)).size).toBe(after.length);
    const atReload = (await studyNamed(folder, "slow")).counts.complete;
    await studyComesTo(folder, "slow", "further", ({ counts }) => counts.complete > atReload);
    await showTrials(page);
    await studyRow(page, "slow").waitFor();
    await trialRows(page).first().waitFor();
  });

  test("brings the panel back, live", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    const shown = await finishedTrials(panel);
    await eventually("the restored panel counts on", async () => (await finishedTrials(panel)) > shown);
  });

  test("a trial that was under way when the window closed is not run twice", async () => {
    const { folder } = session();
    const { id } = await studyNamed(folder, "slow");
    const trials = await trialsOf(folder, id);
    expect(trials.map((trial) => trial.number)).toEqual(trials.map((_trial, index) => index));
  });
});
