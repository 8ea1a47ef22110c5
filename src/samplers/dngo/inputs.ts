/**
 * Points as what a network reads: numbers from -1 to 1, a 1 among zeros for a category, a mark for what is inactive.
 * Invariant: a coordinate that is inactive gives the network nothing but its mark.
 */
import { gridCount } from "../../core/space/domain.ts";
import { inactive, type Features } from "../gp/features.ts";

export interface Inputs {
  readonly count: number;
  of(point: Float64Array): Float64Array;
  /** Derivatives by the point's coordinates from those by the network's inputs; 0 for categories and what is inactive. */
  pullBack(point: Float64Array, byInputs: Float64Array): Float64Array;
}

export function inputsOf(features: Features): Inputs {
  let count = 0;
  const places = features.parameters.map((parameter, k) => {
    const first = count;
    const isNumber = features.numeric[k] === true;
    count += isNumber ? 1 : gridCount(parameter);
    const mark = parameter.when === undefined ? undefined : count++;
    return { first, isNumber, mark };
  });
  return {
    count,
    of(point) {
      const out = new Float64Array(count);
      places.forEach(({ first, isNumber, mark }, k) => {
        const coordinate = point[k]!;
        if (coordinate === inactive) {
          if (mark !== undefined) out[mark] = 1;
        } else if (isNumber) out[first] = 2 * coordinate - 1;
        else out[first + coordinate] = 1;
      });
      return out;
    },
    pullBack: (point, byInputs) =>
      Float64Array.from(places, ({ first, isNumber }, k) =>
        isNumber && point[k] !== inactive ? 2 * byInputs[first]! : 0,
      ),
  };
}
