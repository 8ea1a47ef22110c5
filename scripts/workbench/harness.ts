/**
 * One call from nothing to a workbench window with the extension in it, and one call back.
 * Invariant: everything it makes lies in one temporary folder that `close` removes; no process outlives `close`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Page } from "playwright-core";
import { type BrowserOptions, openBrowser, waitForWorkbench, workbenchUrl } from "./browser.ts";
import { root } from "./locations.ts";
import { type Settings, quietSettings } from "./quietSettings.ts";
import { type WorkbenchServer, installVsix, startServer } from "./server.ts";

export interface HarnessOptions extends BrowserOptions {
  /** Absolute folder to open. */
  readonly folder: string;
  /** A packaged file installed as a user does, the working tree linked in, or no extension of ours at all. */
  readonly extension: { readonly vsix: string } | "working-tree" | "none";
  /** Added to the quiet settings. */
  readonly settings?: Settings;
  readonly env?: Readonly<Record<string, string>>;
  readonly workspaceTrust?: boolean;
}

export interface Workbench {
  readonly page: Page;
  readonly server: WorkbenchServer;
  readonly url: string;
  /** Errors the pages logged, for a failing test to show. */
  readonly consoleErrors: readonly string[];
  /** Closes the window without a word, as a crash or a closed laptop does. */
  close(): Promise<void>;
}

/** Native modules that setup.ts leaves out, and resources of a marketplace that is switched off. */
const missingOnPurpose = /spdlog|watchdog|Failed to load resource|authentication provider/u;

/** Opens a workbench with its server and browser. The caller closes it, whatever happens in between. */
export async function openWorkbench(options: HarnessOptions): Promise<Workbench> {
  const home = mkdtempSync(path.join(tmpdir(), "basin-workbench-"));
  const folders = { userDataFolder: path.join(home, "user"), extensionsFolder: path.join(home, "extensions") };
  const undo: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step().catch(() => undefined);
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    if (options.extension === "working-tree") linkExtension(folders.extensionsFolder);
    else if (options.extension !== "none") await installVsix(folders, options.extension.vsix);

    const server = await startServer({
      ...folders,
      settings: { ...quietSettings, ...options.settings },
      ...(options.env === undefined ? {} : { env: options.env }),
      workspaceTrust: options.workspaceTrust === true,
    });
    undo.push(() => server.stop());

    const { browser, page } = await openBrowser(options);
    undo.push(() => browser.close());
    // Two busy cores make a workbench slow, not wrong.
    page.setDefaultTimeout(60_000);
    const consoleErrors: string[] = [];
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() === "error" && !missingOnPurpose.test(text)) consoleErrors.push(text.slice(0, 2000));
    });
    page.on("pageerror", (error) => consoleErrors.push(error.message));

    const url = workbenchUrl(server.port, { folder: options.folder });
    await page.goto(url);
    await waitForWorkbench(page);
    return { page, server, url, consoleErrors, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Puts the working tree among the installed extensions. VS Code takes a bare folder only while it keeps no list of its
 * own, so the list is removed: the folder must hold nothing else.
 */
export function linkExtension(extensionsFolder: string): void {
  const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Record<
    "publisher" | "name" | "version",
    string
  >;
  rmSync(extensionsFolder, { recursive: true, force: true });
  mkdirSync(extensionsFolder, { recursive: true });
  symlinkSync(
    root,
    path.join(extensionsFolder, `${manifest.publisher}.${manifest.name}-${manifest.version}`),
    "junction",
  );
}
