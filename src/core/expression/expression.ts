/**
 * Expressions over parameters: the constraints of a study and the filter of the trial table. No eval.
 * Invariant: `parseExpression` never throws; an expression that parsed never throws when evaluated and terminates in time
 * linear in its length.
 */
import type { ParamValue } from "../space/parameter.ts";
import { callFunction, compareValues, isTruthy, numberOf, type ComparisonOperator } from "./operators.ts";
import { tokenize, type Token } from "./tokens.ts";

/** What a name stands for: undefined = not a name at all (then the word itself is the value), null = known but not set. */
export type Scope = (name: string) => ParamValue | undefined;

export interface Expression {
  /** Every name mentioned, once, in order of appearance. */
  readonly names: readonly string[];
  /** Where each mention is, for messages. */
  readonly mentions: readonly { readonly name: string; readonly start: number; readonly end: number }[];
  /** Whether the whole is a condition (comparison, and/or/not, in, true/false) and not a mere value. */
  readonly isCondition: boolean;
  /**
   * The value. Arithmetic on what is no number gives NaN; comparisons of different types are false (`!=`: true).
   * A name for which `scope` answers undefined is taken as the text of the name.
   */
  evaluate(scope: Scope): ParamValue;
}

export type ParsedExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly message: string; readonly start: number; readonly end: number };

type Evaluate = (scope: Scope) => ParamValue;

interface Node {
  readonly evaluate: Evaluate;
  readonly depth: number;
  readonly isCondition: boolean;
  readonly isName: boolean;
}

/** Nesting of operators and brackets; far above any sensible expression, far below the stack. */
const maxDepth = 400;
const maxLength = 20_000;

/** Binding powers, loosest first. */
const power = { or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, unary: 7, power: 8 } as const;

class SyntaxProblem extends Error {
  readonly start: number;
  readonly end: number;
  constructor(message: string, start: number, end: number) {
    super(message);
    this.start = start;
    this.end = end;
  }
}

/** Parses `source`; problems come back as data with offsets into `source`. O(length). */
export function parseExpression(source: string): ParsedExpression {
  try {
    if (source.length > maxLength) {
      return {
        ok: false,
        message: `The expression is longer than ${maxLength} characters.`,
        start: 0,
        end: source.length,
      };
    }
    const tokens = tokenize(source);
    if (!tokens.ok) return tokens;
    return { ok: true, expression: new Parser(source, tokens.tokens).parse() };
  } catch (error) {
    if (error instanceof SyntaxProblem)
      return { ok: false, message: error.message, start: error.start, end: error.end };
    throw error;
  }
}

/** Whether a value counts as true: not false, null, NaN, 0 or the empty text. */
export { isTruthy } from "./operators.ts";

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  readonly #mentions: { name: string; start: number; end: number }[] = [];
  #position = 0;
  #nesting = 0;

  constructor(source: string, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  parse(): Expression {
    const node = this.#expression(0);
    const rest = this.#peek();
    if (rest !== undefined) this.#fail(unexpected(rest), rest);
    const mentions = this.#mentions;
    return {
      names: [...new Set(mentions.map((mention) => mention.name))],
      mentions,
      isCondition: node.isCondition || node.isName,
      evaluate: node.evaluate,
    };
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  #isNext(text: string): boolean {
    const token = this.#peek();
    return token?.kind === "operator" && token.text === text;
  }

  #take(text: string): boolean {
    if (!this.#isNext(text)) return false;
    this.#position++;
    return true;
  }

  #expect(text: string, opener: Token): void {
    if (this.#take(text)) return;
    const token = this.#peek();
    if (token === undefined) this.#fail(`\`${opener.text}\` is never closed: a \`${text}\` is missing.`, opener);
    this.#fail(`Expected \`${text}\`, found \`${token.text}\`.`, token);
  }

  #fail(message: string, token?: { start: number; end: number }): never {
    const end = this.#source.length;
    throw new SyntaxProblem(message, token?.start ?? end, token?.end ?? end);
  }

  #node(evaluate: Evaluate, children: readonly Node[], isCondition = false, isName = false): Node {
    let depth = 0;
    for (const child of children) depth = Math.max(depth, child.depth);
    if (depth >= maxDepth) this.#fail("The expression is nested too deeply.", { start: 0, end: this.#source.length });
    return { evaluate, depth: depth + 1, isCondition, isName };
  }

  #expression(minimum: number): Node {
    if (++this.#nesting > maxDepth) this.#fail("The expression is nested too deeply.", this.#peek());
    let left = this.#prefix();
    for (;;) {
      const token = this.#peek();
      if (token?.kind !== "operator") break;
      const next = this.#infix(left, token, minimum);
      if (next === undefined) break;
      left = next;
    }
    this.#nesting--;
    return left;
  }

  /** The expression continued by the operator `token`, or undefined when it binds less than `minimum`. */
  #infix(left: Node, token: Token, minimum: number): Node | undefined {
    switch (token.text) {
      case "or":
      case "and": {
        const binding = power[token.text];
        if (binding <= minimum) return undefined;
        this.#position++;
        const right = this.#expression(binding);
        const [a, b] = [left.evaluate, right.evaluate];
        return this.#node(
          token.text === "or"
            ? (scope) => isTruthy(a(scope)) || isTruthy(b(scope))
            : (scope) => isTruthy(a(scope)) && isTruthy(b(scope)),
          [left, right],
          true,
        );
      }
      case "<":
      case "<=":
      case ">":
      case ">=":
      case "==":
      case "!=":
      case "in":
      case "not":
        return power.comparison <= minimum ? undefined : this.#comparison(left);
      case "+":
      case "-":
        return power.sum <= minimum ? undefined : this.#arithmetic(left, token.text, power.sum);
      case "*":
      case "/":
      case "%":
        return power.product <= minimum ? undefined : this.#arithmetic(left, token.text, power.product);
      case "**":
        // Right-associative: the right side may hold another `**`, and a unary minus.
        return power.power <= minimum ? undefined : this.#arithmetic(left, "**", power.unary - 1);
      default:
        return undefined;
    }
  }

  #arithmetic(left: Node, operator: "+" | "-" | "*" | "/" | "%" | "**", binding: number): Node {
    this.#position++;
    const right = this.#expression(binding);
    const [a, b] = [left.evaluate, right.evaluate];
    const evaluate: Record<typeof operator, Evaluate> = {
      "+": (scope) => numberOf(a(scope)) + numberOf(b(scope)),
      "-": (scope) => numberOf(a(scope)) - numberOf(b(scope)),
      "*": (scope) => numberOf(a(scope)) * numberOf(b(scope)),
      "/": (scope) => numberOf(a(scope)) / numberOf(b(scope)),
      "%": (scope) => numberOf(a(scope)) % numberOf(b(scope)),
      "**": (scope) => numberOf(a(scope)) ** numberOf(b(scope)),
    };
    return this.#node(evaluate[operator], [left, right]);
  }

  /** `a < b`, `a in [..]`, and chains such as `16 <= width <= 64`, which mean `16 <= width and width <= 64`. */
  #comparison(first: Node): Node {
    let left = first;
    let chain: Node | undefined;
    for (;;) {
      const link = this.#comparisonLink(left);
      if (link === undefined) break;
      const test = link.node;
      if (chain === undefined) chain = test;
      else {
        const [a, b] = [chain.evaluate, test.evaluate];
        chain = this.#node((scope) => isTruthy(a(scope)) && isTruthy(b(scope)), [chain, test], true);
      }
      if (link.right === undefined) break;
      left = link.right;
    }
    return chain ?? first;
  }

  #comparisonLink(left: Node): { readonly node: Node; readonly right: Node | undefined } | undefined {
    const token = this.#peek();
    if (token?.kind !== "operator") return undefined;
    const a = left.evaluate;
    if (token.text === "in" || token.text === "not") {
      this.#position++;
      const negated = token.text === "not";
      if (negated && !this.#take("in"))
        this.#fail("Expected `in` after `not`: write `x not in [1, 2]`.", this.#peek() ?? token);
      const items = this.#list();
      const values = items.map((item) => item.evaluate);
      const isIn: Evaluate = (scope) => {
        const value = a(scope);
        return values.some((item) => item(scope) === value) !== negated;
      };
      return { node: this.#node(isIn, [left, ...items], true), right: undefined };
    }
    if (!isComparison(token.text)) return undefined;
    this.#position++;
    const operator = token.text;
    const right = this.#expression(power.comparison);
    const b = right.evaluate;
    return { node: this.#node((scope) => compareValues(operator, a(scope), b(scope)), [left, right], true), right };
  }

  #list(): Node[] {
    const opener = this.#peek();
    if (opener === undefined || !this.#take("[")) {
      this.#fail("Expected a list after `in`: write `x in [1, 2]`.", opener);
    }
    const items: Node[] = [];
    while (!this.#isNext("]")) {
      items.push(this.#expression(0));
      if (!this.#take(",")) break;
    }
    this.#expect("]", opener);
    return items;
  }

  #prefix(): Node {
    const token = this.#peek();
    if (token === undefined) {
      this.#fail(
        this.#tokens.length === 0 ? "The expression is empty." : "The expression ends too early: a value is missing.",
      );
    }
    this.#position++;
    if (token.kind === "name") return this.#isNext("(") ? this.#call(token) : this.#name(token);
    if (token.kind === "operator") return this.#prefixOperator(token);
    const value = token.value;
    return this.#node(() => value, [], typeof value === "boolean");
  }

  #prefixOperator(token: Token): Node {
    if (token.text === "(") {
      const inner = this.#expression(0);
      this.#expect(")", token);
      return inner;
    }
    if (token.text === "not") {
      const operand = this.#expression(power.not - 1);
      const a = operand.evaluate;
      return this.#node((scope) => !isTruthy(a(scope)), [operand], true);
    }
    if (token.text === "!") {
      const operand = this.#expression(power.unary);
      const a = operand.evaluate;
      return this.#node((scope) => !isTruthy(a(scope)), [operand], true);
    }
    if (token.text === "-" || token.text === "+") {
      const operand = this.#expression(power.unary);
      const a = operand.evaluate;
      return this.#node(token.text === "-" ? (scope) => -numberOf(a(scope)) : (scope) => numberOf(a(scope)), [operand]);
    }
    if (token.text === "[") this.#fail("A list may only stand after `in`.", token);
    return this.#fail(unexpected(token), token);
  }

  #name(token: Token): Node {
    const name = token.text;
    this.#mentions.push({ name, start: token.start, end: token.end });
    const evaluate: Evaluate = (scope) => {
      const value = scope(name);
      return value === undefined ? name : value;
    };
    return this.#node(evaluate, [], false, true);
  }

  #call(token: Token): Node {
    const found = callFunction(token.text);
    if (found === undefined) {
      this.#fail(
        `Unknown function \`${token.text}\`. Known: min, max, abs, log, log2, log10, exp, sqrt, floor, ceil, round.`,
        token,
      );
    }
    const opener = this.#peek() ?? token;
    this.#position++;
    const args: Node[] = [];
    while (!this.#isNext(")")) {
      args.push(this.#expression(0));
      if (!this.#take(",")) break;
    }
    this.#expect(")", opener);
    if (args.length < found.least || args.length > found.most) {
      this.#fail(
        `\`${token.text}\` takes ${found.most === 1 ? "one value" : "at least one value"}, not ${args.length}.`,
        token,
      );
    }
    const values = args.map((argument) => argument.evaluate);
    const apply = found.apply;
    return this.#node((scope) => apply(values.map((value) => numberOf(value(scope)))), args);
  }
}

function isComparison(text: string): text is ComparisonOperator {
  return text === "<" || text === "<=" || text === ">" || text === ">=" || text === "==" || text === "!=";
}

function unexpected(token: Token): string {
  if (token.kind === "name" || token.kind === "number" || token.kind === "string") {
    return `Unexpected \`${token.text}\`: an operator is missing before it.`;
  }
  return `Unexpected \`${token.text}\`.`;
}
