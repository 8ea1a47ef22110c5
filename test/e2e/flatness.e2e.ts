/** Sharpness of trained networks and the loss around their weights, measured and drawn in the panel. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { quickInput, runCommand } from "../../scripts/workbench/browser.ts";
import type { EngineClient } from "../../src/client/engineClient.types.ts";
import { engineComesTo, eventually, studyBecomes, studyNamed } from "./engineView.ts";
import { panelFrame, showView, tableRows } from "./panelPage.ts";
import { keepScreenshot, useSession } from "./session.ts";
import { pressInContextMenu, startStudy, trialNumbers, trialRows } from "./trialsView.ts";

const study = `study: flat-digits
objective: { metric: val_accuracy, direction: maximize }
trainer:
  kind: tfjs
  model: mlp
  data: { csv: ./digits.csv, label: target, validation: 0.2, test: 0.2, standardize: true }
  epochs: 5
space:
  width: { type: int, low: 16, high: 64, log: true }
  learningRate: { type: float, low: 1e-4, high: 1e-1, log: true }
  batchSize: { type: constant, value: 64 }
sampler: { kind: random }
diagnostics:
  sharpness: { estimators: [exact-frobenius, rms], samples: 256 }
budget: { trials: 12, parallel: 2 }
seed: 5
`;

describe("flatness of a study's minima", () => {
  const session = useSession({ workspace: "examples/digits", height: 1000 });

  test("sharpness stands against the gap and the objective, with its rank correlation", async () => {
    const { page, folder } = session();
    writeFileSync(path.join(folder, "flat.study.yaml"), study);
    await startStudy(page, "flat");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await showView(panel, "Flatness");
    await studyBecomes(folder, "flat-digits", "complete");
    const view = panel.locator("basin-flatness");
    await view
      .getByText(/Spearman .*, n 12/u)
      .first()
      .waitFor();
    await view.getByText("Exactly the Frobenius norm of the last layer's Hessian block.").waitFor();
    expect(await view.locator("#sharpness-gap table tbody tr").count()).toBe(12);
    await keepScreenshot(page, "flatness");
  });

  test("other measures are made on request, and kept apart from those of the study", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    const view = panel.locator("basin-flatness");
    await tableRows(panel).first().click();
    await view.getByRole("button", { name: "Measure 1 Selected" }).click();
    const options = view.locator("vscode-option");
    await options.filter({ hasText: "RMS ratio (1024 samples, batches of 64)" }).waitFor({ state: "attached" });
    expect(await options.filter({ hasText: /^\s*RMS ratio\s*$/u }).count()).toBe(1);
  });

  test("Measure Sharpness measures what is selected in the explorer, by the measures that are ticked", async () => {
    const { page, folder } = session();
    await showView(await panelFrame(page), "Overview");
    const numbers = await trialNumbers(page);
    const rowOf = (number: number | undefined): ReturnType<typeof trialRows> =>
      trialRows(page).and(page.locator(`[aria-label^="Trial ${number},"]`));
    await rowOf(numbers[1]).click();
    await rowOf(numbers[2]).click({ modifiers: ["ControlOrMeta"] });
    await pressInContextMenu(page, rowOf(numbers[2]), "Measure Sharpness...");
    const input = quickInput(page);
    await input.getByText("Measure Sharpness of 2 Trials").waitFor();
    await keepScreenshot(page, "measure-sharpness");
    await input.locator("input[type=text]").fill("Worst case in a ball");
    await input.locator(".monaco-list-row").filter({ hasText: "Worst case in a ball" }).click();
    await input.getByRole("button", { name: "OK" }).click();
    const panel = await panelFrame(page);
    await panel.locator(`[role="tab"][aria-selected="true"]`, { hasText: "Flatness" }).waitFor();
    const { id } = await studyNamed(folder, "flat-digits");
    const wanted = numbers.slice(1, 3).toSorted((a, b) => a - b);
    await engineComesTo(folder, "both are measured", async (client) => {
      const jobs = await client.request("flatness.list", { studyId: id });
      const done = jobs.filter(
        ({ request, state }) => state === "done" && request.kind === "sharpness" && request.estimators.includes("sam"),
      );
      return (
        done
          .map(({ number }) => number)
          .toSorted((x, y) => x - y)
          .join() === wanted.join()
      );
    });
    const options = panel.locator("basin-flatness vscode-option");
    await options.filter({ hasText: "(1024 samples" }).nth(3).waitFor({ state: "attached" });
  });

  test("a plane is computed on request and drawn as lines and as a surface", async () => {
    const { page, folder } = session();
    const panel = await panelFrame(page);
    const view = panel.locator("basin-flatness");
    await tableRows(panel).first().click();
    await view.getByRole("radio", { name: "2-D" }).click();
    await view.getByRole("button", { name: "Compute" }).click();
    const { id } = await studyNamed(folder, "flat-digits");
    const isPlaneDone = async (client: EngineClient): Promise<boolean> => {
      const jobs = await client.request("flatness.list", { studyId: id });
      return jobs.some(({ request, state }) => request.kind === "plane" && state === "done");
    };
    await engineComesTo(folder, "the plane is computed", isPlaneDone, 120_000);
    await view.locator("basin-loss-contour table caption").waitFor({ state: "attached" });
    expect(await view.locator("basin-loss-contour table caption").innerText()).toContain("25 by 25 places");
    await keepScreenshot(page, "flatness-contour");
    await view.getByRole("radio", { name: "Surface" }).click();
    const plot = view.locator("basin-loss-surface .plot");
    await plot.focus();
    await page.keyboard.press("ArrowRight");
    await keepScreenshot(page, "flatness-surface", true);
  });

  test("a line and a spectrum come the same way", async () => {
    const { page } = session();
    const panel = await panelFrame(page);
    const view = panel.locator("basin-flatness");
    await view.getByRole("radio", { name: "1-D" }).click();
    await view.getByRole("button", { name: "Compute" }).first().click();
    await view.locator("#line canvas").first().waitFor({ timeout: 60_000 });
    await view.getByRole("radio", { name: "Spectrum" }).click();
    await view.getByRole("button", { name: "Compute" }).first().click();
    await view.locator("#spectrum canvas").first().waitFor({ timeout: 60_000 });
    await view.getByText(/eigenvalues #\d+: /u).waitFor();
    await keepScreenshot(page, "flatness-spectrum");
  });
});

describe("a search guided by flatness", () => {
  const session = useSession({ workspace: "examples/fghpo", height: 1000 });

  test("shows its funnel with the reasons of what it discarded", async () => {
    const { page, folder } = session();
    await startStudy(page, "wine");
    await runCommand(page, "Basin: Open Study Panel");
    const panel = await panelFrame(page);
    await showView(panel, "Flatness");
    const view = panel.locator("basin-flatness");
    await view.getByRole("radio", { name: "Funnel" }).click();
    await studyBecomes(folder, "fghpo-wine", "complete");
    const rows = view.locator("basin-fghpo-funnel table tr");
    const counts = async (): Promise<readonly number[]> =>
      (await rows.locator("td").allTextContents()).map((text) => Number(text));
    await eventually("the funnel has narrowed", async () => (await counts())[3] === 1);
    const [tried, passed, full] = await counts();
    expect(tried).toBe(50);
    expect(full).toBe(10);
    expect(passed).toBeGreaterThanOrEqual(10);
    const discarded = (await view.locator(".reasons strong").allTextContents()).map((text) =>
      Number(/\d+$/u.exec(text)),
    );
    expect(discarded.reduce((sum, count) => sum + count, 0)).toBe(40);
    await keepScreenshot(page, "flatness-funnel");
  });
});
