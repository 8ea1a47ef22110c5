/**
 * Runs the Mocha suite inside the extension host of code-server: where desktop VS Code cannot be downloaded, and in CI.
 * Usage: node test/runners/runServer.ts.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openBrowser, remoteUri, workbenchUrl } from "../../scripts/workbench/browser.ts";
import { root } from "../../scripts/workbench/locations.ts";
import { quietSettings } from "../../scripts/workbench/quietSettings.ts";
import { startServer } from "../../scripts/workbench/server.ts";
import { setUpWorkbench } from "../../scripts/workbench/setup.ts";
import { bundleHostSuite } from "./bundleHostSuite.ts";
import { type HostResult, printHostResult, readHostResult } from "./hostResult.ts";
import { copyExamples } from "./workspaceCopy.ts";

export interface ServerRunOptions {
  readonly extensionFolder: string;
  /** Absolute module that exports `run`. */
  readonly suite: string;
  readonly workspace: string;
  readonly patienceMs: number;
}

/** Opens a workbench with the extension in development and the suite as its tests; ends with the suite. */
export async function runOnServer(options: ServerRunOptions): Promise<HostResult> {
  const home = mkdtempSync(path.join(tmpdir(), "basin-host-"));
  const resultFile = path.join(home, "result.json");
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const server = await startServer({
      userDataFolder: path.join(home, "user"),
      extensionsFolder: path.join(home, "extensions"),
      settings: quietSettings,
      smokeTestDriver: true,
      env: { BASIN_HOST_RESULT: resultFile },
    });
    undo.push(() => server.stop());
    const { browser, page } = await openBrowser();
    undo.push(() => browser.close());

    const ended = Promise.withResolvers<string>();
    const impatience = setTimeout(
      () => ended.resolve(`no end after ${options.patienceMs / 1000} s`),
      options.patienceMs,
    );
    await page.exposeFunction("codeAutomationExit", (code: number) => ended.resolve(`exit code ${code}`));
    await page.goto(
      workbenchUrl(server.port, {
        folder: options.workspace,
        payload: [
          ["extensionDevelopmentPath", remoteUri(server.port, options.extensionFolder)],
          ["extensionTestsPath", remoteUri(server.port, options.suite)],
        ],
      }),
    );
    const exit = await ended.promise;
    clearTimeout(impatience);
    return readHostResult(resultFile, exit);
  } finally {
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

if (import.meta.main) {
  await setUpWorkbench();
  const suite = await bundleHostSuite();
  const workspace = copyExamples(["digits", "pytorch-digits"]);
  try {
    const result = await runOnServer({
      extensionFolder: root,
      suite,
      workspace: workspace.folder,
      patienceMs: 10 * 60_000,
    });
    printHostResult(result);
    process.exitCode = result.failed === 0 && result.passed > 0 ? 0 : 1;
  } finally {
    await workspace.remove();
  }
}
