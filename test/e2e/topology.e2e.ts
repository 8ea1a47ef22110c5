/** Representations of trained networks compared in the panel: pairs, barcode, map, from the explorer's Compare Topology. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../scripts/workbench/browser.ts";
import { engineComesTo, eventually, studyBecomes, studyNamed } from "./engineView.ts";
import { panelFrame, selectedNumbers, showView } from "./panelPage.ts";
import { keepScreenshot, useSession } from "./session.ts";
import { pressInContextMenu, startStudy, trialNumbers, trialRows } from "./trialsView.ts";

const study = `study: shapes-of-digits
objective: { metric: val_accuracy, direction: maximize }
trainer:
  kind: tfjs
  model: mlp
  data: { csv: ./digits.csv, label: target, validation: 0.2, test: 0.2, standardize: true }
  epochs: 6
space:
  width: { type: int, low: 16, high: 96, log: true }
  learningRate: { type: float, low: 1e-4, high: 1e-1, log: true }
  batchSize: { type: constant, value: 64 }
sampler: { kind: random }
diagnostics:
  rtd: { variant: one-to-noise, samples: 96, everyEpochs: 2 }
budget: { trials: 12, parallel: 2 }
seed: 5
`;

describe("topology of a study's representations", () => {
  const session = useSession({ workspace: "examples/digits", height: 1000 });

  test("every trial is scored while the study runs", async () => {
    const { page, folder } = session();
    writeFileSync(path.join(folder, "shapes.study.yaml"), study);
    await startStudy(page, "shapes");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await showView(panel, "Topology");
    await panel.locator("basin-topology").getByText("the same 96 samples").waitFor({ timeout: 60_000 });
    await studyBecomes(folder, "shapes-of-digits", "complete");
    const { id } = await studyNamed(folder, "shapes-of-digits");
    await engineComesTo(folder, "all are scored", async (client) => {
      const { trials } = await client.request("topology.report", { studyId: id });
      return trials.number.length === 12 && trials.score.every((score) => score > 0);
    });
    await panel.locator("basin-topology").getByRole("radio", { name: "Trials" }).click();
    await panel.locator("#scatter table tbody tr").first().waitFor({ state: "attached" });
    expect(await panel.locator("#scatter table tbody tr").count()).toBe(12);
  });

  test("all pairs are compared on request, ordered, and laid out", async () => {
    const { page, folder } = session();
    const panel = await panelFrame(page);
    await panel.locator("basin-topology").getByRole("radio", { name: "Pairs" }).click();
    await panel.getByRole("button", { name: "Compare", exact: true }).click();
    const { id } = await studyNamed(folder, "shapes-of-digits");
    await engineComesTo(folder, "the matrix is complete", async (client) => {
      const { state } = await client.request("topology.matrix", { studyId: id, start: false });
      return state === "complete";
    });
    await eventually("the panel draws it", async () =>
      /closest of 66 pairs/u.test(await panel.locator("basin-rtd-matrix table caption").innerText()),
    );
    await panel.locator("basin-topology").getByRole("radio", { name: "Trials" }).click();
    await panel.getByText(/classical scaling of RTD, stress/u).waitFor();
    expect(await panel.locator("#map table tbody tr").count()).toBe(12);
    await keepScreenshot(page, "topology-map");
  });

  test("Compare Topology shows the barcode of the two trials selected in the explorer", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    await showView(panel, "Overview");
    const [first, second] = await trialNumbers(page);
    const rowOf = (number: number | undefined): ReturnType<typeof trialRows> =>
      trialRows(page).and(page.locator(`[aria-label^="Trial ${number},"]`));
    await rowOf(first).click();
    await rowOf(second).click({ modifiers: ["ControlOrMeta"] });
    await pressInContextMenu(page, rowOf(second), "Compare Topology");
    const shown = await panelFrame(page);
    await shown.locator(`[role="tab"][aria-selected="true"]`, { hasText: "Topology" }).waitFor();
    const pair = [first!, second!].toSorted((a, b) => a - b);
    await eventually(
      "both are selected",
      async () => (await selectedNumbers(shown)).toSorted((a, b) => a - b).join() === pair.join(),
    );
    const caption = shown.locator("basin-rtd-barcode table caption").first();
    await eventually("the barcode is theirs", async () =>
      (await caption.innerText()).includes(`In #${pair[1]}, not in #${pair[0]}`),
    );
    await keepScreenshot(page, "topology", true);
  });

  test("the drift over the epochs is drawn", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    await panel.locator("basin-topology").getByRole("radio", { name: "Drift" }).click();
    await panel.locator("basin-topology basin-curves-chart canvas").first().waitFor();
    await keepScreenshot(page, "topology-drift");
  });

  test("the page that says what RTD does not tell opens beside the panel", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    await panel.getByRole("button", { name: "What it does not tell" }).click();
    await page.getByRole("tab", { name: /topology\.md/u }).waitFor();
  });
});
