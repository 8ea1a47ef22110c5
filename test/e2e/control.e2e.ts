/** A running study in the hands of a person: stop a trial, pause, resume, stop, all from the explorer. */
import { describe, expect, test } from "vitest";
import { notifications, runCommand } from "../../scripts/workbench/browser.ts";
import { askEngine, engineComesTo, studyBecomes, studyComesTo, studyNamed } from "./engineView.ts";
import { useSession } from "./session.ts";
import { pressInContextMenu, pressInline, startStudy, studyRow, trialRows, trialRowsIn } from "./trialsView.ts";

describe("a running study, from the explorer", () => {
  const session = useSession({ workspace: "test/fixtures/bowl" });
  const stateOf = async (name: string): Promise<string> => (await studyNamed(session().folder, name)).state;

  test("one trial can be stopped, and says who did it", async () => {
    const { page, folder } = session();
    await startStudy(page, "patient");
    const label = (await trialRowsIn(page, "running").first().getAttribute("aria-label")) ?? "";
    const number = Number(/^Trial (\d+)/u.exec(label)?.[1]);
    await pressInline(trialRows(page).and(page.locator(`[aria-label^="Trial ${number},"]`)), "Stop Trial");
    const { id } = await studyNamed(folder, "patient");
    const ask = { studyId: id, number };
    await engineComesTo(folder, `trial ${number} has failed`, async (client) => {
      return (await client.request("trial.get", ask)).state === "failed";
    });
    expect((await askEngine(folder, (client) => client.request("trial.get", ask))).reason).toMatch(
      /^stopped by user/iu,
    );
    await trialRowsIn(page, "failed").first().waitFor();
    expect(await stateOf("patient")).toBe("running");
  });

  test("it can be stopped from its menu, and nothing of it runs on", async () => {
    const { page, folder } = session();
    await pressInContextMenu(page, studyRow(page, "patient"), "Stop Study");
    await studyBecomes(folder, "patient", "stopped");
    expect((await studyNamed(folder, "patient")).counts.running).toBe(0);
    await trialRowsIn(page, "running").first().waitFor({ state: "detached" });
  });

  test("it can be paused: nothing runs on", async () => {
    const { page, folder } = session();
    await startStudy(page, "slow");
    await pressInline(studyRow(page, "slow"), "Pause Study");
    await studyBecomes(folder, "slow", "paused");
    expect((await studyNamed(folder, "slow")).counts.running).toBe(0);
    await trialRowsIn(page, "running").first().waitFor({ state: "detached" });
  });

  test("it can be resumed: trials finish again", async () => {
    const { page, folder } = session();
    const before = (await studyNamed(folder, "slow")).counts.complete;
    await pressInline(studyRow(page, "slow"), "Resume Study");
    await studyBecomes(folder, "slow", "running");
    await studyComesTo(folder, "slow", "further", ({ counts }) => counts.complete > before);
  });

  test("a stopped one goes on where it was when it is started again", async () => {
    const { page, folder } = session();
    await pressInContextMenu(page, studyRow(page, "slow"), "Stop Study");
    await studyBecomes(folder, "slow", "stopped");
    const stopped = await studyNamed(folder, "slow");
    await runCommand(page, "Basin: Start HPO Study");
    await studyBecomes(folder, "slow", "running");
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
