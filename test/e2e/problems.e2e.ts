/** A study with mistakes: each is shown where it is, and nothing starts. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { lens, notifications, openFile, runCommand } from "../../scripts/workbench/browser.ts";
import { keepScreenshot, useSession } from "./session.ts";

describe("an invalid study", () => {
  const session = useSession({ workspace: "test/fixtures/bowl" });
  const problemRows = () => session().page.locator(".markers-panel .monaco-list-row[aria-level='2']");

  test("shows every error at its line", async () => {
    const { page, folder } = session();
    await openFile(page, "broken.study.yaml");
    await lens(page, "fix before starting").waitFor();
    await runCommand(page, "Problems: Focus on Problems View");
    await problemRows().first().waitFor();
    const labels = await Promise.all((await problemRows().all()).map((row) => row.getAttribute("aria-label")));
    const lines = labels.map((label) => Number(/line (\d+)/iu.exec(label ?? "")?.[1])).toSorted((a, b) => a - b);
    const text = readFileSync(path.join(folder, "broken.study.yaml"), "utf8").split("\n");
    const lineOf = (part: string): number => text.findIndex((line) => line.includes(part)) + 1;
    expect(new Set(lines)).toEqual(new Set(["upwards", "low: 1,", "choices: []", "optimiser"].map(lineOf)));
    await keepScreenshot(page, "problems", true);
  });

  test("does not start: the editor says why", async () => {
    const { page, folder } = session();
    await openFile(page, "broken.study.yaml");
    await runCommand(page, "Basin: Start HPO Study");
    await notifications(page).filter({ hasText: "was not started" }).waitFor();
    expect(existsSync(path.join(folder, ".basin", "basin.db"))).toBe(false);
  });

  test("has none once it is mended, also outside of the editor", async () => {
    const { page, folder } = session();
    writeFileSync(path.join(folder, "broken.study.yaml"), readFileSync(path.join(folder, "quick.study.yaml")));
    await lens(page, "Start HPO Study").waitFor();
    expect(await problemRows().count()).toBe(0);
  });
});
