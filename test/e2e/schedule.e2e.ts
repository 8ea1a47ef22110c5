/** What a scheduler does with real networks, watched in the panel: rungs, reasons, slots over time, a population's descent. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { Frame } from "playwright-core";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../scripts/workbench/browser.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";
import { askEngine, eventually, studyBecomes, studyComesTo, studyNamed } from "./engineView.ts";
import { panelFrame, selectedNumbers, showView, tableRows } from "./panelPage.ts";
import { keepScreenshot, useSession } from "./session.ts";
import { startStudy } from "./trialsView.ts";

/** The digits of the examples, with the parameters that are worth learning early about. */
const digits = (name: string, scheduler: string, budget: string, epochs: number): string => `study: ${name}
objective: { metric: val_accuracy, direction: maximize }
trainer:
  kind: tfjs
  model: mlp
  data: { csv: ./digits.csv, label: target, validation: 0.2, test: 0.2, standardize: true }
  epochs: ${epochs}
space:
  width: { type: int, low: 16, high: 128, log: true }
  dropout: { type: float, low: 0, high: 0.5 }
  learningRate: { type: float, low: 1e-4, high: 1e-1, log: true }
  batchSize: { type: constant, value: 64 }
sampler: { kind: random }
scheduler: ${scheduler}
budget: ${budget}
seed: 3
`;

describe("a study under a scheduler", () => {
  const session = useSession({ workspace: "examples/digits", height: 1000 });

  const reportOf = async (name: string): Promise<ScheduleReport> => {
    const { folder } = session();
    const { id } = await studyNamed(folder, name);
    return await askEngine(folder, (client) => client.request("study.schedule", { studyId: id }));
  };

  /** Rows of a view's table for screen readers, as text. */
  const tableOf = async (panel: Frame, chart: string): Promise<readonly string[]> =>
    await panel.locator(`${chart} table.visually-hidden tbody tr`).allTextContents();

  test("shows rungs and reasons while it runs", async () => {
    const { page, folder } = session();
    const text = digits("early", "{ kind: asha, eta: 3 }", "{ trials: 30, parallel: 2 }", 9);
    writeFileSync(path.join(folder, "early.study.yaml"), text);
    await startStudy(page, "early");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await showView(panel, "Schedule");
    await panel.locator("basin-decisions li").first().waitFor({ timeout: 60_000 });
    await eventually(
      "the panel has read decisions",
      async () => (await panel.locator("basin-decisions li").count()) > 3,
    );
    await studyBecomes(folder, "early", "complete");
    const report = await reportOf("early");
    const saved = new RegExp(`^Trained ${report.trainedSteps} of 270 epochs: \\d+ % saved`);
    await eventually("the panel says what was saved", async () =>
      saved.test(await panel.locator("basin-schedule .saved").innerText()),
    );
    expect(report.trainedSteps).toBeLessThan(270);
    expect(report.decisions.every(({ reason }) => reason !== "")).toBe(true);
    const rows = await tableOf(panel, "basin-rungs-chart");
    expect(rows).toHaveLength(report.brackets.reduce((n, { rungs }) => n + rungs.length, 0));
    expect(rows[0]).toMatch(/30 trials: .*promoted/);
    await keepScreenshot(page, "rungs", true);
  });

  test("one selection: a decision's trial is selected in table and log", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    const report = await reportOf("early");
    const promoted = report.decisions.findLast(({ decision }) => decision === "promote");
    if (promoted === undefined) throw new Error("Nothing was promoted.");
    await panel
      .locator("basin-decisions li button.link", { hasText: new RegExp(`^#${promoted.number}$`) })
      .first()
      .click();
    await eventually("only its decisions are read", async () => {
      const own = report.decisions.filter(({ number }) => number === promoted.number).length;
      return (await panel.locator("basin-decisions li").count()) === own;
    });
    await tableRows(panel).first().waitFor();
    await eventually("the table follows", async () => {
      const numbers = await selectedNumbers(panel);
      return numbers.every((number) => number === promoted.number);
    });
    await keepScreenshot(page, "rungs-selected");
  });

  test("shows what ran in each slot", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    await showView(panel, "Timeline");
    await panel.locator("basin-timeline-chart canvas").first().waitFor();
    const report = await reportOf("early");
    const rows = await tableOf(panel, "basin-timeline-chart");
    expect(rows).toHaveLength(2);
    const attempts = rows.map((row) => Number(/%\s*(\d+)/u.exec(row)?.[1]));
    expect(attempts.reduce((a, b) => a + b, 0)).toBe(report.attempts.number.length);
    expect(report.attempts.number.length).toBeGreaterThan(30);
    await keepScreenshot(page, "timeline", true);
  });

  test("draws who descends from whom in a population", async () => {
    const { page, folder } = session();
    const text = digits("members", "{ kind: pbt, population: 8, interval: 2 }", "{ trials: 8, parallel: 2 }", 12);
    writeFileSync(path.join(folder, "members.study.yaml"), text);
    await startStudy(page, "members");
    await studyBecomes(folder, "members", "complete");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await showView(panel, "Schedule");
    await panel.locator("basin-lineage-chart canvas").first().waitFor();
    const report = await reportOf("members");
    const copied = report.decisions.filter(({ decision }) => decision === "exploit");
    expect(copied.length).toBeGreaterThan(0);
    expect(report.lineage).toHaveLength(copied.length);
    await panel.locator("basin-lineage-chart .plot").focus();
    await page.keyboard.press("End");
    const newest = report.lineage.reduce((a, b) => (b.number > a.number ? b : a));
    const said = panel.locator("basin-lineage-chart [aria-live]");
    await eventually("the newest copy says whose it is", async () =>
      (await said.innerText()).includes(`#${newest.number} · copied #${newest.parent} at epoch ${newest.step}`),
    );
    await panel.locator("basin-schedule h2", { hasText: "Lineage" }).click();
    await keepScreenshot(page, "lineage", true);
  });

  test("shows rates that trials adapt under their learning curves", async () => {
    const { page, folder } = session();
    await startStudy(page, "online");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await showView(panel, "Curves");
    await panel.locator(`basin-curves-chart[data-metric="learning_rate"] canvas`).first().waitFor({ timeout: 90_000 });
    await panel.locator(`basin-curves-chart[data-metric="momentum"] canvas`).first().waitFor();
    await studyComesTo(folder, "digits-online", "at five trials", ({ counts }) => counts.complete > 4, 170_000);
    await keepScreenshot(page, "online-rates");
  });
});
