/**
 * Completion and hover for study files, from the schema that also checks them. Plain data: the editor's own types are the
 * host's business.
 * Invariant: works on text that does not parse yet, never throws, and proposes only what the parser accepts there.
 */
import { functionNames } from "../expression/operators.ts";
import { contextAt, type AssistContext } from "./assistContext.ts";
import {
  modelOf,
  parameterDocs,
  parameterKeys,
  parameterValues,
  placeholderAt,
  wordAt,
  type Item,
} from "./assistSpace.ts";
import type { Catalog, MethodInfo } from "./catalog.ts";
import type { StudyFormat, TextRange } from "./definition.ts";
import { fixedValues, jsonSchemaFor, keysAt, meantBy, schemasAt, type JsonSchema } from "./schemaDocs.ts";
import { nodeAt, readSource, type Path, type SourceNode } from "./source.ts";
import { flowText } from "./yamlText.ts";

export interface Completion {
  readonly label: string;
  readonly kind: "key" | "value" | "parameter" | "function" | "snippet";
  /** Short, beside the label. */
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  /** Replaces `range`. In the editor's snippet syntax (`${1:x}`) when `isSnippet`. */
  readonly insert: string;
  readonly isSnippet: boolean;
  readonly range: TextRange;
  /** What is compared with the text in `range`, when it is not the label. */
  readonly filter: string;
  /** Position in the list. */
  readonly order: number;
}

export interface Hover {
  readonly range: TextRange;
  readonly markdown: string;
}

/**
 * What may be written at `offset`. O(length of the text).
 * @param studies names of the studies of the workspace
 */
export function completionsAt(
  text: string,
  format: StudyFormat,
  offset: number,
  catalog: Catalog,
  studies: readonly string[] = [],
): Completion[] {
  const context = contextAt(text, format, offset);
  if (context === undefined) return [];
  // Without the word being typed the rest reads as what it will be.
  const blanked = blank(text, context, format);
  const root = readSource(blanked, format).root;
  const writer: Writer = { format, context, text };
  const special = insideText(text, offset, context, root);
  const items = special?.items ?? itemsFor(context, root, catalog, studies);
  return items.map((item, order) => ({
    ...item,
    order,
    range: onOneLine(text, offset, special?.range ?? context.range),
    filter: filterText(item, special === undefined ? writer : undefined),
    insert: special === undefined ? insertText(item, writer) : (item.insert ?? item.label),
    isSnippet: special === undefined && item.kind !== "value" && item.kind !== "function",
  }));
}

/** Editors replace within the cursor's line only. */
function onOneLine(text: string, offset: number, range: TextRange): TextRange {
  const start = Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
  const length = text.slice(offset).search(/[\r\n]/);
  return {
    start: Math.max(range.start, offset === 0 ? 0 : start),
    end: length < 0 ? range.end : Math.min(range.end, offset + length),
  };
}

interface Writer {
  readonly format: StudyFormat;
  readonly context: AssistContext;
  readonly text: string;
}

function blank(text: string, { range, role }: AssistContext, format: StudyFormat): string {
  const length = range.end - range.start;
  const isValue = format === "json" && role === "value";
  const filler = isValue && length >= 4 ? "null".padEnd(length) : " ".repeat(length);
  return text.slice(0, range.start) + filler + text.slice(range.end);
}

function itemsFor(context: AssistContext, root: SourceNode, catalog: Catalog, studies: readonly string[]): Item[] {
  const items: Item[] = [];
  if (context.role !== "key" && namesStudy(context.path)) items.push(...studyItems(studies));
  if (context.role !== "value") items.push(...keyItems(context.path, root, catalog));
  if (context.role !== "key") items.push(...valueItems(context, root, catalog));
  return items;
}

/** Whether a value here is the name of an earlier study. */
function namesStudy(path: Path): boolean {
  const [section, ...rest] = path;
  if (section !== "warmStart") return false;
  return rest.every((part) => typeof part === "number") || rest.at(-1) === "study";
}

function studyItems(studies: readonly string[]): Item[] {
  return [...new Set(studies)].map((name): Item => ({
    label: name,
    kind: "value",
    detail: "study of this workspace",
    documentation: "",
    value: name,
  }));
}

function keyItems(path: Path, root: SourceNode, catalog: Catalog): Item[] {
  const special = parameterKeys(path, root, catalog.models ?? []);
  if (special !== undefined) return special;
  const schema = jsonSchemaFor(catalog);
  const here = nodeAt(root, path);
  const keys = keysAt(schema, path, root.value, here?.value);
  const items: Item[] = [];
  for (const [key, property] of keys) {
    if (here?.entries?.has(key) === true || property.deprecated === true || key.startsWith("$")) continue;
    items.push({
      label: key,
      kind: "key",
      detail: briefly(property),
      documentation: docsOf(property),
      value: placeholderFor(property),
    });
  }
  return items;
}

function valueItems({ path, role }: AssistContext, root: SourceNode, catalog: Catalog): Item[] {
  // Further down in a mapping that has begun, only keys may come.
  if (role === "either" && (nodeAt(root, path)?.entries?.size ?? 0) > 0) return [];
  const special = parameterValues(path, root);
  if (special !== undefined) return special;
  const items: Item[] = [];
  const task = nodeAt(root, ["trainer", "data", "task"])?.value === "regression" ? "regression" : "classification";
  const builtIn = nodeAt(root, ["trainer", "kind"])?.value === "tfjs" && catalog.metrics !== undefined;
  if (builtIn && path.at(-1) === "metric" && String(path[0]).startsWith("objective")) {
    return catalog.metrics[task].map((metric): Item => ({
      label: metric,
      kind: "value",
      detail: "",
      documentation: "",
      value: metric,
    }));
  }
  for (const schema of schemasAt(jsonSchemaFor(catalog), path, root.value)) {
    for (const { value, description } of fixedValues(schema)) {
      if (items.some((item) => item.value === value)) continue;
      items.push({
        label: String(value),
        kind: "value",
        detail: schema.default === value ? "default" : "",
        documentation: description,
        value,
      });
    }
    // At the start of a line an object's keys are proposed already.
    if (role !== "value") continue;
    for (const example of schema.examples ?? []) {
      const label = flowText(example);
      if (items.every((item) => item.label !== label)) {
        items.push({ label, kind: "snippet", detail: "example", documentation: docsOf(schema), value: example });
      }
    }
  }
  return items;
}

/** Inside texts with a language of their own: constraints, and placeholders of the command. */
function insideText(
  text: string,
  offset: number,
  { path, range, role }: AssistContext,
  root: SourceNode,
): { readonly items: Item[]; readonly range: TextRange } | undefined {
  const names = [...(nodeAt(root, ["space"])?.entries ?? [])];
  const parameters = names.map(([name, { node }]): Item => ({
    label: name,
    kind: "parameter",
    detail: parameterDocs(node),
    documentation: "",
    value: undefined,
  }));
  if (path[0] === "constraints" && (role === "value" || path.length === 2)) {
    const word = wordAt(text, offset, range);
    const expressionNames = parameters.map((item) =>
      /^\w+(?:\.\w+)*$/.test(item.label) ? item : { ...item, insert: `\`${item.label}\`` },
    );
    const functions = functionNames.map((name): Item => ({
      label: name,
      kind: "function",
      detail: "function",
      documentation: "",
      value: undefined,
      insert: `${name}(`,
    }));
    return { items: [...expressionNames, ...functions], range: word };
  }
  if (path[0] === "trainer" && path[1] === "run") {
    const place = placeholderAt(text, offset, range);
    if (place === undefined) return undefined;
    return { items: parameters.map((item) => ({ ...item, insert: `${item.label}}` })), range: place };
  }
  return undefined;
}

// ---- text to insert ----

function insertText(item: Item, writer: Writer): string {
  const { format, context } = writer;
  const isKey = item.kind === "key" || item.kind === "parameter";
  if (format === "json") {
    if (!isKey) return item.kind === "snippet" ? escapeSnippet(JSON.stringify(item.value)) : JSON.stringify(item.value);
    return `${JSON.stringify(item.label)}: ${valueSnippet(item.value, true)}`;
  }
  if (isKey) {
    const value = valueSnippet(item.value, false);
    return `${flowText(item.label)}: ${value}`;
  }
  const text = flowText(item.value);
  // In quotes already, the value itself has none.
  const shown = context.quoted && typeof item.value === "string" ? JSON.stringify(item.value) : text;
  return item.kind === "snippet" ? escapeSnippet(shown) : shown;
}

/** The value part of a key's snippet: the cursor inside brackets, on a choice, or after the colon. */
function valueSnippet(value: unknown, json: boolean): string {
  const text = json ? JSON.stringify(value) : flowText(value);
  if (value === undefined) return "$0";
  if (Array.isArray(value) && value.length === 0) return "[$0]";
  if (typeof value === "object" && value !== null)
    return Object.keys(value).length === 0 ? "{ $0 }" : escapeSnippet(text);
  return `\${0:${escapeSnippet(text)}}`;
}

function escapeSnippet(text: string): string {
  return text.replace(/[\\$}]/g, String.raw`\$&`);
}

function filterText(item: Item, writer: Writer | undefined): string {
  const quoted = writer !== undefined && (writer.format === "json" || writer.context.quoted);
  if (!quoted) return item.label;
  return typeof item.value === "string" || item.kind === "key" || item.kind === "parameter"
    ? JSON.stringify(item.label)
    : item.label;
}

/** What a new key starts with: its default, an empty collection, or nothing. */
function placeholderFor(schema: JsonSchema): unknown {
  const [first] = meantBy(schema, {});
  if (schema.default !== undefined && typeof schema.default !== "object") return schema.default;
  if (schema.examples?.[0] !== undefined && typeof schema.examples[0] !== "object") return schema.examples[0];
  if (first?.type === "object") return {};
  return first?.type === "array" ? [] : undefined;
}

// ---- documentation ----

function briefly(schema: JsonSchema): string {
  const values = fixedValues(schema).map(({ value }) => String(value));
  const fallback = defaultText(schema) === "" ? "" : `default ${defaultText(schema)}`;
  const choice = values.length > 0 && values.length <= 6 ? values.join(" | ") : "";
  return [choice, fallback].filter((part) => part !== "").join(", ");
}

/** A default that is worth showing: a plain value. */
function defaultText({ default: value }: JsonSchema): string {
  return value === undefined || typeof value === "object" ? "" : flowText(value);
}

function docsOf(schema: JsonSchema): string {
  const parts = [schema.description ?? ""];
  const values = fixedValues(schema);
  const described = values.filter(({ description }) => description !== "");
  if (described.length > 0)
    parts.push(described.map(({ value, description }) => `- \`${String(value)}\`: ${description}`).join("\n"));
  else if (values.length > 0) parts.push(`One of ${values.map(({ value }) => `\`${String(value)}\``).join(", ")}.`);
  if (defaultText(schema) !== "") parts.push(`Default: \`${defaultText(schema)}\``);
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What is known about the key or value at `offset`. O(length of the text). */
export function hoverAt(text: string, format: StudyFormat, offset: number, catalog: Catalog): Hover | undefined {
  const root = readSource(text, format).root;
  const found = locate(root, offset);
  if (found === undefined) return undefined;
  const { path, range, onKey } = found;
  const [section, name] = path;
  if (!onKey && (section === "constraints" || (section === "trainer" && name === "run"))) {
    const word = wordAt(text, offset, range);
    const parameter = nodeAt(root, ["space", text.slice(word.start, word.end)]);
    return parameter === undefined
      ? undefined
      : { range: word, markdown: titled(text.slice(word.start, word.end), parameterDocs(parameter)) };
  }
  const value = nodeAt(root, path)?.value;
  if (!onKey) {
    const method = methodNamed(path, value, catalog);
    if (method !== undefined) return { range, markdown: methodDocs(method) };
    const described = schemasAt(jsonSchemaFor(catalog), path, root.value)
      .flatMap(fixedValues)
      .find((fixed) => fixed.value === value && fixed.description !== "");
    return described === undefined ? undefined : { range, markdown: titled(String(value), described.description) };
  }
  const key = String(path.at(-1));
  if (section === "space" && (path.length === 2 || (path.length === 4 && path[2] === "when"))) {
    const parameter = nodeAt(root, ["space", key]);
    const help = modelOf(root, catalog.models ?? [])?.parameters.find(({ name }) => name === key)?.help;
    const docs = [parameter === undefined ? "" : parameterDocs(parameter), help ?? ""].filter((part) => part !== "");
    if (parameter !== undefined) return { range, markdown: titled(key, docs.join("\n\n")) };
  }
  const parent = path.slice(0, -1);
  const schema = keysAt(jsonSchemaFor(catalog), parent, root.value, nodeAt(root, parent)?.value).get(key);
  return schema === undefined ? undefined : { range, markdown: titled(key, docsOf(schema)) };
}

function titled(name: string, text: string): string {
  return text === "" ? `**\`${name}\`**` : `**\`${name}\`**: ${text}`;
}

function methodNamed(path: Path, value: unknown, catalog: Catalog): MethodInfo | undefined {
  const last = path.length === 2 && path[1] === "kind" ? path[0] : path.length === 1 ? path[0] : undefined;
  const methods = last === "sampler" ? catalog.samplers : last === "scheduler" ? catalog.schedulers : [];
  return methods.find((method) => method.kind === value);
}

function methodDocs(method: MethodInfo): string {
  const options = Object.entries(method.options.shape).map(
    ([name, option]) => `- \`${name}\`: ${option.meta()?.description ?? ""}`,
  );
  return [`**${method.label}** (\`${method.kind}\`)`, method.summary, options.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

interface Located {
  readonly path: Path;
  readonly range: TextRange;
  readonly onKey: boolean;
}

function locate(node: SourceNode, offset: number, path: Path = []): Located | undefined {
  const within = (range: TextRange): boolean => range.start <= offset && offset <= range.end;
  for (const [key, entry] of node.entries ?? []) {
    if (within(entry.keyRange)) return { path: [...path, key], range: entry.keyRange, onKey: true };
    if (within(entry.node.range)) return locate(entry.node, offset, [...path, key]);
  }
  for (const [i, item] of (node.items ?? []).entries()) {
    if (within(item.range)) return locate(item, offset, [...path, i]);
  }
  return node.entries === undefined && node.items === undefined && within(node.range)
    ? { path, range: node.range, onKey: false }
    : undefined;
}
