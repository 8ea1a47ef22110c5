/**
 * A command as one string, split into words without a shell, and `{name}` placeholders inside the words.
 * Invariant: a parameter's value never creates, splits or removes a word; `{{` and `}}` are literal braces.
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

export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "placeholder"; readonly name: string; readonly start: number; readonly end: number }
  /** A brace without its partner. */
  | { readonly kind: "stray"; readonly text: string; readonly start: number; readonly end: number };

/** The parts of one word. `{name}` is a placeholder, `{{` and `}}` are text. Never throws. O(length). */
export function templateParts(word: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = "";
  const flush = (): void => {
    if (text !== "") parts.push({ kind: "text", text });
    text = "";
  };
  for (let i = 0; i < word.length; i++) {
    const char = word.charAt(i);
    if (char !== "{" && char !== "}") {
      text += char;
      continue;
    }
    if (word.charAt(i + 1) === char) {
      text += char;
      i++;
      continue;
    }
    const close = char === "{" ? word.slice(i + 1).search(/[{}]/) : -1;
    flush();
    if (close >= 0 && word.charAt(i + 1 + close) === "}") {
      const end = i + 2 + close;
      parts.push({ kind: "placeholder", name: word.slice(i + 1, end - 1), start: i, end });
      i = end - 1;
    } else {
      parts.push({ kind: "stray", text: char, start: i, end: i + 1 });
    }
  }
  flush();
  return parts;
}

/**
 * The word with its placeholders replaced. `valueOf` gives the text for a name; undefined (a parameter that is not
 * active) becomes the empty text.
 */
export function fillTemplate(word: string, valueOf: (name: string) => string | undefined): string {
  return templateParts(word)
    .map((part) => (part.kind === "placeholder" ? (valueOf(part.name) ?? "") : part.text))
    .join("");
}
