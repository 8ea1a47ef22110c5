/**
 * A command as one string, split into words without a shell, and `{name}` placeholders inside the words.
 * Invariant: words are found before any value is put in, so a value never splits one.
 */
import type { TextRange } from "./definition.ts";

export type SplitResult =
  | { readonly ok: true; readonly words: readonly string[]; readonly ranges: readonly TextRange[] }
  | { readonly ok: false; readonly message: string; readonly start: number; readonly end: number };

/**
 * Splits at white space. Quotes group: '...' takes everything as it is, "..." and bare words know backslash before a
 * quote, a space, a tab or a backslash; any other backslash is itself, so that Windows paths survive.
 */
export function splitWords(text: string): SplitResult {
  const words: string[] = [];
  const ranges: TextRange[] = [];
  let word = "";
  let start = -1;
  let quote = "";
  let quoteAt = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote === "'") {
      if (char === "'") quote = "";
      else word += char;
      continue;
    }
    if (char === "\\" && /["'\\ \t]/.test(text.charAt(i + 1)) && i + 1 < text.length) {
      if (start < 0) start = i;
      i++;
      word += text.charAt(i);
    } else if (quote === '"') {
      if (char === '"') quote = "";
      else word += char;
    } else if (char === '"' || char === "'") {
      if (start < 0) start = i;
      quote = char;
      quoteAt = i;
    } else if (/\s/.test(char)) {
      if (start >= 0) {
        words.push(word);
        ranges.push({ start, end: i });
      }
      word = "";
      start = -1;
    } else {
      if (start < 0) start = i;
      word += char;
    }
  }
  if (quote !== "") {
    return { ok: false, message: `The quote ${quote} is never closed.`, start: quoteAt, end: text.length };
  }
  if (start >= 0) {
    words.push(word);
    ranges.push({ start, end: text.length });
  }
  return { ok: true, words, ranges };
}

export interface Placeholder {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The placeholders of a text that are meant as parameters: `{name}`. Other braces (`awk '{print $1}'`, `{}`) are text, and
 * so are `{{` and `}}`, which stand for one brace. O(length).
 */
export function placeholdersIn(text: string): Placeholder[] {
  const found: Placeholder[] = [];
  for (const match of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}/g)) {
    const name = match[1];
    if (name === undefined || !/^\s*[A-Za-z_][\w.-]*\s*$/.test(name)) continue;
    found.push({ name, start: match.index, end: match.index + match[0].length });
  }
  return found;
}
