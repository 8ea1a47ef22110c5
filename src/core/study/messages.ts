/**
 * What Zod found, said to a person: what is wrong, where, and what to write instead.
 * Invariant: one Zod issue gives at least one study issue; messages never contain more than a short excerpt of the file.
 */
import type { z } from "zod";
import type { StudyIssue, TextRange } from "./definition.ts";
import { namedUnionProblem, type NamedUnionProblem } from "./namedUnion.ts";
import { alternatives, exampleFor, fixedValues, keysAt, schemasAt, type JsonSchema } from "./schemaDocs.ts";
import { keyRange, nodeAt, parentRange, valueRange, type Path, type StudySource } from "./source.ts";
import { didYouMean, nearest } from "./suggest.ts";

type ZodIssue = z.core.$ZodIssue;

/** Words of other tools, and what they are called here. */
const synonyms: Readonly<Record<string, string>> = {
  name: "study",
  params: "space",
  parameters: "space",
  searchspace: "space",
  hyperparameters: "space",
  min: "low",
  max: "high",
  minimum: "low",
  maximum: "high",
  lower: "low",
  upper: "high",
  values: "choices",
  options: "choices",
  categories: "choices",
  default: "value",
  q: "step",
  logscale: "log",
  loguniform: "log",
  condition: "when",
  conditions: "when",
  if: "when",
  algorithm: "sampler",
  method: "sampler",
  pruner: "scheduler",
  earlytermination: "scheduler",
  ntrials: "trials",
  maxtrials: "trials",
  numsamples: "trials",
  runs: "trials",
  workers: "parallel",
  njobs: "parallel",
  concurrency: "parallel",
  timeout: "time",
  duration: "time",
  gputime: "gpuHours",
  maxepochs: "epochs",
  noimprovement: "patience",
  earlystopping: "patience",
  goal: "direction",
  mode: "direction",
  program: "run",
  command: "run",
  cmd: "run",
  script: "run",
  path: "csv",
  file: "csv",
  target: "label",
  reductionfactor: "eta",
  graceperiod: "minSteps",
  minresource: "minSteps",
  minbudget: "minSteps",
  perturbationinterval: "interval",
  quantilefraction: "quantile",
  randomseed: "seed",
  randomstate: "seed",
};

/** Values of other tools, and what they are called here. */
const valueSynonyms: Readonly<Record<string, string>> = {
  choice: "categorical",
  enum: "categorical",
  list: "categorical",
  uniform: "float",
  loguniform: "float",
  real: "float",
  double: "float",
  number: "float",
  quniform: "float",
  randint: "int",
  discrete: "int",
  fixed: "constant",
  lower: "minimize",
  less: "minimize",
  higher: "maximize",
  greater: "maximize",
  python: "command",
  pytorch: "command",
  script: "command",
  program: "command",
  shell: "command",
  process: "command",
  tensorflow: "tfjs",
  external: "none",
  frobenius: "exact-frobenius",
  trace: "exact-trace",
  noise: "one-to-noise",
  all: "one-to-all",
  manual: "none",
};

/** Keys people look for at the top that stand inside another key. */
const nested: Readonly<Record<string, string>> = {
  metric: "objective: { metric: ..., direction: ... }",
  direction: "objective: { metric: ..., direction: ... }",
  trials: "budget: { trials: 50 }",
  parallel: "budget: { trials: 50, parallel: 2 }",
  time: "budget: { time: 2h }",
  patience: "budget: { trials: 50, patience: 15 }",
  gpuHours: "budget: { trials: 50, gpuHours: 8 }",
  regret: "budget: { trials: 50, regret: 0.01 }",
  timeout: "limits: { timeout: 30m }",
  heartbeat: "limits: { heartbeat: 5m }",
  gpus: "limits: { gpus: 1 }",
  run: "trainer: { kind: command, run: ... }",
  model: "trainer: { kind: tfjs, model: mlp, ... }",
  data: "trainer: { kind: tfjs, data: { csv: ..., label: ... } }",
  epochs: "trainer: { kind: ..., epochs: 30 }",
};

export interface MessageContext {
  readonly source: StudySource;
  readonly schema: JsonSchema;
  /** Paths (as JSON) of keys that an unknown key was most likely meant as: they are not reported as missing too. */
  readonly meant: Set<string>;
}

/** Study issues for one Zod issue, whose path is relative to `base`. */
export function issuesFromZod(issue: ZodIssue, context: MessageContext, base: Path = []): StudyIssue[] {
  const path: Path = [...base, ...issue.path.filter((part) => typeof part !== "symbol")];
  const { source } = context;
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const named = namedUnionProblem(issue, path, context);
    if (named?.kind === "branch") return named.issues.flatMap((inner) => issuesFromZod(inner, context, path));
    if (named !== undefined) return unnamed(named, path, context);
    const branch = meantBranch(issue.errors, nodeAt(source.root, path)?.value);
    if (branch !== undefined) return branch.flatMap((inner) => issuesFromZod(inner, context, path));
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      error(unknownKey(key, path, context), keyRange(source, [...path, key]), [...path, key]),
    );
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1) ?? "");
    const detail = issue.issues[0]?.message ?? "";
    return [error(`\`${short(key)}\` cannot be a name here. ${detail}`, keyRange(source, path), path)];
  }
  const exists = nodeAt(source.root, path) !== undefined;
  if (!exists && path.length > 0) {
    return [error(missingKey(path, context), parentRange(source, path.slice(0, -1)), path)];
  }
  return [error(wrongValue(issue, path, context), valueRange(source, path), path)];
}

/** A union of named mappings of which the file names none, or several. */
function unnamed(
  problem: Exclude<NamedUnionProblem, { readonly kind: "branch" }>,
  path: Path,
  context: MessageContext,
): StudyIssue[] {
  const { source } = context;
  const quoted = problem.names.map((name) => `\`${name}\``);
  if (problem.kind === "several") {
    const [first, ...more] = problem.names;
    return more.map((name) =>
      error(
        `\`${name}\` and \`${first ?? ""}\` exclude each other in ${lastName(path)}. Keep one of them.`,
        keyRange(source, [...path, name]),
        [...path, name],
      ),
    );
  }
  const issues = problem.unknown.map((key) =>
    error(unknownKey(key, path, context), keyRange(source, [...path, key]), [...path, key]),
  );
  const guessed = problem.names.some((name) => context.meant.has(JSON.stringify([...path, name])));
  if (guessed) return issues;
  const example = exampleFor(String(path.at(-1)), schemasAt(context.schema, path, source.root.value)[0]);
  return [
    ...issues,
    error(`${lastName(path)} needs one of ${quoted.join(", ")}.${example}`, parentRange(source, path), path),
  ];
}

function error(message: string, range: TextRange, path: Path): StudyIssue {
  return { severity: "error", message, range, path };
}

/**
 * The branch of a union that the file was meant as: the one that does not already fail at the value's own type;
 * undefined when the value fits none (then the union as a whole is described).
 */
function meantBranch(branches: readonly (readonly ZodIssue[])[], value: unknown): readonly ZodIssue[] | undefined {
  const typed = branches.filter((issues) => !issues.some((issue) => issue.path.length === 0 && isTypeIssue(issue)));
  if (typed.length === 1) return typed[0];
  // Text where text or a number may stand: say what text is allowed.
  const direct = typed.filter((issues) =>
    issues.some((issue) => issue.code === "invalid_format" || issue.code === "too_small"),
  );
  if (direct.length > 0) return direct[0];
  return typeof value === "object" && value !== null ? typed[0] : undefined;
}

function isTypeIssue(issue: ZodIssue): boolean {
  return issue.code === "invalid_type" || (issue.code === "invalid_value" && typeof issue.input === "object");
}

function lastName(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "The study file";
  if (typeof last === "number") {
    const owner = path.at(-2);
    return owner === undefined ? `Item ${last + 1}` : `Item ${last + 1} of \`${short(String(owner))}\``;
  }
  return `\`${short(last)}\``;
}

function unknownKey(key: string, path: Path, { source, schema, meant }: MessageContext): string {
  const known = keysAt(schema, path, source.root.value, nodeAt(source.root, path)?.value);
  const names = [...known.keys()];
  const present = nodeAt(source.root, path)?.entries;
  const free = names.filter((name) => present?.has(name) !== true);
  const listed = names.filter((name) => !name.startsWith("$") && known.get(name)?.deprecated !== true);
  const start = `Unknown key \`${short(key)}\`.`;
  const synonym = synonyms[key.toLowerCase().replace(/[-_\s]/g, "")];
  const guess = nearest(key, free) ?? (synonym !== undefined && free.includes(synonym) ? synonym : undefined);
  if (guess !== undefined) {
    meant.add(JSON.stringify([...path, guess]));
    return `${start} Did you mean \`${guess}\`?`;
  }
  const place = path.length === 0 ? nested[key] : undefined;
  if (place !== undefined) return `${start} Write it as \`${place}\`.`;
  const inner = nodeAt(source.root, [...path, key])?.entries;
  if (path.length === 0 && (inner?.has("type") === true || inner?.has("low") === true)) {
    return `${start} A parameter stands under \`space\`.`;
  }
  return listed.length === 0 ? start : `${start} Known here: ${listed.join(", ")}.`;
}

function missingKey(path: Path, { source, schema }: MessageContext): string {
  const key = String(path.at(-1));
  const parent = path.slice(0, -1);
  const parentValue = nodeAt(source.root, parent)?.value;
  const known = keysAt(schema, parent, source.root.value, parentValue).get(key);
  const owner = parent.length === 0 ? "" : ` in ${lastName(parent)}`;
  const start = `\`${key}\` is missing${owner}.`;
  const fixed = known === undefined ? [] : fixedValues(known);
  if (fixed.length > 0) {
    const guess = guessedKind(key, parentValue, fixed);
    if (guess !== undefined) return `${start} Write \`${key}: ${guess}\`.`;
    return `${start} Write ${listOf(fixed.map(({ value }) => `\`${key}: ${String(value)}\``))}.`;
  }
  const what = known?.description === undefined ? "" : ` ${firstSentence(known.description)}`;
  return `${start}${what}${exampleFor(key, known)}`;
}

/** `type` or `kind` as the other keys tell it. */
function guessedKind(key: string, parent: unknown, fixed: readonly { readonly value: unknown }[]): string | undefined {
  if (typeof parent !== "object" || parent === null) return undefined;
  const has = (name: string): boolean => Object.hasOwn(parent, name);
  const guess = ((): string | undefined => {
    if (key === "type") {
      if (has("choices")) return "categorical";
      return has("value") ? "constant" : undefined;
    }
    if (key === "kind") {
      if (has("run")) return "command";
      return has("model") || has("data") ? "tfjs" : undefined;
    }
    return undefined;
  })();
  return fixed.some(({ value }) => value === guess) ? guess : undefined;
}

function wrongValue(issue: ZodIssue, path: Path, context: MessageContext): string {
  const name = lastName(path);
  const value = nodeAt(context.source.root, path)?.value;
  if (issue.code === "invalid_type") return wrongType(name, issue.expected, value, path, context);
  if (issue.code === "invalid_value") {
    const others = schemasAt(context.schema, path, context.source.root.value).flatMap(alternatives);
    const number = others.some(({ type }) => type === "number" || type === "integer") && value !== null;
    return notOneOf(name, value, number ? [...issue.values, "a number"] : issue.values, path);
  }
  if (issue.code === "invalid_union") return badUnion(issue, path, context);
  if (issue.code === "too_small") {
    return outOfBounds(name, issue.origin, issue.minimum, issue.inclusive !== false, "least", value);
  }
  if (issue.code === "too_big") {
    return outOfBounds(name, issue.origin, issue.maximum, issue.inclusive !== false, "most", value);
  }
  if (issue.code === "invalid_format") return badFormat(name, path, value, issue.message);
  // Refinements of samplers and schedulers bring their own words.
  return `${name}: ${issue.message}`;
}

function badFormat(name: string, path: Path, value: unknown, message: string): string {
  if (path.join(".") === "trainer.model") {
    const guess = typeof value === "string" ? didYouMean(value, ["mlp", "vgg"]) : "";
    return `Unknown model ${shown(value)}.${guess} Built in: mlp, vgg. A module of your own is a path such as \`./model.js\`.`;
  }
  return `${name}: ${shown(value)} ${message}`;
}

function badUnion(issue: ZodIssue & { readonly code: "invalid_union" }, path: Path, context: MessageContext): string {
  const value = nodeAt(context.source.root, path)?.value;
  const schemas = schemasAt(context.schema, path, context.source.root.value).flatMap(alternatives);
  const allowed = [...new Set(schemas.flatMap(fixedValues).map((fixed) => fixed.value))];
  if (issue.errors.length === 0 && allowed.length > 0) return notOneOf(lastName(path), value, allowed, path);
  const nouns = [...new Set(schemas.map(nounOf))];
  const hint = typeof value === "string" && nouns.includes("a number") ? numberHint(value) : "";
  const key = path.at(-1);
  const field = typeof key === "string" ? schemasAt(context.schema, path, context.source.root.value)[0] : undefined;
  const example = typeof key === "string" && hint === "" ? exampleFor(key, field) : "";
  return `${lastName(path)} must be ${listOf(nouns)}, not ${shown(value)}.${hint}${example}`;
}

function nounOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.map(String).join(", ")}`;
  return (typeof schema.type === "string" ? nouns[schema.type] : undefined) ?? "another value";
}

const nouns: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  integer: "a whole number",
  boolean: "true or false",
  object: "a mapping",
  record: "a mapping",
  array: "a list",
  tuple: "a list",
  null: "null",
};

function wrongType(
  name: string,
  expected: string,
  value: unknown,
  path: Path,
  { schema, source }: MessageContext,
): string {
  if (path.length === 0) {
    return value === null
      ? "The study is empty. It needs study, objective, space and budget; completion lists the keys."
      : "A study is a mapping: `study: name`, `objective: ...`, `space: ...` and so on.";
  }
  const noun = nouns[expected] ?? expected;
  const key = path.at(-1);
  const example = typeof key === "string" ? exampleFor(key, schemasAt(schema, path, source.root.value)[0]) : "";
  const isParameter = path.length === 2 && path[0] === "space";
  if (value === null && isParameter)
    return `${name} has no value. Write for example ${name.slice(0, -1)}: { type: float, low: 0, high: 1 }\`.`;
  if (value === null) return `${name} has no value; it must be ${noun}.${example}`;
  if (isParameter) {
    return `${name} must be a mapping such as { type: float, low: 0, high: 1 }. For ${constantHint(value)}.`;
  }
  if (expected === "int" && typeof value === "number") return `${name} must be a whole number, not ${value}.`;
  if (typeof value === "number" && !Number.isFinite(value)) return `${name} must be a finite number.`;
  if ((expected === "number" || expected === "int") && typeof value === "string") {
    return `${name} must be ${noun}, but ${shown(value)} is text.${numberHint(value)}`;
  }
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return `${name} must be text, not ${String(value)}. Put it in quotes: "${String(value)}".`;
  }
  if (expected === "boolean" && typeof value === "string" && /^(?:yes|no|on|off)$/i.test(value)) {
    return `${name} must be true or false. In YAML 1.2, \`${value}\` is text.`;
  }
  return `${name} must be ${noun}, not ${shown(value)}.${example}`;
}

function constantHint(value: unknown): string {
  if (Array.isArray(value)) return "a list of choices write { type: categorical, choices: [...] }";
  return `a fixed value write { type: constant, value: ${short(String(value))} }`;
}

/** What to write for text that reads as a number. */
function numberHint(text: string): string {
  const bare = text.trim().replaceAll("_", "");
  if (bare === "") return "";
  const python = /^\s*(\d+(?:\.\d+)?)\s*(?:\*\*|\^)\s*(-?\d+)\s*$/.exec(text);
  if (python !== null) return ` Write the result: ${Number(python[1]) ** Number(python[2])}.`;
  const number = Number(bare);
  if (Number.isFinite(number)) return bare === text ? " Write it without quotes." : ` Write ${bare}.`;
  const comma = /^-?\d+,\d+$/.test(bare) ? Number(bare.replace(",", ".")) : Number.NaN;
  return Number.isFinite(comma) ? ` Write ${comma}.` : "";
}

function notOneOf(name: string, value: unknown, values: readonly unknown[], path: Path = []): string {
  const words = values.map(String);
  const guess = typeof value === "string" ? guessWord(value, words) : "";
  const owner = path.at(-1) === "kind" ? path.at(-2) : path.length === 1 ? path[0] : undefined;
  if (value !== null && (owner === "trainer" || owner === "sampler" || owner === "scheduler")) {
    const has = owner === "trainer" ? "Known" : "This release has";
    return `Unknown ${owner} ${shown(value)}.${guess} ${has}: ${words.join(", ")}.`;
  }
  if (value === null || value === undefined) return `${name} has no value. Write one of: ${words.join(", ")}.`;
  return `${name} cannot be ${shown(value)}.${guess} Write one of: ${words.join(", ")}.`;
}

function guessWord(value: string, words: readonly string[]): string {
  const near = didYouMean(value, words);
  const synonym = valueSynonyms[value.toLowerCase().replace(/[-_\s]/g, "")];
  return near === "" && synonym !== undefined && words.includes(synonym) ? ` Did you mean \`${synonym}\`?` : near;
}

function outOfBounds(
  name: string,
  origin: string,
  bound: number | bigint,
  inclusive: boolean,
  side: "least" | "most",
  value: unknown,
): string {
  if (origin === "string") {
    return side === "least" ? `${name} must not be empty.` : `${name} must have at most ${bound} characters.`;
  }
  if (origin === "array") {
    return side === "least"
      ? `${name} needs at least ${countOf(bound)}.`
      : `${name} may have at most ${countOf(bound)}.`;
  }
  const relation = inclusive ? `at ${side} ${bound}` : `${side === "least" ? "above" : "below"} ${bound}`;
  return `${name} must be ${relation}, not ${shown(value)}.`;
}

function countOf(count: number | bigint): string {
  return Number(count) === 1 ? "one entry" : `${count} entries`;
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}

/** A value as it is quoted in a message. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `"${short(value)}"`;
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  return typeof value === "number" || typeof value === "boolean" || value === null ? String(value) : "nothing";
}

/** At most 60 characters, on one line. */
export function short(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

function firstSentence(text: string): string {
  return /^.*?[.:](?=\s|$)/.exec(text)?.[0].replace(/:$/, ".") ?? text;
}
