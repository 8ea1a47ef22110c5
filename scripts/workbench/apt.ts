/**
 * Installs Debian packages where that can be done without asking anybody: as root, or with a sudo that needs no password.
 * Invariant: callers have looked for what they need first; a machine that has it is never touched.
 */
import { execFileSync } from "node:child_process";

/** Installs the packages. Returns false, and does nothing, where apt-get cannot be run as root. @throws when it fails. */
export function aptInstall(packages: readonly string[]): boolean {
  const apt = aptCommand();
  if (apt === undefined) return false;
  // Another apt-get may be at work on a fresh machine; wait for it rather than fail.
  const options = ["-qq", "-o", "DPkg::Lock::Timeout=300"];
  const run = (...args: readonly string[]): void => {
    execFileSync(apt[0], [...apt.slice(1), ...args, ...options], {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  };
  run("update");
  run("install", "-y", "--no-install-recommends", ...packages);
  return true;
}

function aptCommand(): readonly [string, ...string[]] | undefined {
  if (process.platform !== "linux" || !works("apt-get", ["--version"])) return undefined;
  if (process.getuid?.() === 0) return ["apt-get"];
  return works("sudo", ["-n", "true"]) ? ["sudo", "-n", "apt-get"] : undefined;
}

/** Whether a program is there and ends well. */
export function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
