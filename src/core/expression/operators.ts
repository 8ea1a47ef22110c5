/**
 * What the operators and functions of an expression do with values.
 * Invariant: total functions: every value goes in, none throws; a wrong type gives NaN (arithmetic) or false (order).
 */
import type { ParamValue } from "../space/parameter.ts";

export type ComparisonOperator = "<" | "<=" | ">" | ">=" | "==" | "!=";

/** Not false, null, NaN, 0 or the empty text. */
export function isTruthy(value: ParamValue): boolean {
  return value !== false && value !== null && value !== 0 && value !== "" && !Number.isNaN(value);
}

/** Numbers as they are, true and false as 1 and 0, anything else NaN. */
export function numberOf(value: ParamValue): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return Number.NaN;
}

/** Equality by type and value; order among numbers or among texts, else false. */
export function compareValues(operator: ComparisonOperator, a: ParamValue, b: ParamValue): boolean {
  if (operator === "==") return a === b;
  if (operator === "!=") return a !== b;
  const comparable =
    (typeof a === "number" && typeof b === "number") || (typeof a === "string" && typeof b === "string");
  if (!comparable) return false;
  if (operator === "<") return a < b;
  if (operator === "<=") return a <= b;
  return operator === ">" ? a > b : a >= b;
}

interface CallableFunction {
  readonly least: number;
  readonly most: number;
  readonly apply: (values: readonly number[]) => number;
}

const one = (f: (x: number) => number): CallableFunction => ({ least: 1, most: 1, apply: ([x = Number.NaN]) => f(x) });
const many = (f: (a: number, b: number) => number): CallableFunction => ({
  least: 1,
  most: Number.POSITIVE_INFINITY,
  apply: (values) => values.reduce((a, b) => f(a, b)),
});

const functions: ReadonlyMap<string, CallableFunction> = new Map([
  ["min", many(Math.min)],
  ["max", many(Math.max)],
  ["abs", one(Math.abs)],
  ["log", one(Math.log)],
  ["log2", one(Math.log2)],
  ["log10", one(Math.log10)],
  ["exp", one(Math.exp)],
  ["sqrt", one(Math.sqrt)],
  ["floor", one(Math.floor)],
  ["ceil", one(Math.ceil)],
  ["round", one(Math.round)],
]);

export const functionNames: readonly string[] = [...functions.keys()];

export function callFunction(name: string): CallableFunction | undefined {
  return functions.get(name);
}
