/**
 * Errors in a union of mappings that are told apart by which key is there (`data`: csv, npy, cifar10 ...).
 * Invariant: only the alternative that the file names is complained about; with none or several named, that is the complaint.
 */
import type { z } from "zod";
import { alternatives, keysAt, namingKey, schemasAt, type JsonSchema } from "./schemaDocs.ts";
import { nodeAt, type Path, type StudySource } from "./source.ts";

type ZodIssue = z.core.$ZodIssue;

export type NamedUnionProblem =
  /** The issues of the one alternative that is meant. */
  | { readonly kind: "branch"; readonly issues: readonly ZodIssue[] }
  /** Keys that exclude each other. */
  | { readonly kind: "several"; readonly names: readonly string[] }
  /** No naming key is there; `unknown` are keys that no alternative has, which may be misspelt names. */
  | { readonly kind: "none"; readonly names: readonly string[]; readonly unknown: readonly string[] };

/** What is wrong with the union at `path`; undefined when it is no union of this sort, or its value no mapping. */
export function namedUnionProblem(
  issue: ZodIssue & { readonly code: "invalid_union" },
  path: Path,
  { source, schema }: { readonly source: StudySource; readonly schema: JsonSchema },
): NamedUnionProblem | undefined {
  const node = nodeAt(source.root, path);
  if (node?.entries === undefined) return undefined;
  const members = schemasAt(schema, path, source.root.value).flatMap(alternatives);
  const names = members.map(namingKey).filter((name) => name !== undefined);
  if (names.length !== issue.errors.length || new Set(names).size !== members.length) return undefined;
  const present = names.filter((name) => node.entries?.has(name));
  if (present.length > 1) return { kind: "several", names: present };
  const [only] = present;
  if (only !== undefined) return { kind: "branch", issues: issue.errors[names.indexOf(only)] ?? [] };
  const known = keysAt(schema, path, source.root.value, node.value);
  const unknown = [...node.entries.keys()].filter((key) => !known.has(key));
  return { kind: "none", names, unknown };
}
