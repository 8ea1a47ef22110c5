/**
 * The filter box: an expression over column names -> a mask over trials.
 * Invariant: a word that is neither a column nor a value of one is an error, never a silent "nothing matches".
 */
import { isTruthy, parseExpression } from "../../src/core/expression/expression.ts";
import { filterValue, type PanelColumn } from "./columnModel.ts";

export type FilterResult =
  | { readonly ok: true; readonly mask: Uint8Array | null }
  | { readonly ok: false; readonly message: string; readonly start: number; readonly end: number };

/** 1 where the expression holds; null when the text is blank. O(rows * length). */
export function compileFilter(source: string, columns: readonly PanelColumn[], count: number): FilterResult {
  if (source.trim() === "") return { ok: true, mask: null };
  const parsed = parseExpression(source);
  if (!parsed.ok) return parsed;
  const { expression } = parsed;
  const byName = new Map<string, PanelColumn>();
  for (const column of columns) for (const name of column.names) byName.set(name, column);
  const words = new Set<string>();
  for (const { categories = [] } of columns) for (const category of categories) words.add(String(category));
  for (const { name, start, end } of expression.mentions) {
    if (byName.has(name) || words.has(name)) continue;
    const close = nearest(
      name,
      [...byName.keys()].filter((known) => !known.startsWith("$")),
    );
    const hint = close === undefined ? `Text needs quotes: "${name}".` : `Did you mean ${close}?`;
    return { ok: false, message: `No column or value is called ${name}. ${hint}`, start, end };
  }
  if (!expression.isCondition) {
    return {
      ok: false,
      message: "A filter is a comparison, for example accuracy > 0.9.",
      start: 0,
      end: source.length,
    };
  }
  const mask = new Uint8Array(count);
  let row = 0;
  const scope = (name: string): ReturnType<typeof filterValue> | undefined => {
    const column = byName.get(name);
    return column === undefined ? undefined : filterValue(column, row);
  };
  for (row = 0; row < count; row++) mask[row] = isTruthy(expression.evaluate(scope)) ? 1 : 0;
  return { ok: true, mask };
}

/** The known name that differs by at most two letters (Damerau-Levenshtein without transpositions), if one does. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = name.length <= 3 ? 2 : 3;
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
