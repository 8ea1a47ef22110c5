/** A newcomer's first minute: start the digits study from the palette, watch it, and find it finished. */
import { describe, expect, test } from "vitest";
import { lens, openFile, runCommand, statusItem } from "../../scripts/workbench/browser.ts";
import { eventually, studyBecomes, studyNamed, trialsOf } from "./engineView.ts";
import { finishedTrials, panelFrame } from "./panelPage.ts";
import { keepScreenshot, useSession } from "./session.ts";
import { studyRow, trialRows } from "./trialsView.ts";

describe("the digits study, started from the palette", () => {
  const session = useSession({ workspace: "examples/digits" });
  let toast: Promise<unknown>;

  test("shows its first trial in the explorer", async () => {
    const { page, folder } = session();
    await openFile(page, "digits.study.yaml");
    await lens(page, "Start HPO Study").waitFor();
    const begun = performance.now();
    await runCommand(page, "Basin: Start HPO Study");
    await trialRows(page).first().waitFor();
    console.log(`first trial in the explorer after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    await studyRow(page, "digits-mlp").waitFor();
    // Waited for from here on: on its way a picture of the window may clear it away. What went wrong shows where it is awaited.
    toast = page
      .locator(".notification-toast", { hasText: "digits-mlp is done" })
      .waitFor({ timeout: 240_000 })
      .catch((error: unknown) => error);
    expect((await studyNamed(folder, "digits-mlp")).state).toBe("running");
  });

  test("says in lens and status bar how it goes", async () => {
    const { page } = session();
    await lens(page, "Running").waitFor();
    await lens(page, "Pause").waitFor();
    await statusItem(page, "digits-mlp").waitFor();
  });

  test("fills its panel while it runs", async () => {
    const { page, folder } = session();
    // It waits while the panel opens, however long that takes: a study of seconds would be over on a busy machine.
    await lens(page, "Pause").click();
    await studyBecomes(folder, "digits-mlp", "paused");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    const before = await finishedTrials(panel);
    await panel.getByRole("button", { name: "Resume Study" }).click();
    await eventually("the panel counts a trial more", async () => (await finishedTrials(panel)) > before);
    await keepScreenshot(page, "running", true);
    const { budgetTrials } = await studyNamed(folder, "digits-mlp");
    await eventually("the panel counts them all", async () => (await finishedTrials(panel)) === budgetTrials, 170_000);
  });

  test("ends with its whole budget and a network that reads digits", async () => {
    const { page, folder } = session();
    await studyBecomes(folder, "digits-mlp", "complete");
    const study = await studyNamed(folder, "digits-mlp");
    const trials = await trialsOf(folder, study.id);
    expect(trials).toHaveLength(study.budgetTrials ?? 0);
    expect(trials.every((trial) => trial.state === "complete" || trial.state === "pruned")).toBe(true);
    expect(study.best?.values[0]).toBeGreaterThanOrEqual(0.95);
    expect(await toast).toBeUndefined();
    await keepScreenshot(page, "finished", true);
  });
});
