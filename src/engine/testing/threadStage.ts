/**
 * Where a thread of the engine runs into trouble on demand (troubledRtd.ts, troubledThread.ts): the folder it looks for orders
 * in, and the clock and warnings of whoever started it. Invariant: nothing of it outlives its test.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";
import type { Clock } from "../clock.ts";

export interface ThreadStage {
  /** Of this test. */
  readonly folder: string;
  /** Stands still; what is to come later waits in `timers`. */
  readonly clock: Clock;
  readonly timers: (() => void)[];
  readonly warnings: string[];
  readonly warn: (message: string) => void;
  /** Orders trouble, as the thread calls it. */
  readonly trouble: (name: string) => void;
}

/** For each test of a file; what is started on it has to end in an `afterEach` that is registered later, which runs before. */
export function useThreadStage(): ThreadStage {
  let folder = "";
  const timers: (() => void)[] = [];
  const warnings: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "basin-thread-"));
    process.env["BASIN_TEST_TROUBLE"] = folder;
    timers.length = 0;
    warnings.length = 0;
  });
  afterEach(() => {
    delete process.env["BASIN_TEST_TROUBLE"];
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get folder() {
      return folder;
    },
    clock: {
      now: () => 0,
      after: (_ms, work) => {
        timers.push(work);
        return () => void timers.splice(timers.indexOf(work), 1);
      },
    },
    timers,
    warnings,
    warn: (message) => void warnings.push(message),
    trouble: (name) => writeFileSync(path.join(folder, name), ""),
  };
}
