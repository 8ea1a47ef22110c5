/**
 * One workbench with the packaged extension for all tests of a file, on a workspace copy of its own.
 * Invariant: whatever a test does, browser, server, engine and folders are gone after its file; a failed test leaves a
 * picture and the errors of the page in test-results/e2e.
 */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, inject, onTestFailed } from "vitest";
import { clearNotifications, settledScreenshot } from "../../scripts/workbench/browser.ts";
import { type HarnessOptions, type Workbench, openWorkbench } from "../../scripts/workbench/harness.ts";
import { root } from "../../scripts/workbench/locations.ts";
import { linkedForDevelopment } from "./globalSetup.ts";
import { type WorkspaceCopy, copyFolder } from "../runners/workspaceCopy.ts";

export interface Session {
  readonly page: Page;
  /** Absolute folder that is open: a copy. */
  readonly folder: string;
  readonly workbench: Workbench;
}

export interface SessionOptions extends Omit<HarnessOptions, "folder" | "extension"> {
  /** Folder to copy, relative to the repository; an empty one when absent. */
  readonly workspace?: string;
}

const resultsFolder = path.join(root, "test-results", "e2e");

/** Declares the workbench of a test file. The returned function gives it, once tests run. */
export function useSession(options: SessionOptions): () => Session {
  let session: Session | undefined;
  let copy: WorkspaceCopy | undefined;

  beforeAll(async () => {
    copy = copyFolder(options.workspace === undefined ? undefined : path.join(root, options.workspace));
    const workbench = await openWorkbench({
      ...options,
      folder: copy.folder,
      extension: linkedForDevelopment ? "working-tree" : { vsix: inject("vsix") },
    });
    session = { page: workbench.page, folder: copy.folder, workbench };
  });

  beforeEach(() => {
    onTestFailed(async ({ task }) => {
      if (session === undefined) return;
      mkdirSync(resultsFolder, { recursive: true });
      const name = task.name.replaceAll(/[^a-z0-9]+/giu, "-").slice(0, 80);
      await session.page.screenshot({ path: path.join(resultsFolder, `FAILED-${name}.png`) }).catch(() => undefined);
      writeFileSync(path.join(resultsFolder, `FAILED-${name}.txt`), session.workbench.consoleErrors.join("\n\n"));
    });
  });

  afterAll(async () => {
    await session?.workbench.close();
    await copy?.remove();
  });

  return () => {
    if (session === undefined) throw new Error("The workbench is opened before the first test and not earlier.");
    return session;
  };
}

/**
 * Keeps a picture of the whole window in test-results/e2e, and in docs/images when BASIN_UPDATE_IMAGES is set and the
 * documents show it.
 */
export async function keepScreenshot(page: Page, name: string, forDocuments = false): Promise<void> {
  await clearNotifications(page);
  mkdirSync(resultsFolder, { recursive: true });
  const file = path.join(resultsFolder, `${name}.png`);
  writeFileSync(file, await settledScreenshot(page));
  if (!forDocuments || process.env["BASIN_UPDATE_IMAGES"] === undefined) return;
  const images = path.join(root, "docs", "images");
  mkdirSync(images, { recursive: true });
  copyFileSync(file, path.join(images, `${name}.png`));
}
