/**
 * Runs the Mocha suite inside desktop VS Code, where it can be downloaded; the same suite as runServer.ts.
 * Usage: node test/runners/runDesktop.ts (on Linux without a display: under xvfb-run)
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { downloadAndUnzipVSCode, runTests } from "@vscode/test-electron";
import { root } from "../../scripts/workbench/locations.ts";
import { bundleHostSuite } from "./bundleHostSuite.ts";
import { printHostResult, readHostResult } from "./hostResult.ts";
import { copyExamples } from "./workspaceCopy.ts";

/** The editor to test in: the one named by BASIN_VSCODE, else a downloaded stable one; undefined when neither works. */
async function desktopEditor(): Promise<string | undefined> {
  const named = process.env["BASIN_VSCODE"];
  if (named !== undefined && named !== "") return named;
  try {
    return await downloadAndUnzipVSCode({ version: "stable", cachePath: path.join(root, ".workbench", "desktop") });
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    console.error(`Desktop VS Code could not be downloaded (${cause}).`);
    console.error(
      "Run the same suite on code-server with `npm run test:host`, or name an installed editor in BASIN_VSCODE.",
    );
    return undefined;
  }
}

const vscodeExecutablePath = await desktopEditor();
if (vscodeExecutablePath === undefined) process.exit(1);

const suite = await bundleHostSuite();
const workspace = copyExamples(["digits", "pytorch-digits"]);
const home = mkdtempSync(path.join(tmpdir(), "basin-desktop-"));
const resultFile = path.join(home, "result.json");
try {
  const exit = await runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: root,
    extensionTestsPath: suite,
    extensionTestsEnv: { BASIN_HOST_RESULT: resultFile },
    launchArgs: [
      workspace.folder,
      "--disable-extensions",
      "--disable-workspace-trust",
      "--user-data-dir",
      path.join(home, "user"),
    ],
  }).then(
    (code) => `exit code ${code}`,
    (error: unknown) => String(error),
  );
  const result = readHostResult(resultFile, exit);
  printHostResult(result);
  process.exitCode = result.failed === 0 && result.passed > 0 ? 0 : 1;
} finally {
  await workspace.remove();
  rmSync(home, { recursive: true, force: true });
}
