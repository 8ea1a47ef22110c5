/**
 * Past configurations of one group as typed columns, kept sorted so that a suggestion never sorts the history.
 * Coordinates are positions in [0, 1] of the parameter's (log) range, categories indices. Invariant: rows [0, count) are
 * finished trials in the order of the history; per numeric dimension `order` lists them by coordinate, then row.
 */
import {
  gridCount,
  gridIndex,
  isNumeric,
  toUnit,
  type NumericParameter,
  type SearchedParameter,
} from "../../core/space/domain.ts";
import type { CategoricalParameter, Params } from "../../core/space/parameter.ts";
import type { Group } from "./groups.ts";

/** The dimensions of a group by kind; the position in each list is the dimension's index. */
export interface Dimensions {
  readonly numeric: readonly NumericParameter[];
  readonly categorical: readonly CategoricalParameter[];
}

export function dimensionsOf(group: Group): Dimensions {
  const parameters: readonly SearchedParameter[] = group;
  return {
    numeric: parameters.filter(isNumeric),
    categorical: parameters.filter((parameter) => parameter.type === "categorical"),
  };
}

export class Observations {
  readonly dimensions: Dimensions;
  /** Finished rows. */
  count = 0;
  /** Finished and pending rows. */
  total = 0;
  /** row * numeric + dimension */
  coordinates: Float64Array;
  /** row * categorical + dimension */
  categories: Int32Array;
  trialNumbers: Int32Array;
  /** Rows by trial number, finished ones. */
  byNumber: Int32Array;
  /** Per numeric dimension: rows by coordinate, and the coordinates in that order. */
  readonly order: Int32Array[];
  readonly sorted: Float64Array[];
  readonly #rowOf = new Map<number, number>();
  #capacity = 64;
  /** Rows that are already in `byNumber`, `order` and `sorted`. */
  #indexed = 0;

  constructor(dimensions: Dimensions) {
    this.dimensions = dimensions;
    this.coordinates = new Float64Array(this.#capacity * dimensions.numeric.length);
    this.categories = new Int32Array(this.#capacity * dimensions.categorical.length);
    this.trialNumbers = new Int32Array(this.#capacity);
    this.byNumber = new Int32Array(this.#capacity);
    this.order = dimensions.numeric.map(() => new Int32Array(this.#capacity));
    this.sorted = dimensions.numeric.map(() => new Float64Array(this.#capacity));
  }

  /** Adds a finished trial if the group is active in it. */
  add(number: number, params: Params): void {
    if (!this.#write(this.count, number, params)) return;
    this.#rowOf.set(number, this.count);
    this.count += 1;
    this.total = this.count;
  }

  /** Takes the pending trials that have the group; those of the call before are forgotten. */
  setPending(trials: readonly { readonly number: number; readonly params: Params }[]): void {
    this.total = this.count;
    for (const trial of trials) if (this.#write(this.total, trial.number, trial.params)) this.total += 1;
  }

  /** The row of a finished trial; undefined if the group was not active in it. */
  rowOf(number: number): number | undefined {
    return this.#rowOf.get(number);
  }

  /** Brings the orders up to date: insertion for a few new rows, one sort for many. */
  index(): void {
    const fresh = this.count - this.#indexed;
    if (fresh === 0) return;
    if (fresh > 32) this.#sortAll();
    else for (let row = this.#indexed; row < this.count; row++) this.#insert(row);
    this.#indexed = this.count;
  }

  #write(row: number, number: number, params: Params): boolean {
    const { numeric, categorical } = this.dimensions;
    if (row >= this.#capacity) this.#grow();
    for (let d = 0; d < numeric.length; d++) {
      const parameter = numeric[d]!;
      const value = params[parameter.name];
      const unit = typeof value === "number" && Number.isFinite(value) ? toUnit(parameter, value) : Number.NaN;
      if (Number.isNaN(unit)) return false;
      this.coordinates[row * numeric.length + d] = unit;
    }
    for (let d = 0; d < categorical.length; d++) {
      const parameter = categorical[d]!;
      const value = params[parameter.name];
      const index = value === undefined ? -1 : gridIndex(parameter, value);
      if (index < 0 || index >= gridCount(parameter)) return false;
      this.categories[row * categorical.length + d] = index;
    }
    this.trialNumbers[row] = number;
    return true;
  }

  #grow(): void {
    const { numeric, categorical } = this.dimensions;
    this.#capacity *= 2;
    const ints = (old: Int32Array, length: number): Int32Array => {
      const grown = new Int32Array(length);
      grown.set(old);
      return grown;
    };
    const floats = (old: Float64Array, length: number): Float64Array => {
      const grown = new Float64Array(length);
      grown.set(old);
      return grown;
    };
    this.coordinates = floats(this.coordinates, this.#capacity * numeric.length);
    this.categories = ints(this.categories, this.#capacity * categorical.length);
    this.trialNumbers = ints(this.trialNumbers, this.#capacity);
    this.byNumber = ints(this.byNumber, this.#capacity);
    for (let d = 0; d < numeric.length; d++) {
      this.order[d] = ints(this.order[d]!, this.#capacity);
      this.sorted[d] = floats(this.sorted[d]!, this.#capacity);
    }
  }

  #sortAll(): void {
    const width = this.dimensions.numeric.length;
    const rows = Int32Array.from({ length: this.count }, (_, row) => row);
    const { trialNumbers, coordinates } = this;
    this.byNumber.set(rows.toSorted((a, b) => trialNumbers[a]! - trialNumbers[b]!));
    for (let d = 0; d < width; d++) {
      const order = rows.toSorted((a, b) => coordinates[a * width + d]! - coordinates[b * width + d]! || a - b);
      this.order[d]!.set(order);
      const sorted = this.sorted[d]!;
      for (let i = 0; i < order.length; i++) sorted[i] = coordinates[order[i]! * width + d]!;
    }
  }

  #insert(row: number): void {
    const number = this.trialNumbers[row]!;
    let at = row;
    while (at > 0 && this.trialNumbers[this.byNumber[at - 1]!]! > number) at -= 1;
    this.byNumber.copyWithin(at + 1, at, row);
    this.byNumber[at] = row;
    const width = this.dimensions.numeric.length;
    for (let d = 0; d < width; d++) {
      const value = this.coordinates[row * width + d]!;
      const sorted = this.sorted[d]!;
      // After equal coordinates: the new row is the largest.
      let low = 0;
      let high = row;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sorted[middle]! <= value) low = middle + 1;
        else high = middle;
      }
      sorted.copyWithin(low + 1, low, row);
      sorted[low] = value;
      const order = this.order[d]!;
      order.copyWithin(low + 1, low, row);
      order[low] = row;
    }
  }
}
