/**
 * Where the cursor stands in a study file that is being typed: the path, whether a key or a value belongs there, and what is
 * already written of it.
 * Invariant: works on text that does not parse; never throws.
 */
import { getLocation } from "jsonc-parser";
import type { StudyFormat, TextRange } from "./definition.ts";
import type { Path } from "./source.ts";

export interface AssistContext {
  /** Of the mapping that a key belongs to, or of the value. */
  readonly path: Path;
  /** "either": the start of a line, where a key or (in a list or after an open `key:`) a value may come. */
  readonly role: "key" | "value" | "either";
  /** What is written of the key or value, up to its end; completions replace it. */
  readonly range: TextRange;
  /** Inside quotes, a flow collection or plain: what may be inserted. */
  readonly inFlow: boolean;
  readonly quoted: boolean;
}

/** Undefined in comments and other places without meaning. */
export function contextAt(text: string, format: StudyFormat, offset: number): AssistContext | undefined {
  return format === "json" ? jsonContext(text, offset) : yamlContext(text, offset);
}

function jsonContext(text: string, offset: number): AssistContext | undefined {
  const location = getLocation(text, offset);
  const { previousNode: node } = location;
  const inside = node !== undefined && offset >= node.offset && offset <= node.offset + node.length;
  const quoted = inside && node.type === "string";
  const range = inside ? { start: node.offset, end: node.offset + node.length } : { start: offset, end: offset };
  const path = location.isAtPropertyKey ? location.path.slice(0, -1) : location.path;
  return { path, role: location.isAtPropertyKey ? "key" : "value", range, inFlow: true, quoted };
}

type BlockEntry =
  | { readonly indent: number; readonly kind: "map"; readonly key: string }
  | { readonly indent: number; readonly kind: "list"; readonly index: number };

interface FlowFrame {
  readonly kind: "map" | "list";
  key: string | undefined;
  index: number;
  /** Where the key or value at hand began; undefined before its first character. */
  start: number | undefined;
  quote: string;
}

const keyPattern = /^("(?:\\.|[^"\\])*"|'[^']*'|[^\s#{}[\],:"'&*!|>%@`][^#{}[\]]*?)[ \t]*:(?=\s|$)/;

function yamlContext(text: string, offset: number): AssistContext | undefined {
  const blocks: BlockEntry[] = [];
  const flow: FlowFrame[] = [];
  let blockScalarIndent: number | undefined;
  let lineStart = 0;
  for (;;) {
    const newline = text.indexOf("\n", lineStart);
    const lineEnd = newline < 0 ? text.length : newline;
    const isLast = offset <= lineEnd;
    const end = isLast ? offset : lineEnd;
    const line = text.slice(lineStart, end).replace(/\r$/, "");
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    if (blockScalarIndent !== undefined && (indent > blockScalarIndent || line.trim() === "")) {
      if (isLast) return line.trim() === "" ? blockContext(blocks, text, lineStart, line, indent) : undefined;
    } else if (flow.length > 0) {
      blockScalarIndent = undefined;
      if (!scanFlow(flow, text, lineStart, lineStart + line.length)) return undefined;
      if (isLast) return flow.length > 0 ? flowContext(flow, blocks, text, offset) : undefined;
    } else {
      blockScalarIndent = undefined;
      if (isLast) return lastLine(blocks, flow, text, lineStart, line, offset);
      const rest = enterLine(blocks, line);
      if (rest !== undefined) {
        const value = line.slice(rest);
        if (/^[{[]/.test(value)) scanFlow(flow, text, lineStart + rest, lineStart + line.length);
        else if (/^[|>][-+\d]*\s*(?:#.*)?$/.test(value)) blockScalarIndent = indent;
      }
    }
    lineStart = lineEnd + 1;
  }
}

/** Takes a whole line into `blocks`; the column where its value begins, or undefined for blank lines and comments. */
function enterLine(blocks: BlockEntry[], line: string): number | undefined {
  let column = /^ */.exec(line)?.[0].length ?? 0;
  if (/^\s*(?:#|$)/.test(line)) return undefined;
  for (;;) {
    const dash = /^-(?:[ \t]+|$)/.exec(line.slice(column));
    if (dash === null) break;
    popFor(blocks, column, "list");
    const top = blocks.at(-1);
    const index = top?.kind === "list" && top.indent === column ? top.index + 1 : 0;
    if (top?.kind === "list" && top.indent === column) blocks.pop();
    blocks.push({ indent: column, kind: "list", index });
    column += dash[0].length;
  }
  const key = keyPattern.exec(line.slice(column));
  if (key === null) return column;
  popFor(blocks, column, "map");
  blocks.push({ indent: column, kind: "map", key: unquote(key[1] ?? "") });
  return column + key[0].length + (/^[ \t]*/.exec(line.slice(column + key[0].length))?.[0].length ?? 0);
}

/** Leaves the entries that a line at `indent` ends; a list may stand in the column of the key that holds it. */
function popFor(blocks: BlockEntry[], indent: number, kind: "map" | "list"): void {
  for (let top = blocks.at(-1); top !== undefined; top = blocks.at(-1)) {
    if (top.indent < indent) return;
    if (top.indent === indent && kind === "list") return;
    blocks.pop();
  }
}

function lastLine(
  blocks: BlockEntry[],
  flow: FlowFrame[],
  text: string,
  lineStart: number,
  line: string,
  offset: number,
): AssistContext | undefined {
  if (/(?:^|\s)#/.test(line.replace(/"(?:\\.|[^"\\])*"|'[^']*'/g, ""))) return undefined;
  const column = /^ */.exec(line)?.[0].length ?? 0;
  // `- ` and `key: ` before the cursor are entered; what follows is being typed.
  const typed = /^((?:-[ \t]+)*)(.*)$/s.exec(line.slice(column));
  const dashes = typed?.[1] ?? "";
  const after = typed?.[2] ?? "";
  if (!keyPattern.test(after)) {
    if (/^[{[]/.test(after)) {
      enterLine(blocks, line.slice(0, column + dashes.length));
      scanFlow(flow, text, lineStart + column + dashes.length, offset);
      return flow.length > 0 ? flowContext(flow, blocks, text, offset) : undefined;
    }
    if (dashes !== "") enterLine(blocks, line.slice(0, column + dashes.length));
    return blockContext(blocks, text, lineStart, line, column + dashes.length);
  }
  const rest = enterLine(blocks, line) ?? line.length;
  const value = line.slice(rest);
  if (/^[{[]/.test(value)) {
    scanFlow(flow, text, lineStart + rest, offset);
    return flow.length > 0 ? flowContext(flow, blocks, text, offset) : undefined;
  }
  return valueContext(blockPath(blocks), text, lineStart + rest, offset, false);
}

function blockContext(
  blocks: BlockEntry[],
  text: string,
  lineStart: number,
  line: string,
  column: number,
): AssistContext {
  popFor(blocks, column, "map");
  const start = lineStart + Math.min(column, line.length);
  const end = wordEnd(text, lineStart + line.length);
  return {
    path: blockPath(blocks),
    role: "either",
    range: { start, end },
    inFlow: false,
    quoted: /^["']/.test(line.slice(column)),
  };
}

function valueContext(path: Path, text: string, start: number, offset: number, inFlow: boolean): AssistContext {
  const quote = text.charAt(start);
  const quoted = /["']/.test(quote) && start < offset;
  const from = Math.min(start, offset);
  const closing = quoted ? (quote === '"' ? /^(?:\\.|[^"\\\r\n])*"/ : /^[^'\r\n]*'/).exec(text.slice(offset)) : null;
  const end = closing === null ? valueEnd(text, offset, inFlow) : offset + closing[0].length;
  return { path, role: "value", range: { start: from, end }, inFlow, quoted };
}

function blockPath(blocks: readonly BlockEntry[]): Path {
  return blocks.map((entry) => (entry.kind === "map" ? entry.key : entry.index));
}

function flowContext(
  flow: readonly FlowFrame[],
  blocks: readonly BlockEntry[],
  text: string,
  offset: number,
): AssistContext | undefined {
  const path: (string | number)[] = [...blockPath(blocks)];
  for (const frame of flow.slice(0, -1)) path.push(frame.kind === "map" ? (frame.key ?? "") : frame.index);
  const top = flow.at(-1);
  if (top === undefined) return undefined;
  const start = top.start ?? offset;
  if (top.kind === "map" && top.key === undefined) {
    return { path, role: "key", range: { start, end: wordEnd(text, offset) }, inFlow: true, quoted: top.quote !== "" };
  }
  return valueContext([...path, top.kind === "map" ? (top.key ?? "") : top.index], text, start, offset, true);
}

/** Reads flow text from..to into `flow`; false when it ends in a comment. */
function scanFlow(flow: FlowFrame[], text: string, from: number, to: number): boolean {
  const open = (kind: "map" | "list"): void => {
    flow.push({ kind, key: undefined, index: 0, start: undefined, quote: "" });
  };
  for (let i = from; i < to; i++) {
    const char = text.charAt(i);
    const top = flow.at(-1);
    if (top !== undefined && top.quote !== "") {
      if (char === "\\" && top.quote === '"') i++;
      else if (char === top.quote) top.quote = "";
      continue;
    }
    if (char === "{" || char === "[") open(char === "{" ? "map" : "list");
    else if (top === undefined) return true;
    else if (char === "}" || char === "]") {
      flow.pop();
      const outer = flow.at(-1);
      if (outer === undefined) return true;
      outer.start ??= i;
    } else if (char === ",") {
      top.key = undefined;
      top.index++;
      top.start = undefined;
    } else if (
      char === ":" &&
      top.kind === "map" &&
      top.key === undefined &&
      /[\s,{}[\]"']|^$/.test(text.charAt(i + 1))
    ) {
      top.key = unquote(text.slice(top.start ?? i, i).trim());
      top.start = undefined;
    } else if (char === "#" && /\s/.test(text.charAt(i - 1))) return i >= to ? true : skipComment(text, i, to);
    else if (!/\s/.test(char)) {
      top.start ??= i;
      if ((char === '"' || char === "'") && top.start === i) top.quote = char;
    }
  }
  return true;
}

/** A comment up to the end of a whole line is passed over; the cursor inside one has no context. */
function skipComment(text: string, at: number, to: number): boolean {
  const lineEnd = text.indexOf("\n", at);
  return to >= (lineEnd < 0 ? text.length + 1 : lineEnd) || text.charAt(to) === "\r";
}

function wordEnd(text: string, offset: number): number {
  return offset + (/^[\w.-]*/.exec(text.slice(offset))?.[0].length ?? 0);
}

/** End of the value that the cursor is in: of the word, or of the plain text up to a comment, comma or bracket. */
function valueEnd(text: string, offset: number, inFlow: boolean): number {
  const rest = (inFlow ? /^[^\r\n,}\]#]*/ : /^[^\r\n#]*/).exec(text.slice(offset))?.[0] ?? "";
  return offset + rest.trimEnd().length;
}

function unquote(key: string): string {
  return /^(["']).*\1$/s.test(key) ? key.slice(1, -1) : key;
}
