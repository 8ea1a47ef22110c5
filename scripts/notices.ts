/**
 * The licences of everything that is bundled or copied into dist/, as one text file beside it.
 * Invariant: a package without a licence text of its own stops the build, so that none can be left out unseen.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Metafile } from "esbuild";

const licenceFile = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/iu;

interface PackageFacts {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name?: string };
}

/** Licences whose text is the same for everyone; what a package leaves out is told by its name and author. */
const needsNoText = new Set([
  "0BSD",
  "CC0-1.0",
  "Unlicense",
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
]);

/** Folder of the package that a bundled file belongs to; undefined for the project's own files. */
function packageFolder(file: string): string | undefined {
  const parts = file.split("/");
  const at = parts.lastIndexOf("node_modules");
  if (at < 0) return undefined;
  return parts.slice(0, at + (parts[at + 1]?.startsWith("@") === true ? 3 : 2)).join("/");
}

function notice(folder: string): { readonly title: string; readonly text: string } {
  const facts = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as PackageFacts;
  const files = readdirSync(folder).filter((name) => licenceFile.test(name));
  const known = (facts.license ?? "").split(/ (?:AND|OR) /u).every((license) => needsNoText.has(license));
  if (files.length === 0 && !known)
    throw new Error(`${facts.name} names no licence that is known here: "${facts.license ?? ""}".`);
  const author = typeof facts.author === "string" ? facts.author : facts.author?.name;
  const text =
    files.length > 0
      ? files.map((name) => readFileSync(path.join(folder, name), "utf8").trim()).join("\n\n")
      : `Licensed under ${facts.license}${author === undefined ? "" : ` by ${author}`}; the package carries no text of its own.`;
  return { title: `${facts.name} ${facts.version} (${facts.license ?? "see below"})`, text };
}

/**
 * @param root absolute folder that the bundles' paths are relative to
 * @param bundles what went into each bundle
 * @param copied names of packages whose files are copied as they are
 * @returns the text of the notices, packages by name
 * @throws Error for a package without a known licence
 */
export function thirdPartyNotices(root: string, bundles: readonly Metafile[], copied: readonly string[]): string {
  const folders = new Set(copied.map((name) => `node_modules/${name}`));
  for (const bundle of bundles) {
    for (const output of Object.values(bundle.outputs)) {
      for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
        const folder = bytesInOutput > 0 ? packageFolder(file) : undefined;
        if (folder !== undefined) folders.add(folder);
      }
    }
  }
  const notices = new Map<string, string>();
  for (const folder of folders) {
    const absolute = path.join(root, folder);
    // A nested package.json without a name only sets the module kind of a folder.
    if (!existsSync(path.join(absolute, "package.json"))) throw new Error(`${folder} is no package.`);
    const { title, text } = notice(absolute);
    notices.set(title, text);
  }
  const rule = "-".repeat(80);
  const blocks = [...notices].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([title, text]) => `${title}\n\n${text}\n`);
  return [`Basin contains the following software of others.\n`, ...blocks].join(`\n${rule}\n\n`);
}
