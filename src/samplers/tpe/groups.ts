/**
 * Which parameters are modelled together.
 * Invariant: all parameters of a group are active in exactly the same configurations, and a group comes after the groups
 * of the parameters its condition asks for.
 */
import { gridCount, type SearchedParameter } from "../../core/space/domain.ts";
import type { Parameter, Space } from "../../core/space/parameter.ts";

export type Group = readonly [SearchedParameter, ...SearchedParameter[]];

/**
 * The searched parameters of `space` in groups; constants and single-value domains are left out.
 * @param joint false: every parameter is a group of its own
 * @param groupConditional false: conditional parameters are groups of their own
 */
export function groupsOf(space: Space, joint: boolean, groupConditional: boolean): Group[] {
  const groups = new Map<string, [SearchedParameter, ...SearchedParameter[]]>();
  for (const parameter of space) {
    if (parameter.type === "constant" || gridCount(parameter) === 1) continue;
    const alone = !joint || (parameter.when !== undefined && !groupConditional);
    const key = alone ? `parameter ${parameter.name}` : `when ${conditionKey(parameter)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [parameter]);
    else group.push(parameter);
  }
  return [...groups.values()];
}

/** Equal for conditions that say the same, whatever their order. */
function conditionKey(parameter: Parameter): string {
  const entries = Object.entries(parameter.when ?? {}).map(
    ([parent, values]) => [parent, values.map((value) => JSON.stringify(value)).sort()] as const,
  );
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
