/** Before there is a study: what a newcomer finds in the view, the palette and the tour. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { lens, openViewContainer, paletteTitles, quickInput, runCommand } from "../../scripts/workbench/browser.ts";
import { catalog } from "../../src/catalog.ts";
import { parseStudy } from "../../src/core/study/parse.ts";
import { keepScreenshot, useSession } from "./session.ts";

describe("an empty folder", () => {
  const session = useSession({});

  test("has a view that says how to begin", async () => {
    const { page } = session();
    await openViewContainer(page, "Basin");
    await page.locator(".welcome-view .monaco-button", { hasText: "Tune a Model" }).waitFor();
    await keepScreenshot(page, "welcome");
  });

  test("offers in the palette what can be called there, and nothing that needs an item", async () => {
    const titles = await paletteTitles(session().page, "Basin: ");
    expect(titles).toContain("Basin: Start HPO Study");
    expect(titles).toContain("Basin: Tune This Model");
    expect(titles).not.toContain("Basin: Show Trial");
    expect(titles).not.toContain("Basin: Load More Trials");
  });

  test("gets a study file that is valid as it stands", async () => {
    const { page, folder } = session();
    await runCommand(page, "Basin: New Study File...");
    await quickInput(page).locator("input[type=text]").fill("first");
    await page.keyboard.press("Enter");
    await lens(page, "Start HPO Study").waitFor();
    expect(readdirSync(folder)).toContain("first.study.yaml");
    const parsed = parseStudy(readFileSync(path.join(folder, "first.study.yaml"), "utf8"), "yaml", catalog);
    expect(parsed.issues).toEqual([]);
    expect(parsed.study?.name).toBe("first");
  });

  test("has a tour of four steps", async () => {
    const { page } = session();
    await runCommand(page, "Welcome: Open Walkthrough...");
    await quickInput(page).locator("input[type=text]").fill("Tune your first model");
    await quickInput(page).locator(".monaco-list-row", { hasText: "Tune your first model" }).first().click();
    const steps = page.locator(".getting-started-step");
    await steps.first().waitFor();
    expect(await steps.count()).toBe(4);
    await keepScreenshot(page, "walkthrough");
  });
});
