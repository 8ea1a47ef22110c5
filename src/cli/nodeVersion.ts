/**
 * Whether this Node can run Basin, and how to go on with a newer one when it cannot.
 * Invariant: decided before anything native is loaded: better-sqlite3 13 ends an older Node with a segmentation fault.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

export const oldestNode = "22.14.0";

/** Whether version `a` ("22.14.0", a leading v allowed) is `b` or newer. */
export function isAtLeast(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.replace(/^v/, "").split(/[.-]/).map(Number)) as [
    number[],
    number[],
  ];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The Node that an installed package brings along, if there is one: `node_modules/.bin/node` of a folder above `dist`. */
export function bundledNode(dist: string): string | undefined {
  const name = process.platform === "win32" ? "node.cmd" : "node";
  for (let folder = path.dirname(dist); ; folder = path.dirname(folder)) {
    const candidate = path.join(folder, "node_modules", ".bin", name);
    if (existsSync(candidate)) return candidate;
    if (path.dirname(folder) === folder) return undefined;
  }
}

export const tooOldText = (version: string): string =>
  `basin: error: Node ${version} is too old: Basin needs Node ${oldestNode} or newer (its database would crash). ` +
  "Install a current Node from https://nodejs.org, or run `npm install` in Basin's folder, which brings one.\n";

/** Runs the same command under `node`; resolves with its exit code. Ctrl-C reaches the child by the terminal. */
export function runUnder(node: string, script: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(node, [script, ...args], {
      stdio: "inherit",
      env: { ...process.env, BASIN_NODE_FOUND: "1" },
      // Only a .cmd needs a shell, and only on Windows; the arguments are then quoted by Node.
      shell: node.endsWith(".cmd"),
    });
    const ignore = (): void => undefined;
    process.on("SIGINT", ignore);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("error", (error) => {
      process.stderr.write(`basin: error: ${node} cannot be started: ${error.message}\n`);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}
