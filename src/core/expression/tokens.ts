/**
 * Words and signs of an expression. `=` is `==`, `&&` is `and`, `||` is `or`; a name in backquotes may hold
 * any character (`batch-size`).
 * Invariant: tokens are in order, do not overlap, and what lies between them is white space.
 */
import type { ParamValue } from "../space/parameter.ts";

interface TokenBase {
  /** As written, or the canonical spelling for operators. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export type Token =
  | (TokenBase & { readonly kind: "number"; readonly value: number })
  | (TokenBase & { readonly kind: "string"; readonly value: string })
  | (TokenBase & { readonly kind: "constant"; readonly value: ParamValue })
  | (TokenBase & { readonly kind: "name" })
  | (TokenBase & { readonly kind: "operator" });

export type Tokens =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly message: string; readonly start: number; readonly end: number };

const constants: ReadonlyMap<string, ParamValue> = new Map<string, ParamValue>([
  ["true", true],
  ["True", true],
  ["false", false],
  ["False", false],
  ["null", null],
  ["None", null],
]);

const wordOperators: ReadonlySet<string> = new Set(["and", "or", "not", "in", "AND", "OR", "NOT", "IN"]);
const synonyms: ReadonlyMap<string, string> = new Map([
  ["=", "=="],
  ["===", "=="],
  ["!==", "!="],
  ["<>", "!="],
  ["&&", "and"],
  ["||", "or"],
]);

const spacePattern = /\s+/y;
const numberPattern = /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
const namePattern = /[A-Za-z_\u00c0-\u024f][\w\u00c0-\u024f]*(?:\.\w+)*/y;
const signPattern = /\*\*|===|!==|==|!=|<>|<=|>=|&&|\|\||[-+*/%<>=!(),[\]]/y;

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** O(length). */
export function tokenize(source: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const space = match(spacePattern, source, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const start = at;
    const char = source.charAt(at);
    if (char === "'" || char === '"' || char === "`") {
      const quoted = readQuoted(source, at);
      if (quoted === undefined) {
        return { ok: false, message: `The quote ${char} is never closed.`, start, end: source.length };
      }
      at = quoted.end;
      if (char === "`") tokens.push({ kind: "name", text: quoted.value, start, end: at });
      else tokens.push({ kind: "string", text: source.slice(start, at), value: quoted.value, start, end: at });
      continue;
    }
    const number = match(numberPattern, source, at);
    if (number !== undefined) {
      at += number.length;
      const stuck = match(namePattern, source, at);
      if (stuck !== undefined) {
        return {
          ok: false,
          message: `\`${number}${stuck}\` is neither a number nor a name.`,
          start,
          end: at + stuck.length,
        };
      }
      tokens.push({ kind: "number", text: number, value: Number(number), start, end: at });
      continue;
    }
    const name = match(namePattern, source, at);
    if (name !== undefined) {
      at += name.length;
      tokens.push(wordToken(name, start, at));
      continue;
    }
    const sign = match(signPattern, source, at);
    if (sign === undefined) {
      const shown = String.fromCodePoint(source.codePointAt(at) ?? 0);
      return { ok: false, message: `\`${shown}\` has no meaning in an expression.`, start, end: at + shown.length };
    }
    at += sign.length;
    tokens.push({ kind: "operator", text: synonyms.get(sign) ?? sign, start, end: at });
  }
  return { ok: true, tokens };
}

function wordToken(word: string, start: number, end: number): Token {
  if (wordOperators.has(word)) return { kind: "operator", text: word.toLowerCase(), start, end };
  const value = constants.get(word);
  return value === undefined
    ? { kind: "name", text: word, start, end }
    : { kind: "constant", text: word, value, start, end };
}

/** The text in the quotes that open at `at`; a backslash takes the next character as it is. */
function readQuoted(source: string, at: number): { readonly value: string; readonly end: number } | undefined {
  const quote = source.charAt(at);
  let value = "";
  for (let i = at + 1; i < source.length; i++) {
    const char = source.charAt(i);
    if (char === quote) return { value, end: i + 1 };
    if (char === "\\" && i + 1 < source.length) {
      i++;
      value += source.charAt(i);
    } else value += char;
  }
  return undefined;
}
