/** Parameters of a trial as JSON or YAML to paste into a config. Invariant: both parse back to the same values. */
import type { Params, ParamValue } from "../../src/core/space/parameter.ts";

export function paramsAsJson(params: Params): string {
  return `${JSON.stringify(params, null, 2)}\n`;
}

/** A flat mapping in YAML 1.2; text that YAML would read as something else is quoted. */
export function paramsAsYaml(params: Params): string {
  return Object.entries(params)
    .map(([name, value]) => `${yamlText(name)}: ${yamlValue(value)}\n`)
    .join("");
}

function yamlValue(value: ParamValue): string {
  if (typeof value === "string") return yamlText(value);
  if (typeof value === "number") {
    if (Number.isNaN(value)) return ".nan";
    if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
    // 1e-5 is text to YAML 1.1 readers such as PyYAML: they want a dot in the mantissa and a sign in the exponent.
    return String(value)
      .replace(/^(-?\d+)e/, "$1.0e")
      .replace(/e(\d)/, "e+$1");
  }
  return String(value);
}

function yamlText(text: string): string {
  const plain = /^[A-Za-z_][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}
