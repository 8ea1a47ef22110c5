/** A running study in the hands of a person: stop a trial, pause, resume, stop, all from the explorer. */
import { describe, expect, test } from "vitest";
import { notifications, openFile, runCommand } from "../../scripts/workbench/browser.ts";
import { eventually, studyNamed, trialsOf } from "./engineView.ts";
import { useSession } from "./session.ts";
import { pressInContextMenu, pressInline, studyRow, trialRows, trialRowsIn } from "./trialsView.ts";

describe("a running study, from the explorer", () => {
  const session = useSession({ workspace: "test/fixtures/bowl" });
  const state = async (): Promise<string> => (await studyNamed(session().folder, "slow")).state;

  test("one trial can be stopped, and says who did it", async () => {
    const { page, folder } = session();
    await openFile(page, "slow.study.yaml");
    await runCommand(page, "Basin: Start HPO Study");
    await trialRowsIn(page, "running").first().waitFor();
    const label = await trialRowsIn(page, "running").first().getAttribute("aria-label");
    const number = Number(/^Trial (\d+)/u.exec(label ?? "")?.[1]);
    await pressInline(trialRows(page).and(page.locator(`[aria-label^="Trial ${number},"]`)), "Stop Trial");
    const { id } = await studyNamed(folder, "slow");
    await eventually(
      `trial ${number} has failed`,
      async () => (await trialsOf(folder, id)).find((trial) => trial.number === number)?.state === "failed",
    );
    expect((await trialsOf(folder, id)).find((trial) => trial.number === number)?.reason).toContain("stopped by");
    await trialRowsIn(page, "failed").first().waitFor();
    expect(await state()).toBe("running");
  });

  test("it can be paused: nothing runs on", async () => {
    const { page, folder } = session();
    await pressInline(studyRow(page, "slow"), "Pause Study");
    await eventually("the study is paused", async () => (await state()) === "paused");
    const { counts } = await studyNamed(folder, "slow");
    expect(counts.running).toBe(0);
    await trialRowsIn(page, "running").first().waitFor({ state: "detached" });
  });

  test("it can be resumed: trials finish again", async () => {
    const { page, folder } = session();
    const before = (await studyNamed(folder, "slow")).counts.complete;
    await pressInline(studyRow(page, "slow"), "Resume Study");
    await eventually("the study runs", async () => (await state()) === "running");
    await eventually("more trials complete", async () => (await studyNamed(folder, "slow")).counts.complete > before);
  });

  test("it can be stopped, and a later start goes on where it was", async () => {
    const { page, folder } = session();
    await pressInContextMenu(page, studyRow(page, "slow"), "Stop Study");
    await eventually("the study is stopped", async () => (await state()) === "stopped");
    const stopped = await studyNamed(folder, "slow");
    expect(stopped.counts.running).toBe(0);
    await runCommand(page, "Basin: Start HPO Study");
    await eventually("the study runs", async () => (await state()) === "running");
    const again = await studyNamed(folder, "slow");
    expect(again.id).toBe(stopped.id);
    expect(again.counts.complete).toBeGreaterThanOrEqual(stopped.counts.complete);
    expect(
      await notifications(page)
        .filter({ hasText: /error|failed/iu })
        .count(),
    ).toBe(0);
  });
});
