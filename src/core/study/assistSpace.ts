/**
 * Completion inside a space: names, ready-made ranges, parents and values of conditions, words of expressions.
 * Invariant: reads the file as it stands; a parameter that is half written only gives less.
 */
import { kindNamed } from "../infer/knowledge.ts";
import type { ModelInfo } from "./catalog.ts";
import type { TextRange } from "./definition.ts";
import { shown } from "./messages.ts";
import { parameterSnippets } from "./parameterSnippets.ts";
import { nodeAt, type Path, type SourceNode } from "./source.ts";
import { flowText } from "./yamlText.ts";

export interface Item {
  readonly label: string;
  readonly kind: "key" | "value" | "parameter" | "function" | "snippet";
  readonly detail: string;
  readonly documentation: string;
  /** The value to write; for keys what follows the colon, undefined for nothing. */
  readonly value: unknown;
  /** Text to insert as it is. */
  readonly insert?: string;
}

/** Names that the built-in trainer understands and most programs know, for an empty space. */
const usualNames = [
  "learningRate",
  "batchSize",
  "width",
  "depth",
  "dropout",
  "optimizer",
  "momentum",
  "weightDecay",
  "activation",
] as const;

/** Keys whose names come from the file: parameters, parents in `when`. Undefined where the schema knows the keys. */
export function parameterKeys(path: Path, root: SourceNode, models: readonly ModelInfo[]): Item[] | undefined {
  const space = nodeAt(root, ["space"])?.entries;
  if (path.length === 1 && path[0] === "space") {
    const model = modelOf(root, models);
    const names =
      model?.parameters ?? usualNames.map((name) => ({ name, help: "A usual parameter with a usual range." }));
    return names
      .filter(({ name }) => space?.has(name) !== true && name !== "epochs")
      .map(({ name, help }) => {
        const value = typicalDomain(name);
        return {
          label: name,
          kind: "parameter",
          detail: value === undefined ? "" : flowText(value),
          documentation: help,
          value,
        };
      });
  }
  if (path.length === 3 && path[0] === "space" && path[2] === "when") {
    const own = String(path[1]);
    const taken = nodeAt(root, path)?.entries;
    const items: Item[] = [];
    for (const [name, { node }] of space ?? []) {
      if (name === own) break;
      if (taken?.has(name) === true) continue;
      items.push({ label: name, kind: "parameter", detail: parameterDocs(node), documentation: "", value: undefined });
    }
    return items;
  }
  return undefined;
}

/** Values that come from the file or from the parameter's name. Undefined where the schema knows the values. */
export function parameterValues(path: Path, root: SourceNode): Item[] | undefined {
  if (path[0] !== "space") return undefined;
  if (path.length === 2) {
    const typical = typicalDomain(String(path[1]));
    const own: Item[] =
      typical === undefined
        ? []
        : [
            {
              label: flowText(typical),
              kind: "snippet",
              detail: "usual range",
              documentation: "A usual range for this name.",
              value: typical,
            },
          ];
    const general = parameterSnippets.map(({ description, body }): Item => ({
      label: flowText(body),
      kind: "snippet",
      detail: "",
      documentation: description,
      value: body,
    }));
    return [...own, ...general.filter((item) => item.label !== own[0]?.label)];
  }
  // The belief in a choice is one of the choices.
  if (path[2] === "prior" && (path.length === 3 || (path.length === 4 && path[3] === "value"))) {
    const parameter = nodeAt(root, ["space", String(path[1])]);
    const choices = parameter?.entries?.get("choices")?.node.items;
    return choices?.map(({ value }) => ({
      label: String(value),
      kind: "value",
      detail: "",
      documentation: "",
      value,
    }));
  }
  if (path[2] === "when" && path.length >= 4) {
    const parent = nodeAt(root, ["space", String(path[3])]);
    return parentValues(parent).map((value) => ({
      label: String(value),
      kind: "value",
      detail: parent === undefined ? "" : parameterDocs(parent),
      documentation: "",
      value,
    }));
  }
  return undefined;
}

/** The built-in model that the file names. */
export function modelOf(root: SourceNode, models: readonly ModelInfo[]): ModelInfo | undefined {
  if (nodeAt(root, ["trainer", "kind"])?.value !== "tfjs") return undefined;
  const model = nodeAt(root, ["trainer", "model"])?.value;
  return models.find(({ name }) => name === model);
}

function parentValues(parent: SourceNode | undefined): readonly unknown[] {
  const choices = parent?.entries?.get("choices")?.node.items?.map((item) => item.value);
  if (choices !== undefined) return choices;
  const [type, low, high, step] = ["type", "low", "high", "step"].map((key) => parent?.entries?.get(key)?.node.value);
  if (type === "constant") return [parent?.entries?.get("value")?.node.value];
  if (type !== "int" || typeof low !== "number" || typeof high !== "number") return [];
  const by = typeof step === "number" && step > 0 ? step : 1;
  const count = Math.floor((high - low) / by) + 1;
  return count > 0 && count <= 20 ? Array.from({ length: count }, (_, i) => low + i * by) : [];
}

/** The range that is usual for a name ("learningRate"), as a parameter; undefined for unknown names. */
function typicalDomain(name: string): Readonly<Record<string, unknown>> | undefined {
  const kind = kindNamed(name);
  return kind?.typical === undefined ? undefined : kind.rangeFor(kind.typical);
}

/** A parameter in one line, from what is written: "float, 0.0001 to 0.1 (log), when optimizer is sgd". */
export function parameterDocs(node: SourceNode): string {
  const get = (key: string): unknown => node.entries?.get(key)?.node.value;
  const type = get("type");
  const parts = [typeof type === "string" ? type : "parameter"];
  const [low, high, step] = [get("low"), get("high"), get("step")];
  if (low !== undefined && high !== undefined)
    parts.push(`${plain(low)} to ${plain(high)}${get("log") === true ? " (log)" : ""}`);
  if (step !== undefined) parts.push(`step ${plain(step)}`);
  const choices = get("choices");
  if (Array.isArray(choices)) parts.push(choices.map(plain).join(" | "));
  if (type === "constant") parts.push(plain(get("value")));
  const prior = node.entries?.get("prior")?.node;
  if (prior !== undefined) {
    const sure = prior.entries?.get("confidence")?.node.value;
    const value = prior.entries === undefined ? prior.value : prior.entries.get("value")?.node.value;
    parts.push(`prior ${plain(value)}${sure === undefined ? "" : ` (${plain(sure)} confidence)`}`);
  }
  const conditions = [...(node.entries?.get("when")?.node.entries ?? [])].map(
    ([parent, { node: values }]) =>
      `${parent} is ${(values.items ?? [values]).map(({ value }) => plain(value)).join(" or ")}`,
  );
  if (conditions.length > 0) parts.push(`when ${conditions.join(" and ")}`);
  return parts.join(", ");
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : shown(value);
}

/** The word round `offset`, inside `range`. */
export function wordAt(text: string, offset: number, range: TextRange): TextRange {
  let start = offset;
  while (start > range.start && /[\w.]/.test(text.charAt(start - 1))) start--;
  let end = offset;
  while (end < range.end && /[\w.]/.test(text.charAt(end))) end++;
  return { start, end };
}

/** The range after an open `{` on the cursor's line, with the closing brace if it is there; undefined outside a placeholder. */
export function placeholderAt(text: string, offset: number, range: TextRange): TextRange | undefined {
  const before = /(?:^|[^{])\{([\w.-]*)$/.exec(text.slice(range.start, offset));
  if (before === null) return undefined;
  const after = /^[\w.-]*\}?/.exec(text.slice(offset))?.[0] ?? "";
  return { start: offset - (before[1]?.length ?? 0), end: offset + after.length };
}
