/**
 * Constraints of a study file: they parse, are conditions, name known things and can be satisfied.
 * Invariant: the texts that come back all parse; problems are shown inside the text where it is on one line.
 */
import { parseExpression, type Expression } from "../expression/expression.ts";
import type { Space } from "../space/parameter.ts";
import type { Report } from "./checks.ts";
import { holds, parameterNames } from "./constraints.ts";
import { enumerationLimit } from "../space/feasible.ts";
import { someConfiguration } from "./grid.ts";
import { short } from "./messages.ts";
import type { Path } from "./source.ts";
import { didYouMean } from "./suggest.ts";

export interface PlacedText {
  readonly text: string;
  readonly path: Path;
}

/** `names` are all parameters of the file; `space` is undefined when some of them are in error. */
export function checkConstraints(
  texts: readonly PlacedText[],
  names: readonly string[],
  space: Space | undefined,
  report: Report,
): string[] {
  const words = new Set(
    space?.flatMap((parameter) => (parameter.type === "categorical" ? parameter.choices : [])) ?? [],
  );
  const sound: { readonly expression: Expression; readonly path: Path }[] = [];
  for (const { text, path } of texts) {
    const parsed = parseExpression(text);
    if (!parsed.ok) {
      report.errorInside(path, parsed.start, parsed.end, parsed.message);
      continue;
    }
    const { expression } = parsed;
    let known = true;
    for (const mention of expression.mentions) {
      if (names.includes(mention.name) || words.has(mention.name)) continue;
      known = false;
      const message = `\`${short(mention.name)}\` is no parameter of this space.${unknownHint(mention.name, names)}`;
      report.errorInside(path, mention.start, mention.end, message);
    }
    if (!known) continue;
    if (!expression.isCondition || isPlainValue(text, space)) {
      report.error(path, "This is a value, not a condition. Compare it: for example `width * depth <= 1024`.");
    } else if (!expression.names.some((name) => names.includes(name))) {
      report.warning(path, "This constraint names no parameter, so it restricts nothing or everything.");
    } else sound.push({ expression, path });
  }
  if (space !== undefined && sound.length > 0) checkFeasible(sound, space, report);
  return texts.map(({ text }) => text);
}

/** A lone name is a condition only where the parameter is true or false. */
function isPlainValue(text: string, space: Space | undefined): boolean {
  const parameter = space?.find(({ name }) => name === text.trim().replaceAll("`", ""));
  if (parameter === undefined) return false;
  if (parameter.type === "constant") return typeof parameter.value !== "boolean";
  return parameter.type !== "categorical" || !parameter.choices.every((choice) => typeof choice === "boolean");
}

function unknownHint(name: string, names: readonly string[]): string {
  const guess = didYouMean(name, names);
  if (guess !== "") return guess;
  const hyphenated = names.find((known) => /[-.]/.test(known) && known.split(/[-.]/).includes(name));
  if (hyphenated !== undefined) return ` A name with a hyphen stands in backquotes: \`${hyphenated}\`.`;
  return names.length === 0
    ? ""
    : ` Text stands in quotes. Parameters: ${names.slice(0, 12).join(", ")}${names.length > 12 ? " ..." : ""}.`;
}

function checkFeasible(
  constraints: readonly { readonly expression: Expression; readonly path: Path }[],
  space: Space,
  report: Report,
): void {
  const known = parameterNames(space);
  let impossible = false;
  for (const { expression, path } of constraints) {
    // Only the parameters that matter: those named, and those that decide whether they are active.
    const relevant = closure(space, expression.names);
    if (someConfiguration(relevant, enumerationLimit, (params) => holds(expression, known, params)) === false) {
      report.error(path, "No configuration satisfies this constraint. Loosen it, or widen the ranges.");
      impossible = true;
    }
  }
  if (impossible || constraints.length < 2) return;
  const relevant = closure(
    space,
    constraints.flatMap(({ expression }) => expression.names),
  );
  const all = (params: Parameters<typeof holds>[2]): boolean =>
    constraints.every(({ expression }) => holds(expression, known, params));
  if (someConfiguration(relevant, enumerationLimit, all) === false) {
    report.errorAtKey(["constraints"], "No configuration satisfies all constraints together. Loosen one of them.");
  }
}

/** The named parameters and, transitively, the parents of their conditions, in file order. */
function closure(space: Space, names: readonly string[]): Space {
  const wanted = new Set(names);
  for (const parameter of space.toReversed()) {
    if (!wanted.has(parameter.name)) continue;
    for (const parent of Object.keys(parameter.when ?? {})) wanted.add(parent);
  }
  return space.filter((parameter) => wanted.has(parameter.name));
}
