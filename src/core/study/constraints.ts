/**
 * Constraints of a study as one test on configurations.
 * Invariant: never throws; a constraint that names a parameter which is not active holds (it does not apply).
 */
import { isTruthy, parseExpression, type Expression } from "../expression/expression.ts";
import type { Params, Space } from "../space/parameter.ts";
import type { StudyDefinition } from "./definition.ts";

/** Whether `expression`, over parameters named in `known`, holds for `params`. */
export function holds(expression: Expression, known: ReadonlySet<string>, params: Params): boolean {
  for (const name of expression.names) {
    if (known.has(name) && !Object.hasOwn(params, name)) return true;
  }
  // A word that is no parameter is text: `optimizer == sgd`.
  return isTruthy(expression.evaluate((name) => (known.has(name) ? params[name] : undefined)));
}

export function parameterNames(space: Space): ReadonlySet<string> {
  return new Set(space.map((parameter) => parameter.name));
}

/**
 * The test that a sampler gets: true when every constraint holds. Parses once; a call costs O(length of the constraints).
 * A constraint that does not parse (impossible for a checked study) counts as never satisfied.
 */
export function feasibilityOf(study: Pick<StudyDefinition, "constraints" | "space">): (params: Params) => boolean {
  const known = parameterNames(study.space);
  const expressions = study.constraints.map((text) => parseExpression(text));
  return (params) => expressions.every((parsed) => parsed.ok && holds(parsed.expression, known, params));
}
