/**
 * A study file as a tree of values with their places, the same for YAML and JSON.
 * Invariant: `value` holds plain data only, ranges lie inside the text, and reading never throws: what cannot be read is
 * an issue.
 */
import { parseTree, type Node as JsonNode, type ParseError } from "jsonc-parser";
import { isAlias, isMap, isScalar, isSeq, parseDocument, visit, type Document, type YAMLError } from "yaml";
import type { StudyFormat, StudyIssue, TextRange } from "./definition.ts";
import { positionsOf } from "./positions.ts";

export type Path = readonly (string | number)[];

export interface SourceEntry {
  readonly keyRange: TextRange;
  readonly node: SourceNode;
}

export interface SourceNode {
  readonly range: TextRange;
  readonly value: unknown;
  readonly entries?: ReadonlyMap<string, SourceEntry>;
  readonly items?: readonly SourceNode[];
}

export interface StudySource {
  readonly text: string;
  readonly root: SourceNode;
  readonly issues: readonly StudyIssue[];
}

/** Reads `text`; syntax errors and duplicate keys are in `issues`. O(length). */
export function readSource(text: string, format: StudyFormat): StudySource {
  // JSON has no byte order mark; a space in its place keeps every offset. (In YAML a space would indent the first key.)
  const clean = format === "json" && text.startsWith("\uFEFF") ? ` ${text.slice(1)}` : text;
  const issues: StudyIssue[] = [];
  try {
    return { text: clean, root: format === "json" ? readJson(clean, issues) : readYaml(clean, issues), issues };
  } catch {
    const range = { start: 0, end: Math.min(clean.length, 1) };
    return {
      text: clean,
      root: { range, value: null },
      issues: [syntaxIssue("The file is nested too deeply to be read.", range)],
    };
  }
}

function syntaxIssue(message: string, range: TextRange, path: Path = []): StudyIssue {
  return { severity: "error", message, range, path };
}

/** The node at `path`, or undefined. */
export function nodeAt(root: SourceNode, path: Path): SourceNode | undefined {
  let node: SourceNode | undefined = root;
  for (const part of path) {
    if (node === undefined) return undefined;
    node = typeof part === "number" ? node.items?.[part] : node.entries?.get(part)?.node;
  }
  return node;
}

/** Range of the value at `path`; of its nearest ancestor when there is none. */
export function valueRange(source: StudySource, path: Path): TextRange {
  const node = nodeAt(source.root, path);
  if (node !== undefined && path.length === 0) return headRange(source);
  // `key:` without a value has no place of its own.
  if (node !== undefined) return node.range.start === node.range.end ? keyRange(source, path) : node.range;
  return parentRange(source, path.slice(0, -1));
}

/** Range of the key at the end of `path`; of the value for list items. */
export function keyRange(source: StudySource, path: Path): TextRange {
  const last = path.at(-1);
  if (typeof last !== "string") return nodeAt(source.root, path)?.range ?? valueRange(source, path);
  const entry = nodeAt(source.root, path.slice(0, -1))?.entries?.get(last);
  return entry?.keyRange ?? parentRange(source, path.slice(0, -1));
}

/** Where something missing inside `path` is shown: the key that holds it, the first line of a list item, or the file's head. */
export function parentRange(source: StudySource, path: Path): TextRange {
  if (path.length === 0) return headRange(source);
  const last = path.at(-1);
  const node = nodeAt(source.root, path);
  if (node === undefined) return parentRange(source, path.slice(0, -1));
  if (typeof last === "string") return keyRange(source, path);
  return firstLine(source.text, node.range);
}

function headRange(source: StudySource): TextRange {
  const first = source.root.entries?.values().next().value;
  if (first !== undefined) return first.keyRange;
  return firstLine(source.text, source.root.range);
}

function firstLine(text: string, range: TextRange): TextRange {
  const cut = text.slice(range.start, range.end).search(/[\r\n]/);
  return cut < 0 ? range : { start: range.start, end: range.start + cut };
}

/**
 * Range of the characters start..end of the text value at `path`. Exact for plain, quoted and escaped text on one line;
 * the whole value otherwise (folded and block text).
 */
export function insideRange(source: StudySource, path: Path, start: number, end: number): TextRange {
  const node = nodeAt(source.root, path);
  if (node === undefined || typeof node.value !== "string") return valueRange(source, path);
  const raw = source.text.slice(node.range.start, node.range.end);
  const at = characterOffsets(raw, node.value);
  // A place without width (the end of the text) is shown on the character before it.
  const from = at?.[start === end && start > 0 ? start - 1 : start];
  const to = at?.[end];
  if (from === undefined || to === undefined) return node.range;
  return { start: node.range.start + from, end: node.range.start + Math.max(to, from) };
}

/** For each character of `value` its offset in `raw`, and one entry for the end; undefined when they do not correspond. */
function characterOffsets(raw: string, value: string): number[] | undefined {
  if (raw === value) return Array.from({ length: value.length + 1 }, (_, i) => i);
  const quote = raw.charAt(0);
  if ((quote !== '"' && quote !== "'") || !raw.endsWith(quote) || /[\r\n]/.test(raw)) return undefined;
  const offsets: number[] = [];
  let i = 1;
  while (i < raw.length - 1) {
    offsets.push(i);
    const rest = raw.slice(i, i + 10);
    const escape =
      quote === "'" ? /^''/.exec(rest) : /^\\(?:u[\da-fA-F]{4}|x[\da-fA-F]{2}|U[\da-fA-F]{8}|.)/s.exec(rest);
    i += escape === null ? 1 : escape[0].length;
  }
  offsets.push(raw.length - 1);
  return offsets.length === value.length + 1 ? offsets : undefined;
}

/** Builds a mapping node; a key that comes twice is an issue, and the first one counts. */
class MapBuilder {
  readonly entries = new Map<string, SourceEntry>();
  readonly value: Record<string, unknown> = {};
  readonly #text: string;
  readonly #issues: StudyIssue[];
  readonly #path: Path;

  constructor(text: string, issues: StudyIssue[], path: Path) {
    this.#text = text;
    this.#issues = issues;
    this.#path = path;
  }

  add(key: string, keyRange: TextRange, node: SourceNode): void {
    const path = [...this.#path, key];
    const first = this.entries.get(key);
    if (first !== undefined) {
      const line = positionsOf(this.#text).at(first.keyRange.start).line + 1;
      this.#issues.push(
        syntaxIssue(`Duplicate key \`${key}\`: it is already on line ${line}. Remove one of them.`, keyRange, path),
      );
    } else if (key === "__proto__") {
      this.#issues.push(syntaxIssue("The key `__proto__` is not allowed.", keyRange, path));
    } else {
      this.entries.set(key, { keyRange, node });
      this.value[key] = node.value;
    }
  }
}

// ---- JSON ----

const jsonMessages: Readonly<Record<number, string>> = {
  1: "This is not a JSON value.",
  2: "This number is not written as JSON wants it.",
  3: "Expected a key in double quotes.",
  4: "Expected a value here.",
  5: "Expected `:` after the key.",
  6: "Expected `,` between two entries.",
  7: "Expected `}`: an object is never closed.",
  8: "Expected `]`: a list is never closed.",
  9: "Nothing may follow after the end of the study.",
  10: "JSON has no comments. Remove this one, or keep the study as *.study.yaml.",
  11: "This comment is never closed.",
  12: "The double quote is never closed.",
  13: "This number ends too early.",
  14: "A Unicode escape is \\u and four hexadecimal digits.",
  15: "There is no such escape; a backslash itself is written \\\\.",
  16: "Control characters such as a tab must be escaped inside text.",
};

function readJson(text: string, issues: StudyIssue[]): SourceNode {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: true });
  for (const [i, error] of errors.entries()) {
    // One slip gives several errors at one place; the first says it.
    if (errors[i - 1]?.offset === error.offset) continue;
    const comma = /,\s*$/.exec(text.slice(0, error.offset));
    if (comma !== null && /[}\]]/.test(text.charAt(error.offset))) {
      issues.push(syntaxIssue("Nothing follows this comma: remove it.", { start: comma.index, end: comma.index + 1 }));
      continue;
    }
    const message = jsonMessages[error.error] ?? "This is not JSON.";
    const end = Math.min(text.length, error.offset + Math.max(1, error.length));
    issues.push(syntaxIssue(message, { start: error.offset, end }));
  }
  return root === undefined ? { range: { start: 0, end: 0 }, value: null } : fromJson(text, root, issues, []);
}

function fromJson(text: string, node: JsonNode, issues: StudyIssue[], path: Path): SourceNode {
  const range = { start: node.offset, end: node.offset + node.length };
  if (node.type === "object") {
    const map = new MapBuilder(text, issues, path);
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined) continue;
      const name = String(key.value);
      const at = { start: key.offset, end: key.offset + key.length };
      map.add(
        name,
        at,
        value === undefined ? { range: at, value: null } : fromJson(text, value, issues, [...path, name]),
      );
    }
    return { range, value: map.value, entries: map.entries };
  }
  if (node.type === "array") {
    const items = (node.children ?? []).map((child, i) => fromJson(text, child, issues, [...path, i]));
    return { range, value: items.map((item) => item.value), items };
  }
  return { range, value: node.value as unknown };
}

// ---- YAML ----

const yamlMessages: Partial<Record<string, string>> = {
  TAB_AS_INDENT: "YAML is indented with spaces, not tabs.",
  BAD_INDENT: "The indentation does not fit: entries of one mapping or list start in the same column.",
  UNEXPECTED_TOKEN: "This cannot stand here. Text that holds braces, brackets or `: ` needs quotes.",
  BLOCK_AS_IMPLICIT_KEY:
    "A second `key: value` cannot start on this line. Put it on its own line, or quotes round text that holds `: `.",
  MULTILINE_IMPLICIT_KEY: "A `:` is missing after this key, or its quotes are never closed.",
  MISSING_CHAR: "Something is missing here: a `:` after a key, a closing quote, or a closing bracket or brace.",
  BAD_ALIAS:
    "This alias (`*name`) has no anchor (`&name`) before it. Put quotes round text that starts with `*` or `&`.",
  MULTIPLE_DOCS: "A study file holds one document: remove what follows `---`.",
  BAD_SCALAR_START: "Text that starts with this character needs quotes.",
};

function readYaml(text: string, issues: StudyIssue[]): SourceNode {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false, version: "1.2", stringKeys: false });
  issues.push(...yamlErrors(text, document));
  for (const warning of document.warnings) {
    issues.push({
      severity: "warning",
      message: sentence(warning.message),
      range: yamlErrorRange(text, warning),
      path: [],
    });
  }
  const reader = new YamlReader(text, document, issues);
  return document.contents === null ? { range: { start: 0, end: 0 }, value: null } : reader.read(document.contents, []);
}

/** One slip often brings a hundred errors after it: what was never closed explains all, else the first of each line counts. */
function yamlErrors(text: string, document: Document): StudyIssue[] {
  const { errors } = document;
  if (errors.some(({ code }) => code === "MISSING_CHAR" || code === "BAD_INDENT")) {
    const opener = unclosed(text, document);
    if (opener !== undefined)
      return [syntaxIssue(`\`${text.charAt(opener)}\` is never closed.`, { start: opener, end: opener + 1 })];
  }
  const shown = errors.filter((error, i) => i === 0 || error.code !== "UNEXPECTED_TOKEN");
  return shown.map((error) =>
    syntaxIssue(yamlMessages[error.code] ?? sentence(error.message), yamlErrorRange(text, error)),
  );
}

/** Offset of the last bracket, brace or quote that has no partner. */
function unclosed(text: string, document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Node: (_key, node) => {
      const range = "range" in node ? node.range : undefined;
      if (range === null || range === undefined) return;
      const [start, end] = range;
      const first = text.charAt(start);
      const partner = { "{": "}", "[": "]", '"': '"', "'": "'" }[first];
      const isFlow = (isMap(node) || isSeq(node)) && node.flow === true;
      const isQuoted = isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE");
      if (partner === undefined || (!isFlow && !isQuoted)) return;
      if (end - start < 2 || text.charAt(end - 1) !== partner) found = start;
    },
  });
  return found;
}

function sentence(message: string): string {
  const line = message.split("\n")[0] ?? message;
  return /[.!?]$/.test(line) ? line : `${line}.`;
}

function yamlErrorRange(text: string, error: Pick<YAMLError, "pos">): TextRange {
  const start = Math.min(error.pos[0], text.length);
  return firstLine(text, { start, end: Math.min(text.length, Math.max(error.pos[1], start + 1)) });
}

class YamlReader {
  readonly #text: string;
  readonly #document: Document;
  readonly #issues: StudyIssue[];
  /** Aliased nodes are read once and shared, so that a bomb of aliases costs nothing. */
  readonly #read = new Map<unknown, SourceNode | "reading">();

  constructor(text: string, document: Document, issues: StudyIssue[]) {
    this.#text = text;
    this.#document = document;
    this.#issues = issues;
  }

  read(node: unknown, path: Path): SourceNode {
    const range = rangeOf(node);
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      const known = target === undefined ? undefined : this.#read.get(target);
      if (known === undefined || known === "reading") {
        const message = target === undefined ? (yamlMessages["BAD_ALIAS"] ?? "") : "This alias refers to itself.";
        this.#issues.push(syntaxIssue(message, range, path));
        return { range, value: null };
      }
      return known;
    }
    this.#read.set(node, "reading");
    const result = this.#readContent(node, range, path);
    this.#read.set(node, result);
    return result;
  }

  #readContent(node: unknown, range: TextRange, path: Path): SourceNode {
    if (isMap(node)) return this.#readMap(node.items, range, path);
    if (isSeq(node)) {
      const items = node.items.map((item, i) => this.read(item, [...path, i]));
      return { range, value: items.map((item) => item.value), items };
    }
    if (isScalar(node)) return { range, value: plainValue(node.value) };
    return { range, value: null };
  }

  #readMap(
    pairs: readonly { readonly key: unknown; readonly value: unknown }[],
    range: TextRange,
    path: Path,
  ): SourceNode {
    const map = new MapBuilder(this.#text, this.#issues, path);
    const merged: SourceNode[] = [];
    for (const pair of pairs) {
      const at = rangeOf(pair.key);
      if (!isScalar(pair.key)) {
        this.#issues.push(syntaxIssue("A key must be plain text.", at, path));
        continue;
      }
      const key = String(plainValue(pair.key.value) ?? "");
      const node = pair.value === null ? { range: at, value: null } : this.read(pair.value, [...path, key]);
      if (key === "<<") merged.push(node, ...(node.items ?? []));
      else map.add(key, at, node);
    }
    // `<<: *base` brings entries that the mapping does not have itself.
    for (const base of merged) {
      for (const [key, entry] of base.entries ?? []) {
        if (!map.entries.has(key)) map.add(key, entry.keyRange, entry.node);
      }
    }
    return { range, value: map.value, entries: map.entries };
  }
}

function plainValue(value: unknown): string | number | boolean | null {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}

/** Value without trailing white space and comments. */
function rangeOf(node: unknown): TextRange {
  if (!isScalar(node) && !isMap(node) && !isSeq(node) && !isAlias(node)) return { start: 0, end: 0 };
  const range = node.range;
  return range === null || range === undefined ? { start: 0, end: 0 } : { start: range[0], end: range[1] };
}
