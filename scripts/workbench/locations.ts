/**
 * Where the workbench lives on this machine: the ignored folder .workbench/, code-server's entry and a Chromium.
 * Nothing here changes the disk; setup.ts is the only writer of .workbench/code-server.
 */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** The repository's root folder. */
export const root = path.resolve(import.meta.dirname, "..", "..");

/** code-server 4.139.1 carries VS Code 1.139.1; a newer one is a deliberate change, so the version is exact. */
export const codeServerVersion = "4.139.1";

/** Ignored by git: code-server and the user data of `npm run workbench`. */
export const workbenchFolder = path.join(root, ".workbench");
export const codeServerFolder = path.join(workbenchFolder, "code-server");

const codeServerPackage = path.join(codeServerFolder, "node_modules", "code-server");
export const vscodeServerFolder = path.join(codeServerPackage, "lib", "vscode");
export const codeServerEntry = path.join(codeServerPackage, "out", "node", "entry.js");

/** Written last by setup.ts, so that an interrupted installation is never taken for a finished one. */
export const readyMark = path.join(codeServerFolder, "ready");

/** Whether the exact version of code-server is completely installed. */
export function hasCodeServer(): boolean {
  return (
    existsSync(codeServerEntry) && existsSync(readyMark) && readFileSync(readyMark, "utf8").trim() === codeServerVersion
  );
}

const chromiumPlaces: readonly string[] =
  process.platform === "darwin"
    ? [
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
      ]
    : [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
        "/usr/bin/google-chrome-stable",
        "/usr/bin/microsoft-edge",
        "/snap/bin/chromium",
      ];

/** The Chromium to drive: the one named by CHROMIUM, else the first installed one; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return isExecutable(named) ? named : undefined;
  return chromiumPlaces.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
