/**
 * The text of media/study.schema.json, for editors with a JSON or YAML language server.
 * Invariant: made from the Zod schema and the catalog alone; a test holds the committed file against it.
 */
import type { Catalog } from "./catalog.ts";
import { parameterSnippets } from "./parameterSnippets.ts";
import { jsonSchemaFor } from "./schemaDocs.ts";

/** Pretty-printed JSON, ending in a newline. */
export function schemaFileText(catalog: Catalog): string {
  const { $schema, ...schema } = jsonSchemaFor(catalog) as Readonly<Record<string, unknown>>;
  const file = { $schema, title: "Basin study", ...schema };
  return `${JSON.stringify(file, decorate, 2)}\n`;
}

/** Descriptions are written with code marks; editors show those only in `markdownDescription`. */
function decorate(this: unknown, key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const record = value as Readonly<Record<string, unknown>>;
  const { description } = record;
  const marked =
    typeof description === "string" && description.includes("`")
      ? { ...record, markdownDescription: description }
      : record;
  if (key !== "space") return marked;
  const { additionalProperties } = marked;
  if (typeof additionalProperties !== "object") return marked;
  const defaultSnippets = parameterSnippets.map(({ label, description: text, body }) => ({
    label,
    description: text,
    body,
  }));
  return { ...marked, additionalProperties: { ...additionalProperties, defaultSnippets } };
}
