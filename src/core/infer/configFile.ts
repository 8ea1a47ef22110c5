/**
 * Hyperparameters in a project's own config file (YAML, JSON with comments, TOML): what they are called and where they stand.
 * Invariant: never throws; a file that cannot be read, or is no config of a training, has none.
 */
import type { TextRange } from "../study/definition.ts";
import type { ParamValue } from "../space/parameter.ts";
import { parameterNamePattern } from "../study/schema.ts";
import { readSource, type SourceNode } from "../study/source.ts";
import { kindOf, type HyperparameterKind } from "./knowledge.ts";
import { readToml } from "./toml.ts";

export type ConfigFormat = "yaml" | "json" | "toml";

export interface FoundParameter {
  /** Keys from the top of the file. */
  readonly path: readonly string[];
  /** The path joined by dots: the name in the study's space. */
  readonly name: string;
  readonly value: ParamValue;
  /** Of the value. */
  readonly range: TextRange;
  readonly kind: HyperparameterKind;
}

/** Larger files are data, not configs. */
const maxLength = 200_000;
const maxDepth = 8;

/** By extension: yaml, yml, json, jsonc, toml. */
export function configFormatOf(path: string): ConfigFormat | undefined {
  const extension = /\.(ya?ml|jsonc?|toml)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === undefined) return undefined;
  if (extension === "toml") return "toml";
  return extension.startsWith("json") ? "json" : "yaml";
}

/** Recognised hyperparameters with their values, in file order. Lists are left alone. O(length). */
export function findHyperparameters(text: string, format: ConfigFormat): FoundParameter[] {
  if (text.length > maxLength) return [];
  const root = format === "toml" ? readToml(text) : readSource(text, format).root;
  const found = new Map<string, FoundParameter>();
  if (root !== undefined) collect(root, [], found);
  return [...found.values()];
}

function collect(node: SourceNode, path: readonly string[], found: Map<string, FoundParameter>): void {
  if (path.length > maxDepth) return;
  for (const [key, entry] of node.entries ?? []) {
    const here = [...path, key];
    if (entry.node.entries !== undefined) {
      collect(entry.node, here, found);
      continue;
    }
    const value = entry.node.value;
    if (typeof value !== "number" && typeof value !== "string" && typeof value !== "boolean") continue;
    const name = here.join(".");
    if (found.has(name) || !parameterNamePattern.test(name) || name in {}) continue;
    const kind = kindOf(here, value);
    if (kind !== undefined) found.set(name, { path: here, name, value, range: entry.node.range, kind });
  }
}

/** Folders and files that hold settings of tools, never of a training. */
const toolFolders =
  /(?:^|[/\\])(?:node_modules|\.(?:vscode|github|git|basin|idea|circleci|devcontainer|husky|venv|tox|config))[/\\]/i;
const toolFiles =
  /^(?:\..*|package(?:-lock)?\.json|(?:ts|js)config.*\.json|pyproject\.toml|cargo\.toml|poetry\.toml|(?:docker-)?compose.*\.ya?ml|environment\.ya?ml|mkdocs\.ya?ml|pnpm-.*\.ya?ml|angular\.json|composer\.json|manifest\.json|launch\.json|settings\.json|tasks\.json|netlify\.toml|tokenizer.*\.json|.*\.schema\.json|.*[.-]lock(?:\..*)?|.*\.lock)$/i;

/**
 * Whether "Tune this model" is worth offering: one unmistakable hyperparameter (a learning rate, a batch size ...) or two
 * different ones of any kind, in a file that is no tool's and no study's.
 */
export function isTunable(path: string, found: readonly FoundParameter[]): boolean {
  const name = path.split(/[/\\]/).at(-1) ?? path;
  if (toolFolders.test(path) || toolFiles.test(name) || /\.study\./i.test(name)) return false;
  const searched = found.filter(({ kind }) => kind.id !== "epochs");
  if (searched.some(({ kind }) => kind.unmistakable)) return true;
  return new Set(searched.map(({ kind }) => kind.id)).size >= 2;
}
