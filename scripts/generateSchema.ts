/**
 * Writes media/study.schema.json from the study schema and the registries; `--check` only says whether it is up to date.
 * Usage: node scripts/generateSchema.ts [--check]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { catalog } from "../src/catalog.ts";
import { schemaFileText } from "../src/core/study/schemaFile.ts";

const file = path.resolve(import.meta.dirname, "..", "media", "study.schema.json");
const text = schemaFileText(catalog);

if (process.argv.includes("--check")) {
  const committed = await readFile(file, "utf8").catch(() => "");
  if (committed !== text) {
    console.error("media/study.schema.json is out of date: run `npm run schema`.");
    process.exitCode = 1;
  }
} else {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}
