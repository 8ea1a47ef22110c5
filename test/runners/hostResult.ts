/**
 * What the Mocha suite leaves for its runner: a JSON file named by BASIN_HOST_RESULT.
 * Invariant: a missing or unreadable file is a failed run, whatever the exit code says.
 */
import { existsSync, readFileSync } from "node:fs";

export interface HostFailure {
  readonly title: string;
  readonly message: string;
}

export interface HostResult {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly HostFailure[];
}

/** Reads the result; a run that left none counts as one failure. */
export function readHostResult(file: string, exit: string): HostResult {
  const lost = (message: string): HostResult => ({
    passed: 0,
    failed: 1,
    failures: [{ title: "the suite itself", message }],
  });
  if (!existsSync(file)) return lost(`The extension host left no result (${exit}).`);
  try {
    return JSON.parse(readFileSync(file, "utf8")) as HostResult;
  } catch {
    return lost(`The extension host left a result that is not JSON (${exit}).`);
  }
}

/** Prints a run as `npm test` expects it: failures first, the figures on the last line. */
export function printHostResult(result: HostResult): void {
  for (const failure of result.failures) console.error(`\n✗ ${failure.title}\n${failure.message}\n`);
  console.log(`${result.passed} passed, ${result.failed} failed`);
}
