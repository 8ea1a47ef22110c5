/**
 * Entry of the Mocha suite that runs inside the extension host: VS Code calls `run`.
 * Invariant: whatever happens, a result file is left when BASIN_HOST_RESULT names one; test files are globbed, never listed.
 */
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";

interface Failure {
  readonly title: string;
  readonly message: string;
}

/** Runs every *.test.cjs beside this file. Rejects when a test failed, so that the editor ends with an error code too. */
export async function run(): Promise<void> {
  const failures: Failure[] = [];
  let passed = 0;
  const leave = (): void => {
    const file = process.env["BASIN_HOST_RESULT"];
    if (file !== undefined && file !== "")
      writeFileSync(file, JSON.stringify({ passed, failed: failures.length, failures }, undefined, 2));
  };
  try {
    const mocha = new Mocha({ ui: "bdd", timeout: 60_000, slow: 10_000, color: false });
    for (const file of readdirSync(__dirname)
      .filter((name) => name.endsWith(".test.cjs"))
      .toSorted())
      mocha.addFile(path.join(__dirname, file));
    await new Promise<void>((resolve) => {
      mocha
        .run(() => resolve())
        .on("pass", () => {
          passed += 1;
        })
        .on("fail", (test, error: Error) =>
          failures.push({ title: test.fullTitle(), message: error.stack ?? error.message }),
        );
    });
  } catch (error) {
    failures.push({
      title: "the suite itself",
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  leave();
  if (failures.length > 0) throw new Error(`${failures.length} host tests failed`);
}
