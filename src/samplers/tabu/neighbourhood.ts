/**
 * Tabu search's neighbours and memory on points of the unit cube: moves of one coordinate, and the values that may not be taken
 * up again for a while. Source: F. Glover, "Tabu search, part I" (ORSA J. Computing, 1989); values are remembered by parameter
 * and bin, as continuous ones never come back exactly. Invariant: nothing given is changed.
 */
import type { Rng } from "../../core/rng.ts";
import {
  binOf,
  fromUnit,
  gridCount,
  gridIndex,
  gridValue,
  isNumeric,
  type SearchedParameter,
} from "../../core/space/domain.ts";

/** Bins of a parameter with more values than that; one with fewer has a bin a value. */
export const tabuBins = 20;

/** The bin of a coordinate. O(1). */
export function tabuBin(parameter: SearchedParameter, coordinate: number): number {
  const count = gridCount(parameter);
  if (count <= tabuBins) return gridIndex(parameter, fromUnit(parameter, coordinate));
  return Math.min(tabuBins - 1, Math.floor(coordinate * tabuBins));
}

/** Until which step a parameter's bin may not be taken up again, by `k:bin`. */
export type TabuList = ReadonlyMap<string, number>;

const keyOf = (k: number, bin: number): string => `${k}:${bin}`;

/** The parameters by whose bins two points differ. Only `active` ones count: what is inactive has not been moved. */
function changedBins(
  parameters: readonly SearchedParameter[],
  from: Float64Array,
  to: Float64Array,
  active: (k: number) => boolean,
): number[] {
  return parameters.flatMap((parameter, k) =>
    active(k) && tabuBin(parameter, from[k]!) !== tabuBin(parameter, to[k]!) ? [k] : [],
  );
}

/** Whether the move takes up a value that was left less than the tenure ago. O(parameters). */
export function isTabu(
  list: TabuList,
  step: number,
  parameters: readonly SearchedParameter[],
  from: Float64Array,
  to: Float64Array,
  active: (k: number) => boolean,
): boolean {
  return changedBins(parameters, from, to, active).some(
    (k) => (list.get(keyOf(k, tabuBin(parameters[k]!, to[k]!))) ?? 0) > step,
  );
}

/** The list after a move at `step`: what the move has left is forbidden for `tenure` steps; what is over is dropped. */
export function afterMove(
  list: TabuList,
  step: number,
  tenure: number,
  parameters: readonly SearchedParameter[],
  from: Float64Array,
  to: Float64Array,
  active: (k: number) => boolean,
): TabuList {
  const next = new Map([...list].filter(([, until]) => until > step));
  for (const k of changedBins(parameters, from, to, active))
    next.set(keyOf(k, tabuBin(parameters[k]!, from[k]!)), step + 1 + tenure);
  return next;
}

/** The point with coordinate `k` moved: a normal step for numbers, at least to the next value, another category for the rest. */
export function neighbour(
  point: Float64Array,
  k: number,
  parameter: SearchedParameter,
  spread: number,
  rng: Rng,
): Float64Array {
  const count = gridCount(parameter);
  const here = point[k]!;
  const index = count === Infinity ? 0 : gridIndex(parameter, fromUnit(parameter, here));
  if (!isNumeric(parameter)) {
    const other = rng.int(count - 1);
    return point.with(k, middleOf(parameter, other < index ? other : other + 1));
  }
  let there = here + spread * rng.normal();
  // Beyond an end there is nothing: back from the wall.
  if (there < 0) there = Math.min(1, -there);
  if (there > 1) there = Math.max(0, 2 - there);
  if (count === Infinity || fromUnit(parameter, there) !== gridValue(parameter, index)) return point.with(k, there);
  const up = index === 0 || (index < count - 1 && there > here);
  return point.with(k, middleOf(parameter, up ? index + 1 : index - 1));
}

function middleOf(parameter: SearchedParameter, index: number): number {
  const { from, to } = binOf(parameter, index);
  return (from + to) / 2;
}
