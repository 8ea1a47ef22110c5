/**
 * A TOML file as a tree of values with places: smol-toml reads the values, a scan of the lines finds where they stand.
 * Invariant: values are right; a place may be that of the enclosing entry where TOML allows forms the scan does not follow
 * (inline tables, text over several lines).
 */
import { parse } from "smol-toml";
import type { TextRange } from "../study/definition.ts";
import type { SourceEntry, SourceNode } from "../study/source.ts";

/** Undefined when the text is not TOML. O(length). */
export function readToml(text: string): SourceNode | undefined {
  try {
    const places = scanPlaces(text);
    return toNode(parse(text), [], { start: 0, end: text.length }, places, 0);
  } catch {
    return undefined;
  }
}

function toNode(
  value: unknown,
  path: readonly string[],
  outer: TextRange,
  places: ReadonlyMap<string, TextRange>,
  depth: number,
): SourceNode {
  const range = places.get(JSON.stringify(path)) ?? outer;
  if (typeof value === "bigint") return { range, value: Number(value) };
  if (typeof value !== "object" || value === null) return { range, value };
  if (Array.isArray(value) || value instanceof Date || depth > 20) return { range, value: null };
  const entries = new Map<string, SourceEntry>();
  for (const [key, item] of Object.entries(value)) {
    const node = toNode(item, [...path, key], range, places, depth + 1);
    entries.set(key, { keyRange: node.range, node });
  }
  return { range, value, entries };
}

const keyPart = String.raw`(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')`;
const dottedKey = String.raw`${keyPart}(?:[ \t]*\.[ \t]*${keyPart})*`;
const tableLine = new RegExp(String.raw`^[ \t]*\[[ \t]*(${dottedKey})[ \t]*\]`);
const entryLine = new RegExp(String.raw`^[ \t]*(${dottedKey})[ \t]*=[ \t]*`);

/** JSON of the path -> range of the value. */
function scanPlaces(text: string): Map<string, TextRange> {
  const places = new Map<string, TextRange>();
  let table: string[] | undefined = [];
  let offset = 0;
  for (const line of text.split("\n")) {
    const header = tableLine.exec(line);
    if (header !== null) table = splitKey(header[1] ?? "");
    // Entries of `[[lists]]` are not followed.
    else if (/^[ \t]*\[\[/.test(line)) table = undefined;
    const entry = header === null && table !== undefined ? entryLine.exec(line) : null;
    if (entry !== null && table !== undefined) {
      const start = entry[0].length;
      const path = JSON.stringify([...table, ...splitKey(entry[1] ?? "")]);
      if (!places.has(path))
        places.set(path, { start: offset + start, end: offset + start + valueLength(line.slice(start)) });
    }
    offset += line.length + 1;
  }
  return places;
}

function splitKey(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? "",
  );
}

/** Length of the value at the start of `rest`, without a trailing comment. */
function valueLength(rest: string): number {
  const quoted = /^(?:"(?:\\.|[^"\\])*"|'[^']*')/.exec(rest);
  if (quoted !== null && quoted[0].length > 2) return quoted[0].length;
  return rest.replace(/#.*$/, "").trimEnd().length;
}
