/** Native TensorFlow from the palette: it asks before anything is downloaded, shows how it goes, and lets itself be stopped. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Locator, Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";
import { notifications, runCommand } from "../../scripts/workbench/browser.ts";
import { eventually } from "./engineView.ts";
import { keepScreenshot, useSession } from "./session.ts";

/** Stands for the folder of the person's own data: the real one is left alone. */
const data = mkdtempSync(path.join(tmpdir(), "basin-data-"));
afterAll(() => rmSync(data, { recursive: true, force: true }));

const dialog = (page: Page): Locator => page.locator(".monaco-dialog-box");
const home = path.join(data, "basin", "native");

/** Installations, finished or under way. */
function installations(): string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home, { recursive: true, encoding: "utf8" }).filter((name) =>
    /(?:^|\/)(?:cpu|gpu)[-.]/u.test(name),
  );
}

describe("native TensorFlow", () => {
  const session = useSession({ workspace: "test/fixtures/bowl", env: { XDG_DATA_HOME: data } });

  test("is not installed before the person agrees", async () => {
    const { page } = session();
    await runCommand(page, "Basin: Install Native TensorFlow Backend");
    await dialog(page).filter({ hasText: "are downloaded" }).waitFor();
    await keepScreenshot(page, "native-question");
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    await dialog(page).waitFor({ state: "hidden" });
    expect(installations()).toEqual([]);
  });

  test("shows its progress, and leaves nothing when it is cancelled", async () => {
    const { page } = session();
    await runCommand(page, "Basin: Install Native TensorFlow Backend");
    await dialog(page).getByRole("button", { name: "Install", exact: true }).click();
    const progress = notifications(page).filter({ hasText: "Installing tfjs-node" });
    await progress.waitFor();
    await eventually("the installation has begun", () => Promise.resolve(installations().length > 0));
    await progress.getByRole("button", { name: "Cancel" }).click();
    await progress.waitFor({ state: "hidden" });
    await eventually("what was begun is gone", () => Promise.resolve(installations().length === 0));
  });
});
