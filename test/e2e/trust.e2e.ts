/** A folder nobody has trusted yet: it can be looked at, and nothing in it runs. */
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { lens, notifications, openFile, runCommand } from "../../scripts/workbench/browser.ts";
import { keepScreenshot, useSession } from "./session.ts";
import { startStudy } from "./trialsView.ts";

describe("an untrusted workspace", () => {
  const session = useSession({
    workspace: "test/fixtures/bowl",
    workspaceTrust: true,
    settings: {
      "security.workspace.trust.enabled": true,
      "security.workspace.trust.startupPrompt": "never",
      "security.workspace.trust.banner": "always",
    },
  });

  test("is shown with its studies and their problems", async () => {
    const { page } = session();
    await openFile(page, "broken.study.yaml");
    await lens(page, "fix before starting").waitFor();
  });

  test("starts nothing, and says what to do", async () => {
    const { page, folder } = session();
    await openFile(page, "quick.study.yaml");
    await runCommand(page, "Basin: Start HPO Study");
    await notifications(page).filter({ hasText: "restricted workspace" }).waitFor();
    await keepScreenshot(page, "untrusted");
    expect(existsSync(path.join(folder, ".basin"))).toBe(false);
  });

  test("runs its studies once it is trusted", async () => {
    const { page } = session();
    await runCommand(page, "Workspaces: Manage Workspace Trust");
    await page
      .locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/u })
      .first()
      .click();
    await page.locator(".workspace-trust-editor", { hasText: "You trust this folder" }).waitFor();
    await page.keyboard.press("Escape");
    await startStudy(page, "quick");
  });
});
