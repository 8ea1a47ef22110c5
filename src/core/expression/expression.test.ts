import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ParamValue } from "../space/parameter.ts";
import { isTruthy, parseExpression, type Scope } from "./expression.ts";

function valueOf(source: string, params: Readonly<Record<string, ParamValue>> = {}): ParamValue {
  const parsed = parseExpression(source);
  if (!parsed.ok) throw new Error(`${source}: ${parsed.message} at ${parsed.start}`);
  return parsed.expression.evaluate((name) => params[name]);
}

function problem(source: string): { message: string; start: number; end: number } {
  const parsed = parseExpression(source);
  if (parsed.ok) throw new Error(`${source} parsed`);
  return { message: parsed.message, start: parsed.start, end: parsed.end };
}

describe("values", () => {
  it.each<[string, ParamValue]>([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["10 - 2 - 3", 5],
    ["8 / 4 / 2", 1],
    ["7 % 4", 3],
    ["2 ** 3 ** 2", 512],
    ["-2 ** 2", -4],
    ["2 ** -1", 0.5],
    ["2 * -3", -6],
    ["+4", 4],
    ["1e-3 + .5", 0.501],
    ["2e3", 2000],
    ["min(3, 1, 2)", 1],
    ["max(width, 8)", 64],
    ["log2(width)", 6],
    ["log10(1000)", 3],
    ["log(exp(2))", 2],
    ["round(2.5) + floor(2.5) + ceil(2.5)", 8],
    ["abs(-3) + sqrt(16)", 7],
    ["'a b'", "a b"],
    ['"it\\"s"', 'it"s'],
    ["true", true],
    ["null", null],
    ["bias + 1", 2],
    ["optimizer * 2", Number.NaN],
    ["optimizer.lr * 10", 1],
    ["`batch-size` / 4", 8],
    ["unknownWord", "unknownWord"],
  ])("%s", (source, expected) => {
    const params = { width: 64, bias: true, optimizer: "sgd", "optimizer.lr": 0.1, "batch-size": 32 };
    const value = valueOf(source, params);
    if (typeof expected === "number" && Number.isFinite(expected)) expect(value).toBeCloseTo(expected, 12);
    else expect(value).toBe(expected);
  });
});

describe("conditions", () => {
  it.each<[string, boolean]>([
    ["width * depth <= 1024", true],
    ["width * depth <= 127", false],
    ["width = 64", true],
    ["width == 64 and depth != 2", false],
    ["width == 64 && depth == 2", true],
    ["width < 10 || depth > 1", true],
    ["not width < 10", true],
    ["!bias or false", false],
    ["not bias == false", true],
    ["16 <= width <= 64", true],
    ["16 <= width < 64", false],
    ["1 < 2 < 3 < 3", false],
    ["depth in [1, 2, 3]", true],
    ["depth not in [1, 2, 3]", false],
    ["depth in []", false],
    ["optimizer = adam", false],
    ["optimizer in [sgd, adam]", true],
    ["optimizer = 'sgd' and width > 32", true],
    ["optimizer > 3", false],
    ["1 == '1'", false],
    ["optimizer != 3", true],
    ["missing = null", true],
    ["missing < 3 or missing > 3", false],
    ["a <> b", true],
    ["width > 0 AND depth > 0", true],
    ["1 or 1 and 0", true],
    ["(1 or 1) and 0", false],
    ["depth in [1, 2] == true", true],
  ])("%s is %s", (source, expected) => {
    const params = { width: 64, depth: 2, bias: true, optimizer: "sgd", missing: null };
    expect(isTruthy(valueOf(source, params))).toBe(expected);
  });

  it("knows a condition from a value", () => {
    const isCondition = (source: string): boolean => {
      const parsed = parseExpression(source);
      return parsed.ok && parsed.expression.isCondition;
    };
    expect(isCondition("a * b")).toBe(false);
    expect(isCondition("min(a, b)")).toBe(false);
    expect(isCondition("(a < b)")).toBe(true);
    expect(isCondition("a and b")).toBe(true);
    expect(isCondition("useBias")).toBe(true);
  });

  it("lists names once and mentions each time", () => {
    const parsed = parseExpression("a + b.c * a <= max(a, d)");
    if (!parsed.ok) throw new Error(parsed.message);
    expect(parsed.expression.names).toEqual(["a", "b.c", "d"]);
    expect(parsed.expression.mentions.map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [4, 7],
      [10, 11],
      [19, 20],
      [22, 23],
    ]);
  });
});

describe("problems", () => {
  it.each<[string, string, number, number]>([
    ["", "The expression is empty.", 0, 0],
    ["  ", "The expression is empty.", 2, 2],
    ["1 +", "The expression ends too early: a value is missing.", 3, 3],
    ["width depth", "Unexpected `depth`: an operator is missing before it.", 6, 11],
    ["(1 + 2", "`(` is never closed: a `)` is missing.", 0, 1],
    ["min(1, 2", "`(` is never closed: a `)` is missing.", 3, 4],
    ["1 + 2)", "Unexpected `)`.", 5, 6],
    ["a in 3", "Expected a list after `in`: write `x in [1, 2]`.", 5, 6],
    ["a in [1, 2", "`[` is never closed: a `]` is missing.", 5, 6],
    ["a not 3", "Expected `in` after `not`: write `x not in [1, 2]`.", 6, 7],
    ["[1, 2]", "A list may only stand after `in`.", 0, 1],
    ["* 3", "Unexpected `*`.", 0, 1],
    ["foo(3)", "Unknown function `foo`. Known: min, max, abs, log, log2, log10, exp, sqrt, floor, ceil, round.", 0, 3],
    ["sqrt(1, 2)", "`sqrt` takes one value, not 2.", 0, 4],
    ["min()", "`min` takes at least one value, not 0.", 0, 3],
    ["'abc", "The quote ' is never closed.", 0, 4],
    ["a @ b", "`@` has no meaning in an expression.", 2, 3],
    ["a & b", "`&` has no meaning in an expression.", 2, 3],
    ["3x > 1", "`3x` is neither a number nor a name.", 0, 2],
    ["a ; process.exit()", "`;` has no meaning in an expression.", 2, 3],
  ])("%s", (source, message, start, end) => {
    expect(problem(source)).toEqual({ message, start, end });
  });

  it("refuses what would need a deep stack", () => {
    expect(problem(`${"(".repeat(5000)}1${")".repeat(5000)}`).message).toBe("The expression is nested too deeply.");
    expect(problem(`${"-".repeat(5000)}1`).message).toBe("The expression is nested too deeply.");
    expect(problem(`${"not ".repeat(3000)}1`).message).toBe("The expression is nested too deeply.");
    expect(problem(Array.from({ length: 5000 }, () => "1").join("+")).message).toBe(
      "The expression is nested too deeply.",
    );
    expect(problem(Array.from({ length: 3000 }, () => "1").join("**")).message).toBe(
      "The expression is nested too deeply.",
    );
    expect(problem(Array.from({ length: 3000 }, () => "1").join("<")).message).toBe(
      "The expression is nested too deeply.",
    );
    expect(problem("1".repeat(20_001)).message).toContain("longer than 20000");
    expect(valueOf(Array.from({ length: 300 }, () => "1").join("+"))).toBe(300);
  });
});

// ---- properties ----

type Tree =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: "-" | "not"; readonly operand: Tree }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Tree; readonly right: Tree };

const names = ["a", "b", "c.d"] as const;
const operators = ["+", "-", "*", "/", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"] as const;

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.nat(20).map((value): Tree => ({ kind: "number", value })),
    fc.constantFrom(...names).map((name): Tree => ({ kind: "name", name })),
    fc
      .record({ operator: fc.constantFrom("-" as const, "not" as const), operand: tie("tree") })
      .map((parts): Tree => ({ kind: "unary", ...parts })),
    fc
      .record({ operator: fc.constantFrom(...operators), left: tie("tree"), right: tie("tree") })
      .map((parts): Tree => ({ kind: "binary", ...parts })),
  ),
}));

/** Every operand in brackets: the reference reading does not depend on precedence. */
function print(node: Tree): string {
  if (node.kind === "number") return String(node.value);
  if (node.kind === "name") return node.name;
  if (node.kind === "unary") return `${node.operator} (${print(node.operand)})`;
  return `(${print(node.left)}) ${node.operator} (${print(node.right)})`;
}

const strength: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  not: 3,
  "<": 4,
  "<=": 4,
  ">": 4,
  ">=": 4,
  "==": 4,
  "!=": 4,
  "+": 5,
  "-": 5,
  "*": 6,
  "/": 6,
  "%": 6,
  u: 7,
  "**": 8,
};

/** Only the brackets that precedence and associativity ask for. */
function printBare(node: Tree): string {
  if (node.kind === "number") return String(node.value);
  if (node.kind === "name") return node.name;
  const level = (child: Tree): number => {
    if (child.kind === "unary") return strength[child.operator === "-" ? "u" : "not"] ?? 0;
    return child.kind === "binary" ? (strength[child.operator] ?? 0) : 9;
  };
  const wrap = (child: Tree, needs: boolean): string => (needs ? `(${printBare(child)})` : printBare(child));
  if (node.kind === "unary") {
    const own = strength[node.operator === "-" ? "u" : "not"] ?? 0;
    return `${node.operator} ${wrap(node.operand, level(node.operand) < own)}`;
  }
  const own = strength[node.operator] ?? 0;
  const isComparison = own === 4;
  const leftNeeds = node.operator === "**" || isComparison ? level(node.left) <= own : level(node.left) < own;
  const rightNeeds = node.operator === "**" ? level(node.right) < 7 : level(node.right) <= own;
  return `${wrap(node.left, leftNeeds)} ${node.operator} ${wrap(node.right, rightNeeds)}`;
}

function reference(node: Tree, scope: Scope): ParamValue {
  if (node.kind === "number") return node.value;
  if (node.kind === "name") return scope(node.name) ?? node.name;
  const number = (value: ParamValue): number =>
    typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : Number.NaN;
  const truth = (value: ParamValue): boolean => Boolean(value);
  if (node.kind === "unary") {
    const operand = reference(node.operand, scope);
    return node.operator === "-" ? -number(operand) : !truth(operand);
  }
  const a = reference(node.left, scope);
  const b = reference(node.right, scope);
  const ordered = typeof a === "number" && typeof b === "number" ? ([a, b] as const) : undefined;
  switch (node.operator) {
    case "+":
      return number(a) + number(b);
    case "-":
      return number(a) - number(b);
    case "*":
      return number(a) * number(b);
    case "/":
      return number(a) / number(b);
    case "%":
      return number(a) % number(b);
    case "**":
      return number(a) ** number(b);
    case "<":
      return ordered !== undefined && ordered[0] < ordered[1];
    case "<=":
      return ordered !== undefined && ordered[0] <= ordered[1];
    case ">":
      return ordered !== undefined && ordered[0] > ordered[1];
    case ">=":
      return ordered !== undefined && ordered[0] >= ordered[1];
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "and":
      return truth(a) && truth(b);
    default:
      return truth(a) || truth(b);
  }
}

const scopeValues = fc.record({
  a: fc.integer({ min: -5, max: 5 }),
  b: fc.double({ min: -2, max: 2, noNaN: true }),
  "c.d": fc.boolean(),
});

describe("properties", () => {
  it("never throws on any text, and reports places inside it", () => {
    const pieces = fc.constantFrom(
      "a",
      "1",
      "(",
      ")",
      "[",
      "]",
      ",",
      "in",
      "not",
      "and",
      "<",
      "==",
      "-",
      "**",
      "'x'",
      '"',
      "`",
      " ",
      "min",
      "max(",
      "\\",
      "é",
      "😀",
    );
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (source) => {
        const parsed = parseExpression(source);
        if (parsed.ok) parsed.expression.evaluate((name) => (name === "a" ? 1 : undefined));
        else {
          expect(parsed.start).toBeGreaterThanOrEqual(0);
          expect(parsed.end).toBeGreaterThanOrEqual(parsed.start);
          expect(parsed.end).toBeLessThanOrEqual(source.length);
          expect(parsed.message).not.toBe("");
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("means what a reference evaluation of the tree means, with all brackets and with the fewest", () => {
    fc.assert(
      fc.property(tree, scopeValues, (node, values) => {
        const scope: Scope = (name) => (values as Record<string, ParamValue>)[name];
        const expected = reference(node, scope);
        for (const source of [print(node), printBare(node)]) {
          const parsed = parseExpression(source);
          if (!parsed.ok) throw new Error(`${source}: ${parsed.message}`);
          expect(parsed.expression.evaluate(scope), source).toBe(expected);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
