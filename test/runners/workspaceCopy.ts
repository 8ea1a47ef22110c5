/**
 * A temporary copy of example folders for a test to work in, and its removal together with the engine it left running.
 * Invariant: no test writes into the repository, and none leaves an engine behind.
 */
import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine } from "../../src/client/engineClient.ts";
import { readLock, workspaceFiles } from "../../src/client/workspaceFiles.ts";
import { root } from "../../scripts/workbench/locations.ts";

export interface WorkspaceCopy {
  readonly folder: string;
  remove(): Promise<void>;
}

const leftBehind = new Set([".basin", "__pycache__", ".venv"]);

/** A copy of one folder, as if it had just been cloned; without a source, an empty folder. */
export function copyFolder(source?: string): WorkspaceCopy {
  return copyInto((folder) => {
    if (source !== undefined) copyFresh(source, folder);
  });
}

/** A workspace with a copy of examples/<name> for every name. */
export function copyExamples(names: readonly string[]): WorkspaceCopy {
  return copyInto((folder) => {
    for (const name of names) copyFresh(path.join(root, "examples", name), path.join(folder, name));
  });
}

function copyFresh(source: string, target: string): void {
  cpSync(source, target, { recursive: true, filter: (file) => !leftBehind.has(path.basename(file)) });
}

function copyInto(fill: (folder: string) => void): WorkspaceCopy {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "basin-workspace-")));
  fill(folder);
  return {
    folder,
    remove: async () => {
      await stopEngine(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** Ends the engine of a workspace, if one runs: asked first, killed when it does not answer. */
export async function stopEngine(workspace: string): Promise<void> {
  const lock = readLock(workspaceFiles(workspace).lock);
  if (lock === undefined || !isAlive(lock.pid)) return;
  try {
    const client = await connectEngine({ workspace, client: "test", start: "never" });
    await client.request("engine.shutdown", {}).finally(() => client.dispose());
  } catch {
    // It hangs, or went away by itself in between.
  }
  for (let i = 0; isAlive(lock.pid); i++) {
    if (i === 100) process.kill(lock.pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
