/**
 * Values as YAML 1.2 text, for messages, completions and generated studies.
 * Invariant: what is written here reads back as the same value.
 */

/** A value in YAML's flow style. */
export function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${yamlWord(key)}: ${flowText(item)}`);
    return `{ ${entries.join(", ")} }`;
  }
  return typeof value === "string" ? yamlWord(value) : String(value);
}

/** Text as YAML needs it: quoted only where it would otherwise be read as something else. */
export function yamlWord(text: string): string {
  const plain =
    /^[A-Za-z_$./][^\n\r\t"'#:,[\]{}&*!|>%@`\\]*$/.test(text) && !/\s$/.test(text) && !/[^\x20-\x7e]/.test(text);
  const ambiguous = /^(?:true|false|null|yes|no|on|off|y|n|\.\d.*|[-+]?\.(?:nan|inf))$/i.test(text);
  return plain && !ambiguous ? text : JSON.stringify(text);
}
