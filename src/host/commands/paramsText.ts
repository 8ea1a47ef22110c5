/**
 * A configuration as the person types it: `learningRate: 0.01, optimizer: adam` or JSON.
 * Invariant: pure; what comes out names only parameters of the space, with values inside their domains.
 */
import { parse } from "yaml";
import { contains } from "../../core/space/domain.ts";
import type { Params, ParamValue, Space } from "../../core/space/parameter.ts";

export type ParsedParams =
  | { readonly ok: true; readonly params: Params }
  | { readonly ok: false; readonly message: string };

function isParamValue(value: unknown): value is ParamValue {
  return value === null || typeof value === "number" || typeof value === "string" || typeof value === "boolean";
}

/** Reads `name: value` pairs (YAML or JSON, braces optional) and checks them against the space. Missing ones are allowed. */
export function parseParams(text: string, space: Space): ParsedParams {
  const trimmed = text.trim();
  let value: unknown;
  try {
    // `name=value` is what people type too.
    const pairs = trimmed.replace(/([A-Za-z0-9_.-]+)\s*=\s*/g, "$1: ");
    value = parse(trimmed.startsWith("{") ? trimmed : `{ ${pairs} }`);
  } catch {
    return {
      ok: false,
      message: "Write name: value pairs separated by commas, for example learningRate: 0.01, optimizer: adam",
    };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { ok: false, message: "Write name: value pairs separated by commas." };
  const params: Record<string, ParamValue> = {};
  for (const [name, entry] of Object.entries(value)) {
    const parameter = space.find((candidate) => candidate.name === name);
    if (parameter === undefined)
      return {
        ok: false,
        message: `${name} is no parameter of this study. Known: ${space.map((each) => each.name).join(", ")}.`,
      };
    if (!isParamValue(entry) || !contains(parameter, entry))
      return { ok: false, message: `${JSON.stringify(entry)} is not a value of ${name}: ${domainText(parameter)}.` };
    Object.defineProperty(params, name, { value: entry, enumerable: true, writable: true, configurable: true });
  }
  return { ok: true, params };
}

function domainText(parameter: Space[number]): string {
  switch (parameter.type) {
    case "float":
    case "int":
      return `${parameter.type === "int" ? "whole numbers" : "numbers"} from ${parameter.low} to ${parameter.high}${parameter.step === undefined ? "" : ` in steps of ${parameter.step}`}`;
    case "categorical":
      return parameter.choices.map((choice) => JSON.stringify(choice)).join(", ");
    case "constant":
      return `only ${JSON.stringify(parameter.value)}`;
    default:
      return parameter satisfies never;
  }
}

/** The configuration as `parseParams` reads it back; constants are left out. */
export function paramsToText(params: Params, space: Space): string {
  const searched = new Set(
    space.filter((parameter) => parameter.type !== "constant").map((parameter) => parameter.name),
  );
  return Object.entries(params)
    .filter(([name]) => searched.has(name))
    .map(([name, value]) => `${name}: ${typeof value === "string" ? quoted(value) : String(value)}`)
    .join(", ");
}

function quoted(text: string): string {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(text) && !/^(true|false|null|yes|no)$/i.test(text)
    ? text
    : JSON.stringify(text);
}
