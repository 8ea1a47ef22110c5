/**
 * What a space must satisfy beyond the shape of its entries: bounds, steps, choices, conditions.
 * Invariant: the parameters that come back are valid in themselves and refer to earlier valid parameters only.
 */
import { domainProblem } from "../space/domain.ts";
import type { Condition, Parameter, ParamValue, Prior, Space } from "../space/parameter.ts";
import type { MethodInfo } from "./catalog.ts";
import type { Report } from "./checks.ts";
import { formatPlain, isOnGrid } from "./grid.ts";
import { shown } from "./messages.ts";
import type { RawParameter } from "./schema.ts";
import { nodeAt, type Path } from "./source.ts";
import { didYouMean } from "./suggest.ts";

/** Checks the parameters that passed the schema, in file order. O(parameters x conditions). */
export function checkSpace(raw: ReadonlyMap<string, RawParameter>, order: readonly string[], report: Report): Space {
  const space: Parameter[] = [];
  const known = new Map<string, Parameter>();
  for (const [name, entry] of raw) {
    const path: Path = ["space", name];
    if (name in {}) {
      report.errorAtKey(path, `\`${name}\` has a meaning of its own in JavaScript. Choose another name.`);
      continue;
    }
    const before = report.issues.filter((issue) => issue.severity === "error").length;
    checkDomain(entry, path, report);
    const when = entry.when === undefined ? undefined : checkWhen(entry.when, path, known, order, report);
    const parameter = toParameter(name, entry, when);
    const errors = (): number => report.issues.filter((issue) => issue.severity === "error").length;
    if (errors() === before) checkPrior(parameter, path, report);
    if (errors() === before) space.push(parameter);
    known.set(name, parameter);
  }
  return space;
}

function toParameter(name: string, raw: RawParameter, when: Condition | undefined): Parameter {
  const prior = raw.type === "constant" || raw.prior === undefined ? undefined : toPrior(raw.prior);
  const kind = raw.type === "constant" ? undefined : raw.kind;
  const base = {
    name,
    ...(when === undefined ? {} : { when }),
    ...(prior === undefined ? {} : { prior }),
    ...(kind === undefined ? {} : { kind }),
  };
  if (raw.type === "categorical") return { ...base, type: raw.type, choices: raw.choices };
  if (raw.type === "constant") return { ...base, type: raw.type, value: raw.value };
  const bounds = { ...base, type: raw.type, low: raw.low, high: raw.high, log: raw.log };
  return raw.step === undefined ? bounds : { ...bounds, step: raw.step };
}

function toPrior(raw: ParamValue | Prior): Prior {
  return typeof raw === "object" && raw !== null ? raw : { value: raw, confidence: "medium" };
}

/** A belief in a value the parameter cannot take is a slip. */
function checkPrior(parameter: Parameter, path: Path, report: Report): void {
  if (parameter.prior === undefined) return;
  const { value } = parameter.prior;
  const problem = domainProblem(parameter, value);
  if (problem === undefined) return;
  const words = parameter.type === "categorical" ? parameter.choices.map(String) : [];
  const guess = typeof value === "string" ? didYouMean(value, words) : "";
  const at: Path = [...path, "prior"];
  const isMapping = nodeAt(report.source.root, at)?.entries !== undefined;
  report.error(isMapping ? [...at, "value"] : at, `The prior ${problem}, not ${shown(value)}.${guess}`);
}

/** A method that lives on beliefs, and no parameter with one. */
export function checkPriors(method: MethodInfo | undefined, space: Space, report: Report): void {
  if (method?.wantsPrior !== true || space.some(({ prior }) => prior !== undefined)) return;
  const example = space.find((parameter) => parameter.type !== "constant")?.name;
  report.warning(
    ["sampler"],
    `\`${method.kind}\` follows beliefs, and no parameter has a \`prior\`: it draws at random instead. Write for example \`prior: VALUE\` in \`${example ?? "a parameter"}\`, or choose \`sampler: auto\`.`,
  );
}

function checkDomain(raw: RawParameter, path: Path, report: Report): void {
  if (raw.type === "categorical") {
    checkChoices(raw.choices, path, report);
    return;
  }
  if (raw.type === "constant") return;
  const { low, high, log, step } = raw;
  if (low >= high) {
    const fixed = low === high ? ` For a fixed value write { type: constant, value: ${low} }.` : "";
    report.error([...path, "high"], `\`high\` (${high}) must be above \`low\` (${low}).${fixed}`);
    return;
  }
  if (log && low <= 0) {
    const hint = raw.type === "int" ? "1" : formatPlain(Math.min(high / 1000, 1e-5));
    report.error(
      [...path, "low"],
      `With \`log: true\`, \`low\` must be above 0, not ${low}. Write for example \`low: ${hint}\`.`,
    );
    return;
  }
  if (!Number.isFinite(high - low)) {
    report.error([...path, "high"], "The range is too wide for floating-point numbers.");
    return;
  }
  if (step === undefined) return;
  if (step > high - low) {
    report.error([...path, "step"], `\`step\` (${step}) is larger than the whole range from ${low} to ${high}.`);
    return;
  }
  if ((high - low) / step > 1e9) {
    report.error([...path, "step"], "`step` is so small against the range that it has no effect. Remove it.");
    return;
  }
  if (!isOnGrid(high, low, step)) {
    const last = low + Math.floor((high - low) / step) * step;
    report.warning(
      [...path, "high"],
      `\`high\` (${high}) is never reached: with \`step: ${step}\` the largest value is ${formatPlain(last)}.`,
    );
  }
}

function checkChoices(choices: readonly ParamValue[], path: Path, report: Report): void {
  const seen = new Map<ParamValue, number>();
  choices.forEach((choice, i) => {
    const first = seen.get(choice);
    if (first === undefined) seen.set(choice, i);
    else report.error([...path, "choices", i], `${shown(choice)} is already choice ${first + 1}. Remove one of them.`);
  });
  for (const choice of seen.keys()) {
    if (typeof choice !== "string" || choice === "") continue;
    const number = Number(choice);
    if (seen.has(number)) {
      report.warning(
        [...path, "choices", seen.get(choice) ?? 0],
        `${shown(choice)} (text) and ${number} (a number) look alike to most programs.`,
      );
    }
  }
}

function checkWhen(
  raw: Readonly<Record<string, ParamValue | ParamValue[]>>,
  path: Path,
  known: ReadonlyMap<string, Parameter>,
  order: readonly string[],
  report: Report,
): Condition | undefined {
  const entries = Object.entries(raw);
  const own = String(path.at(-1));
  if (entries.length === 0) {
    report.error([...path, "when"], "`when` is empty. Write for example `when: { optimizer: sgd }`, or remove it.");
    return undefined;
  }
  const condition: Record<string, readonly ParamValue[]> = {};
  for (const [parent, wanted] of entries) {
    const at: Path = [...path, "when", parent];
    const parameter = known.get(parent);
    if (parameter === undefined) {
      if (!order.includes(parent)) {
        report.errorAtKey(
          at,
          `\`when\` names \`${parent}\`, which is no parameter of this space.${didYouMean(parent, order)}`,
        );
      } else if (parent === own) {
        report.errorAtKey(at, "A parameter cannot depend on itself.");
      } else if (order.indexOf(parent) > order.indexOf(own)) {
        report.errorAtKey(at, `\`when\` may name earlier parameters only. Move \`${parent}\` above \`${own}\`.`);
      }
      // A parent that was itself refused has its own issue.
      continue;
    }
    const values = Array.isArray(wanted) ? wanted : [wanted];
    values.forEach((value, i) => {
      const valuePath = Array.isArray(wanted) ? [...at, i] : at;
      const problem = impossible(parameter, value);
      if (problem !== undefined) report.error(valuePath, problem);
      else if (values.indexOf(value) !== i) report.error(valuePath, `${shown(value)} is listed twice.`);
    });
    condition[parent] = values;
  }
  return condition;
}

/** Why `parameter` can never equal `value`, or undefined. */
function impossible(parameter: Parameter, value: ParamValue): string | undefined {
  const start = `\`${parameter.name}\` is never ${shown(value)}`;
  if (parameter.type === "constant") {
    return value === parameter.value ? undefined : `${start}: it is the constant ${shown(parameter.value)}.`;
  }
  if (parameter.type === "categorical") {
    if (parameter.choices.includes(value)) return undefined;
    const words = parameter.choices.map(String);
    const guess = typeof value === "string" ? didYouMean(value, words) : "";
    return `${start}.${guess} Its choices are ${words.slice(0, 12).join(", ")}${words.length > 12 ? " ..." : ""}.`;
  }
  const { low, high, step, type } = parameter;
  if (typeof value !== "number" || value < low || value > high) return `${start}: it lies between ${low} and ${high}.`;
  if (type === "int" && !Number.isInteger(value)) return `${start}: it is a whole number.`;
  if (step !== undefined && !isOnGrid(value, low, step)) return `${start}: its step from ${low} is ${step}.`;
  if (type === "int" || step !== undefined) return undefined;
  return `\`${parameter.name}\` is a continuous number and practically never equals ${value}. Give it a \`step\`, or make it categorical.`;
}
