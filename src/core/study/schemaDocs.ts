/**
 * The JSON Schema of the study file and walks over it: which keys, values and descriptions belong at a path.
 * Invariant: derived from the Zod schema alone, so errors, completion, hover and media/study.schema.json agree.
 */
import { z } from "zod";
import type { Catalog } from "./catalog.ts";
import { studySchemaFor } from "./schema.ts";
import type { Path } from "./source.ts";
import { flowText } from "./yamlText.ts";

/** The parts of JSON Schema that the study schema uses. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly deprecated?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly propertyNames?: JsonSchema;
  /** One schema for all items, or one for each place (tuples, as draft 7 has them). */
  readonly items?: JsonSchema | readonly JsonSchema[] | boolean;
  readonly enumDescriptions?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

const jsonSchemas = new WeakMap<Catalog, JsonSchema>();

/** JSON Schema (draft 7, which every editor reads) of a study file as it is written. Built once per catalog. */
export function jsonSchemaFor(catalog: Catalog): JsonSchema {
  const known = jsonSchemas.get(catalog);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(studySchemaFor(catalog), {
    io: "input",
    target: "draft-7",
    unrepresentable: "any",
  }) as JsonSchema;
  jsonSchemas.set(catalog, made);
  return made;
}

/** The alternatives that `schema` stands for: itself, or the members of its unions. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const members = schema.anyOf ?? schema.oneOf;
  if (members !== undefined) return members.flatMap(alternatives);
  const { type } = schema;
  return typeof type === "object" ? type.map((one) => ({ ...schema, type: one })) : [schema];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** Alternatives of `schema` that `value` may be meant as: by type, then by the fixed fields (`type`, `kind`) it has. */
export function meantBy(schema: JsonSchema, value: unknown): readonly JsonSchema[] {
  const all = alternatives(schema);
  const type = typeOf(value);
  const typed = all.filter(
    (one) => one.type === undefined || one.type === type || (one.type === "integer" && type === "number"),
  );
  const record = asRecord(value);
  if (record === undefined) return typed.length > 0 ? typed : all;
  const matching = typed.filter((one) =>
    Object.entries(one.properties ?? {}).every(
      ([key, property]) =>
        property.const === undefined || !Object.hasOwn(record, key) || record[key] === property.const,
    ),
  );
  return namedBy(matching.length > 0 ? matching : typed, record);
}

/** The key that names an alternative: its first required one (`type`, `kind`, or the format of `data`). */
export function namingKey(schema: JsonSchema): string | undefined {
  return schema.required?.[0];
}

/** Of several mappings, those whose naming key is there; all of them where none or every one has its own. */
function namedBy(all: readonly JsonSchema[], record: Readonly<Record<string, unknown>>): readonly JsonSchema[] {
  const named = all.filter((one) => Object.hasOwn(record, namingKey(one) ?? ""));
  return named.length > 0 ? named : all;
}

/** The schemas that govern `path` in a file whose content is `root`; several where the file leaves it open. */
export function schemasAt(schema: JsonSchema, path: Path, root: unknown): readonly JsonSchema[] {
  let current: readonly JsonSchema[] = [schema];
  let value = root;
  for (const part of path) {
    const found: JsonSchema[] = [];
    for (const one of current.flatMap((candidate) =>
      meantBy(candidate, typeof part === "number" ? (value ?? []) : (value ?? {})),
    )) {
      const child = childSchema(one, part);
      if (child !== undefined) found.push(child);
    }
    current = found;
    value =
      typeof part === "number"
        ? Array.isArray(value)
          ? (value[part] as unknown)
          : undefined
        : asRecord(value)?.[part];
  }
  return current;
}

function isTuple(items: JsonSchema | readonly JsonSchema[]): items is readonly JsonSchema[] {
  return Array.isArray(items);
}

function childSchema(schema: JsonSchema, part: string | number): JsonSchema | undefined {
  if (typeof part === "number") {
    const { items } = schema;
    if (typeof items !== "object") return undefined;
    return isTuple(items) ? items[part] : items;
  }
  const properties = schema.properties;
  if (properties !== undefined && Object.hasOwn(properties, part)) return properties[part];
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** Keys that may stand in the mapping at `path`, each with its schema; the first schema wins where several know a key. */
export function keysAt(schema: JsonSchema, path: Path, root: unknown, value: unknown): ReadonlyMap<string, JsonSchema> {
  const keys = new Map<string, JsonSchema>();
  const meant = schemasAt(schema, path, root).flatMap((candidate) => meantBy(candidate, value ?? {}));
  // As long as it is open which mapping this is, the keys that decide it come first.
  for (const one of meant) {
    const name = namingKey(one);
    const property = name === undefined ? undefined : one.properties?.[name];
    if (name !== undefined && property !== undefined && property.const === undefined && meant.length > 1)
      keys.set(name, property);
  }
  for (const one of meant) {
    for (const [key, property] of Object.entries(one.properties ?? {})) {
      const before = keys.get(key);
      // A fixed field (`type: int`) is one of several as long as the file has not chosen.
      if (before?.const !== undefined && property.const !== undefined && before.const !== property.const) {
        keys.set(key, { anyOf: [...alternatives(before), property], description: "Which of the kinds this is." });
      } else if (before === undefined || (before.const === undefined && before.anyOf !== undefined)) {
        keys.set(key, before === undefined ? property : { ...before, anyOf: [...(before.anyOf ?? []), property] });
      }
    }
  }
  return keys;
}

/** The fixed values a schema allows (enum, const, true/false), with what is known about each. */
export function fixedValues(schema: JsonSchema): readonly { readonly value: unknown; readonly description: string }[] {
  const values: { value: unknown; description: string }[] = [];
  for (const one of alternatives(schema)) {
    if (one.const !== undefined) values.push({ value: one.const, description: one.description ?? "" });
    else if (one.enum !== undefined)
      one.enum.forEach((value, i) => values.push({ value, description: one.enumDescriptions?.[i] ?? "" }));
    else if (one.type === "boolean") values.push({ value: true, description: "" }, { value: false, description: "" });
  }
  return values;
}

/** "Write for example `low: 0.0001`." from the schema's examples, or "". */
export function exampleFor(key: string, schema: JsonSchema | undefined): string {
  const example = schema?.examples?.[0];
  return example === undefined ? "" : ` Write for example \`${key}: ${flowText(example)}\`.`;
}
