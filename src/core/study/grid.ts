/**
 * Values on a step grid, and the enumeration of small discrete spaces.
 * Invariant: enumeration visits exactly the configurations that a sampler could propose, inactive parameters left out.
 */
import { gridCount, gridValue } from "../space/domain.ts";
import { isActive, type Params, type ParamValue, type Space } from "../space/parameter.ts";

/** Without the noise of binary fractions. */
export function cleanNumber(value: number): number {
  return Number(value.toPrecision(12));
}

export function formatPlain(value: number): string {
  return String(cleanNumber(value));
}

/** Whether `value` is low + k * step for a whole k, up to rounding. */
export function isOnGrid(value: number, low: number, step: number): boolean {
  const k = (value - low) / step;
  return Math.abs(k - Math.round(k)) <= 1e-9 * Math.max(1, Math.abs(k));
}

/**
 * Whether some configuration passes `test`; undefined when the space is continuous or has more than `limit` configurations.
 * O(limit) at most.
 */
export function someConfiguration(space: Space, limit: number, test: (params: Params) => boolean): boolean | undefined {
  let size = 1;
  for (const parameter of space) size *= gridCount(parameter);
  if (!(size <= limit)) return undefined;
  const params: Record<string, ParamValue> = {};
  const visit = (index: number): boolean => {
    const parameter = space[index];
    if (parameter === undefined) return test(params);
    if (!isActive(parameter, params)) return visit(index + 1);
    const count = gridCount(parameter);
    for (let k = 0; k < count; k++) {
      params[parameter.name] = gridValue(parameter, k);
      if (visit(index + 1)) return true;
    }
    delete params[parameter.name];
    return false;
  };
  return visit(0);
}
