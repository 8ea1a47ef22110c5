/**
 * A Vulkan driver that computes on the processor (Mesa's lavapipe), for tests of WebGPU on machines without a GPU: Debian's
 * packages, unpacked beside the working tree. Needs no root. Invariant: nothing of the system is changed, neither its
 * packages nor its apt sources.
 */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { works } from "./apt.ts";
import { workbenchFolder } from "./locations.ts";

const folder = path.join(workbenchFolder, "vulkan");
const packages = ["mesa-vulkan-drivers", "libvulkan1"];

/** Debian 12's own Mesa is too old for Dawn; later releases need no backports. */
const needsBackports = "bookworm";

/** The environment in which Vulkan finds the driver, or why there can be none on this platform. */
export type SoftwareVulkan = { readonly env: Readonly<Record<string, string>> } | { readonly reason: string };

/** Brings the driver if it is not there yet. @throws when apt-get, which is there, cannot bring it */
export function softwareVulkan(): SoftwareVulkan {
  if ((process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"] ?? "") !== "") return { env: {} };
  if (process.platform !== "linux" || !works("apt-get", ["--version"]) || !works("dpkg-deb", ["--version"]))
    return { reason: "a software adapter for WebGPU is only installed on Debian and its relatives" };
  let env = environment();
  if (env === undefined) {
    bring();
    env = environment();
  }
  if (env === undefined) throw new Error(`${packages.join(" and ")} hold no software driver for Vulkan.`);
  return { env };
}

function environment(): Record<string, string> | undefined {
  const [driver] = globSync(path.join(folder, "usr/lib/*/libvulkan_lvp.so"));
  const [manifest] = globSync(path.join(folder, "usr/share/vulkan/icd.d/lvp_icd*.json"));
  if (driver === undefined || manifest === undefined) return undefined;
  const libraries = [path.dirname(driver), process.env["LD_LIBRARY_PATH"] ?? ""].filter((part) => part !== "");
  return { LD_LIBRARY_PATH: libraries.join(":"), VK_DRIVER_FILES: manifest, VK_ICD_FILENAMES: manifest };
}

/** Downloads the packages with all they need and this machine lacks, and unpacks them. */
function bring(): void {
  const work = mkdtempSync(path.join(os.tmpdir(), "basin-vulkan-"));
  try {
    const sources = path.join(work, "sources");
    for (const name of ["lists/partial", "cache/archives/partial", "sources"])
      mkdirSync(path.join(work, name), { recursive: true });
    const backports = writeSources(sources);
    const apt = (...args: readonly string[]): void => {
      const settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": sources,
        "Dir::State::Lists": path.join(work, "lists"),
        "Dir::Cache": path.join(work, "cache"),
        // The files lie in a folder of this user's own, where apt's own user may not look.
        "APT::Sandbox::User": os.userInfo().username,
        "Debug::NoLocking": "1",
      };
      const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
      execFileSync("apt-get", [...options, "-qq", ...args], {
        stdio: ["ignore", "ignore", "inherit"],
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      });
    };
    apt("update");
    const target = backports === undefined ? [] : ["-t", backports];
    apt("install", "-y", "--download-only", "--no-install-recommends", ...target, ...packages);
    const unpacked = path.join(work, "unpacked");
    for (const file of globSync(path.join(work, "cache/archives/*.deb")))
      execFileSync("dpkg-deb", ["--extract", file, unpacked], { stdio: ["ignore", "ignore", "inherit"] });
    // Renamed when complete, so that an interrupted copy is never taken for a finished one.
    const aside = `${folder}.${process.pid}`;
    for (const part of ["usr/lib", "usr/share/vulkan"])
      cpSync(path.join(unpacked, part), path.join(aside, part), { recursive: true, verbatimSymlinks: true });
    rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Copies the machine's apt sources into `sources`; on Debian 12 with its backports, whose suite is given. */
function writeSources(sources: string): string | undefined {
  const files = ["/etc/apt/sources.list", ...globSync("/etc/apt/sources.list.d/*.{list,sources}")].filter((file) =>
    existsSync(file),
  );
  for (const file of files) cpSync(file, path.join(sources, path.basename(file)));
  const release = readFileSync("/etc/os-release", "utf8");
  if (!new RegExp(`^VERSION_CODENAME="?${needsBackports}"?$`, "mu").test(release)) return undefined;
  const suite = `${needsBackports}-backports`;
  const entries = files.map((file) =>
    backportsOf(readFileSync(file, "utf8"), needsBackports, suite, path.extname(file) === ".sources"),
  );
  const place = entries.findIndex((entry) => entry !== undefined);
  if (place < 0) throw new Error(`No apt source of this machine names ${needsBackports}, to find ${suite} beside it.`);
  writeFileSync(path.join(sources, `basin${path.extname(files[place]!)}`), `${entries[place]!}\n`);
  return suite;
}

/**
 * An apt source for `suite` from the mirror that serves `release`: both lie side by side.
 * @param text an apt sources file: paragraphs of fields (`paragraphs`), or lines of `deb [options] address suite component...`
 */
function backportsOf(text: string, release: string, suite: string, paragraphs: boolean): string | undefined {
  if (!paragraphs) {
    const line = new RegExp(String.raw`^(deb\s+(?:\[[^\]]*\]\s+)?\S+\s+)${release}(\s.*)$`, "mu").exec(text);
    return line === null ? undefined : `${line[1]!}${suite}${line[2]!}`;
  }
  const suites = /^Suites:.*$/mu;
  const found = text.split(/\n\s*\n/u).find(
    (part) =>
      /^Types:.*\bdeb\b/mu.test(part) &&
      suites
        .exec(part)?.[0]
        .split(/[:\s]+/u)
        .includes(release),
  );
  return found?.trim().replace(suites, `Suites: ${suite}`);
}
