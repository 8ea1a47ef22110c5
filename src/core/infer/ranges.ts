/**
 * Ranges round a present value, with ends that a person would write.
 * Invariant: every range is valid (low < high, log ranges above 0, whole bounds for ints) and contains the value, except
 * where rounding an end of a log range moves it by a fraction of the range.
 */
import type { ParamValue } from "../space/parameter.ts";
import type { InferredDomain } from "./knowledge.ts";

/** 0.000033 -> 0.00003: one significant digit. */
export function niceNumber(value: number): number {
  return Number(value.toPrecision(1));
}

/** value / factor .. value * factor on a log scale, the upper end at most `cap`. Needs value > 0. */
export function logAround(value: number, factor: number, cap: number): InferredDomain | undefined {
  const low = niceNumber(value / factor);
  const high = Math.max(Math.min(niceNumber(value * factor), cap), value);
  if (!(low > 0) || !Number.isFinite(high) || low >= high) return undefined;
  return { type: "float", low, high, log: true };
}

/** Half to twice the value, inside [least, most] unless the value itself is outside; linear. Undefined when that leaves nothing. */
export function around(value: number, least: number, most: number): InferredDomain | undefined {
  const low = Math.min(value, Math.max(least, niceNumber(value / 2)));
  const high = Math.max(value, Math.min(most, niceNumber(value * 2)));
  return low < high ? { type: "float", low, high } : undefined;
}

/** A quarter to four times a count, between powers of two, on a log scale. */
export function powersAround(value: number): InferredDomain {
  const low = Math.max(1, 2 ** Math.floor(Math.log2(value / 4)));
  const high = Math.max(2, 2 ** Math.ceil(Math.log2(value * 4)));
  return { type: "int", low, high, log: true };
}

/** Numbers of layers: two fewer to two more; half to double for deep models. */
export function growth(value: number): InferredDomain {
  if (value <= 4) return { type: "int", low: Math.max(1, value - 2), high: value + 2 };
  return { type: "int", low: Math.ceil(value / 2), high: value * 2 };
}

/**
 * The present word first, then the usual alternatives in the same spelling (case, prefix such as `torch.optim.`).
 * Undefined when the word is none of `known`: its alternatives cannot be guessed.
 */
export function choicesLike(
  value: ParamValue,
  usual: readonly string[],
  known: readonly string[],
  proper: Readonly<Record<string, string>>,
): InferredDomain | undefined {
  if (typeof value !== "string") return undefined;
  const dot = value.lastIndexOf(".");
  const prefix = value.slice(0, dot + 1);
  const word = value.slice(dot + 1);
  const normal = (text: string): string => text.toLowerCase().replace(/[-_\s]/g, "");
  if (!known.includes(normal(word))) return undefined;
  const style = styleOf(word);
  const others = usual.filter((choice) => choice !== normal(word)).map((choice) => prefix + style(choice, proper));
  return { type: "categorical", choices: [value, ...others] };
}

function styleOf(word: string): (choice: string, proper: Readonly<Record<string, string>>) => string {
  if (word === word.toLowerCase()) return (choice) => choice;
  if (word === word.toUpperCase() && word.length > 4) return (choice) => choice.toUpperCase();
  return (choice, proper) => proper[choice] ?? choice.charAt(0).toUpperCase() + choice.slice(1);
}
