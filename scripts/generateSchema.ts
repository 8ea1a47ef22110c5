/**
 * Writes what is made from the study schema and the registries: media/study.schema.json, docs/samplers.md and
 * docs/schedulers.md; `--check` only says whether they are up to date.
 * Usage: node scripts/generateSchema.ts [--check]
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { catalog } from "../src/catalog.ts";
import { schemaFileText } from "../src/core/study/schemaFile.ts";
import { renderSamplersDoc } from "../src/samplers/documentation.ts";
import { renderSchedulersDoc } from "../src/schedulers/documentation.ts";

const root = path.resolve(import.meta.dirname, "..");
const files = {
  "media/study.schema.json": schemaFileText(catalog),
  "docs/samplers.md": renderSamplersDoc(catalog.samplers),
  "docs/schedulers.md": renderSchedulersDoc(catalog.schedulers),
};

for (const [name, text] of Object.entries(files)) {
  const file = path.join(root, name);
  if (process.argv.includes("--check")) {
    const committed = await readFile(file, "utf8").catch(() => "");
    if (committed !== text) {
      console.error(`${name} is out of date: run \`npm run schema\`.`);
      process.exitCode = 1;
    }
  } else {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
