/**
 * Brings a real VS Code workbench onto this machine: Chromium through apt-get and code-server through npm.
 * Idempotent; a finished set-up costs milliseconds. Usage: node scripts/workbench/setup.ts
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { aptInstall } from "./apt.ts";
import {
  codeServerFolder,
  codeServerVersion,
  findChromium,
  hasCodeServer,
  readyMark,
  vscodeServerFolder,
  workbenchFolder,
} from "./locations.ts";

const say = (line: string): void => console.log(`workbench: ${line}`);

/** Installs what is missing. Throws with a sentence a person can act on when that cannot be done here. */
export async function setUpWorkbench(): Promise<void> {
  const release = await lock();
  try {
    if (process.platform === "win32")
      throw new Error("code-server does not run on Windows; press F5 in VS Code instead.");
    installChromium();
    installCodeServer();
  } finally {
    release();
  }
}

function installChromium(): void {
  if (findChromium() !== undefined) return;
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") throw new Error(`CHROMIUM names ${named}, which cannot be executed.`);
  const advice = "Install Chromium or Chrome, or name one in the environment variable CHROMIUM.";
  say("installing Debian's chromium and two font packages with apt-get");
  const installed = aptInstall(["chromium", "fonts-liberation", "fonts-dejavu-core"]);
  if (!installed) throw new Error(`No Chromium was found, and apt-get cannot be run as root here. ${advice}`);
  if (findChromium() === undefined) throw new Error(`apt-get finished, but there is still no Chromium. ${advice}`);
}

/**
 * code-server's own installation script compiles modules that the workbench does without (Kerberos, a spell of native
 * logging), so no script is run and its two inner package folders are installed here instead.
 */
function installCodeServer(): void {
  if (hasCodeServer()) return;
  say(
    `installing code-server ${codeServerVersion} into ${path.relative(process.cwd(), codeServerFolder) || "."} (about 30 s, 0.9 GB)`,
  );
  rmSync(codeServerFolder, { recursive: true, force: true });
  mkdirSync(codeServerFolder, { recursive: true });
  const manifest = { name: "workbench", private: true, description: "Kept out of the project's own packages." };
  writeFileSync(path.join(codeServerFolder, "package.json"), JSON.stringify(manifest));
  npm(codeServerFolder, "install", "--no-save", "--no-package-lock", `code-server@${codeServerVersion}`);
  say("installing the packages of its VS Code server");
  npm(vscodeServerFolder, "install", "--omit=dev");
  say("installing the packages of its built-in extensions");
  npm(path.join(vscodeServerFolder, "extensions"), "install", "--omit=dev");
  writeFileSync(readyMark, `${codeServerVersion}\n`);
}

function npm(cwd: string, ...args: string[]): void {
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  execFileSync("npm", [...args, ...quiet], { cwd, stdio: ["ignore", "ignore", "inherit"] });
}

/** Two set-ups at once would install over each other: the second waits for the first. Returns the release. */
async function lock(): Promise<() => void> {
  mkdirSync(workbenchFolder, { recursive: true });
  const folder = path.join(workbenchFolder, "setup.lock");
  const patience = Date.now() + 15 * 60_000;
  for (let told = false; ;) {
    try {
      mkdirSync(folder);
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    // A set-up that was killed leaves its folder behind; none takes a quarter of an hour.
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 15 * 60_000 || Date.now() > patience) rmSync(folder, { recursive: true, force: true });
    else if (!told) {
      say(`another set-up is running (${path.relative(process.cwd(), folder)}); waiting for it`);
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

if (import.meta.main) {
  try {
    const begun = performance.now();
    await setUpWorkbench();
    say(
      `ready: code-server ${codeServerVersion}, ${findChromium()} (${((performance.now() - begun) / 1000).toFixed(1)} s)`,
    );
  } catch (error) {
    console.error(`workbench: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
