/**
 * A trial's parameters as checked hyperparameters, and what is wrong with them in words for a person.
 * Invariant: code reads hyperparameters only through `resolveHyperparameters`, so every value is within its range.
 */
import { BasinError } from "../../core/errors.ts";
import type { ParamValue, Params } from "../../core/space/parameter.ts";
import type { TuneOnline } from "../../core/study/definition.ts";
import {
  hyperparameterTable,
  type HyperparameterEntry,
  type HyperparameterTable as Table,
} from "./hyperparameterTable.ts";

type ValueOf<E> = E extends { type: "choice"; choices: readonly (infer C)[] }
  ? C
  : E extends { type: "flag" }
    ? boolean
    : number;

type NumberedName = {
  [K in keyof Table]: K extends "width" | "layersPerBlock" | "filters" | "kernel" | "convDropout" | "denseUnits"
    ? K
    : never;
}[keyof Table];

export type Hyperparameters = { readonly [K in keyof Table]: ValueOf<Table[K]> } & {
  /** Values of single layers or blocks (`width1` -> `numbered.width[0]`) where they were given. */
  readonly numbered: Readonly<Record<NumberedName, readonly (number | undefined)[]>>;
  /** Names that the trial gave, rather than the table. */
  readonly given: ReadonlySet<string>;
  readonly model: "mlp" | "vgg" | "module";
  /** Which rates the study tunes online, and their bounds; it sets `hypergradient`. */
  readonly online?: TuneOnline;
};

interface Found {
  readonly name: string;
  readonly entry: HyperparameterEntry;
  /** 0-based layer or block; undefined = all of them. */
  readonly at?: number;
}

const entries = Object.entries<HyperparameterEntry>(hyperparameterTable);
const numberedEntries = entries.flatMap(([name, entry]) =>
  "numbered" in entry && entry.numbered !== undefined ? [{ name, entry, ...entry.numbered }] : [],
);

function find(name: string): Found | undefined {
  const own = entries.find(([known]) => known === name);
  if (own !== undefined) return { name, entry: own[1] };
  const [, prefix, digits] = /^([A-Za-z]+)([1-9]\d?)$/.exec(name) ?? [];
  const base = numberedEntries.find((numbered) => numbered.prefix === prefix);
  if (base === undefined || Number(digits) > base.count) return undefined;
  return { name: base.name, entry: base.entry, at: Number(digits) - 1 };
}

const concerns = (entry: HyperparameterEntry, model: "mlp" | "vgg" | "module"): boolean =>
  entry.scope.includes("training") || (model !== "module" && entry.scope.includes(model));

/** Names a built-in model understands, in the table's order, without the numbered ones. */
export function knownNames(model: "mlp" | "vgg"): string[] {
  return entries.filter(([, entry]) => concerns(entry, model)).map(([name]) => name);
}

/** The numbered names (`filters1` ...) of a built-in model for its first `count` layers or blocks, each with its meaning. */
export function numberedNames(model: "mlp" | "vgg", count: number): { readonly name: string; readonly help: string }[] {
  return numberedEntries
    .filter(({ entry }) => concerns(entry, model))
    .flatMap(({ name, prefix }) =>
      Array.from({ length: count }, (_, i) => ({
        name: `${prefix}${i + 1}`,
        help: `\`${name}\` of ${model === "mlp" || name === "denseUnits" ? "hidden layer" : "block"} ${i + 1} alone.`,
      })),
    );
}

/** Whether a built-in model has a parameter of this name. */
export function understandsName(model: "mlp" | "vgg", name: string): boolean {
  const found = find(name);
  return found !== undefined && concerns(found.entry, model);
}

function invalid(message: string, hint = ""): BasinError {
  return new BasinError("invalid-params", message, hint);
}

function checkedValue(name: string, entry: HyperparameterEntry, value: ParamValue): number | string | boolean {
  switch (entry.type) {
    case "flag":
      if (typeof value === "boolean") return value;
      if (value === 0 || value === 1) return value === 1;
      throw invalid(`${name} must be true or false, not ${JSON.stringify(value)}.`);
    case "choice":
      if (typeof value === "string" && entry.choices.includes(value)) return value;
      throw invalid(`${name} cannot be ${JSON.stringify(value)}.`, `It is one of ${entry.choices.join(", ")}.`);
    case "int":
    case "float":
      break;
  }
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw invalid(`${name} must be a number, not ${JSON.stringify(value)}.`);
  }
  if (entry.type === "int" && !Number.isInteger(value)) {
    throw invalid(`${name} must be a whole number, not ${value}.`);
  }
  const excluded = entry.above === true;
  if (value < entry.low || value > entry.high || (excluded && value === entry.low)) {
    throw invalid(
      `${name} is ${value}, which is out of range.`,
      `It must be ${excluded ? "above" : "at least"} ${entry.low} and at most ${entry.high}.`,
    );
  }
  return value;
}

/** Letters to change, add, drop or swap between two words (optimal string alignment); O(len a * len b). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  for (let i = 0; i <= a.length; i++) {
    rows.push(Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : i)));
    if (i === 0) continue;
    const row = rows[i]!;
    const above = rows[i - 1]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      row[j] = best;
    }
  }
  return rows[a.length]![b.length]!;
}

/** A word with case, underscores and hyphens taken out, for comparing spellings. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, "");

/** The known name nearest to `name`, if one is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const aliases: Readonly<Record<string, string>> = {
    lr: "learningRate",
    bs: "batchSize",
    wd: "weightDecay",
    l2: "weightDecay",
    units: "width",
    layers: "depth",
    initializer: "init",
    kernelsize: "kernel",
  };
  const alias = aliases[plain(name)];
  if (alias !== undefined && known.includes(alias)) return alias;
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(plain(name), plain(candidate));
    if (distance <= Math.max(1, Math.floor(candidate.length / 4)) && (best === undefined || distance < best.distance))
      best = { name: candidate, distance };
  }
  return best?.name;
}

/**
 * A trial's parameters as checked hyperparameters, defaults filled in.
 * @param model "mlp" and "vgg" take only what the table lists; a user's module ("module") may have parameters of its own,
 *   which it gets as they are.
 * @param online the study's `tuneOnline`
 * @throws BasinError "invalid-params" naming the parameter and, for an unknown one, the known ones
 */
export function resolveHyperparameters(
  params: Params,
  model: "mlp" | "vgg" | "module",
  online?: TuneOnline,
): Hyperparameters {
  const values: Record<string, number | string | boolean> = {};
  for (const [name, entry] of entries) values[name] = entry.default;
  const numbered: Record<string, (number | undefined)[]> = {};
  for (const { name } of numberedEntries) numbered[name] = [];
  const given = new Set<string>();
  for (const [name, value] of Object.entries(params)) {
    const found = find(name);
    if (found === undefined || !concerns(found.entry, model)) {
      if (model === "module") continue;
      const near = nearestName(name, knownNames(model));
      throw invalid(
        `The model "${model}" has no parameter "${name}".`,
        `${near === undefined ? "" : `Did you mean "${near}"? `}It knows ${knownNames(model).join(", ")}.`,
      );
    }
    const checked = checkedValue(name, found.entry, value);
    given.add(name);
    if (found.at === undefined) values[name] = checked;
    else numbered[found.name]![found.at] = checked as number;
  }
  if (online !== undefined) values["hypergradient"] = online.rule;
  if (values["hypergradient"] !== "none" && !given.has("learningRate") && !isAdam(values["optimizer"]))
    values["learningRate"] = 0.01;
  const tuned = online === undefined ? {} : { online };
  const resolved = { ...values, numbered, given, model, ...tuned } as unknown as Hyperparameters;
  checkCombination(resolved);
  return resolved;
}

const isAdam = (optimizer: unknown): boolean => optimizer === "adam" || optimizer === "adamw";

/** What no single value can tell. */
function checkCombination(h: Hyperparameters): void {
  if (h.hypergradient !== "none") {
    if (h.optimizer === "rmsprop")
      throw invalid(
        "hypergradient has no rule for the optimizer rmsprop.",
        'Use sgd, momentum, nesterov, adam or adamw. A study that searches both can add the constraint: optimizer != "rmsprop" or hypergradient == "none".',
      );
    if (h.lrSchedule !== "constant" || h.warmupEpochs > 0)
      throw invalid(
        `hypergradient sets the learning rate itself, so ${h.lrSchedule === "constant" ? "warmupEpochs" : `lrSchedule "${h.lrSchedule}"`} cannot be followed.`,
        "Leave lrSchedule at constant and warmupEpochs at 0, or set hypergradient to none; in a study, give the schedule `when: { hypergradient: none }`.",
      );
  }
  if (h.lrSchedule === "oneCycle" && h.oneCycleMomentum > (isAdam(h.optimizer) ? h.beta1 : h.momentum))
    throw invalid(
      `oneCycleMomentum is ${h.oneCycleMomentum}, above ${isAdam(h.optimizer) ? `beta1 ${h.beta1}` : `momentum ${h.momentum}`}.`,
      "It is the lowest momentum of the cycle.",
    );
}
