/**
 * Habits of the repository that no linter knows: how files open, how long they are, what the tree must not name.
 * Invariant: files are found by walking the tree, so that a new one is held to the same rules.
 */
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "..", "..");
const notOurs = new Set([
  "node_modules",
  "dist",
  "out",
  ".git",
  ".workbench",
  ".basin",
  ".venv",
  ".venv-test",
  "test-results",
  "coverage",
]);

/** Every file of the tree that git would keep, relative to the root. */
function walk(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : walk(file);
    return entry.isFile() && !entry.name.endsWith(".vsix") ? [file] : [];
  });
}

const files = walk("");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const sources = files.filter(
  (file) => /^(src|webview|scripts|test)\/.*\.ts$/u.test(file) && !file.startsWith("test/fixtures/"),
);
const textFiles = files.filter((file) =>
  /\.(ts|js|mjs|cjs|json|ya?ml|toml|md|py|sh|css|html|txt)$|(^|\/)(\.npmrc|\.gitignore|run|LICENSE)$/u.test(file),
);

describe("sources", () => {
  test("each opens with a comment that says what it is for; unit tests stand beside the file that says it for them", () => {
    const spoken = sources.filter((file) => !/^(src|webview)\/.*\.test\.ts$/u.test(file));
    expect(spoken.filter((file) => !/^(\/\*|\/\/)/u.test(read(file)))).toEqual([]);
  });

  test("none has more than 500 lines", () => {
    expect(sources.filter((file) => read(file).trimEnd().split("\n").length > 500)).toEqual([]);
  });

  test("none puts work off, skips a test or runs only one", () => {
    const marks = new RegExp(String.raw`\b(TO${"DO"}|FIX${"ME"}|XX${"X"})\b|\b(test|it|describe)\.(skip|only)\b`, "u");
    expect(sources.filter((file) => marks.test(read(file)))).toEqual([]);
  });

  test("none is a barrel", () => {
    const barrel = (file: string): boolean =>
      /^(src|webview)\/(.*\/)?index\.ts$/u.test(file) || /^export \* /mu.test(read(file));
    expect(sources.filter(barrel)).toEqual([]);
  });
});

describe("what people install", () => {
  test("the lock file names no place to fetch from", () => {
    expect(read("package-lock.json").includes('"resolved"')).toBe(false);
  });

  test("no package registry is named in the tree", () => {
    // In pieces, so that this file does not name them either.
    const hosts = [
      ["registry", "npmjs"],
      ["registry", "yarnpkg"],
      ["files", "pythonhosted"],
      ["deb", "debian"],
      ["pypi", "org/simple"],
    ];
    const names = hosts.map((parts) => parts.join("."));
    const configured = process.env["npm_config_registry"];
    if (configured !== undefined && configured !== "") names.push(new URL(configured).host);
    expect(textFiles.filter((file) => names.some((name) => read(file).includes(name)))).toEqual([]);
  });
});

test("the changelog has an entry for the version in package.json", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  expect(read("CHANGELOG.md")).toContain(`## [${version}]`);
});
