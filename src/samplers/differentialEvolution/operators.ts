/**
 * Differential evolution on points of the unit cube, the operators and the population alone: rand/1 mutation, binomial
 * crossover, one-to-one replacement as soon as a result is there. For any method that evolves one population or several.
 * Sources: R. Storn and K. Price, "Differential evolution" (J. Global Optimization, 1997); for vectors that leave the cube and
 * for small populations N. Awad, N. Mallik and F. Hutter, "DEHB" (IJCAI 2021).
 * Invariant: nothing given is changed; points stay in the cube.
 */
import type { Rng } from "../../core/rng.ts";

/** A point and what became of it. */
export interface Member<Result> {
  readonly point: Float64Array;
  readonly result: Result;
}

/** One place a member; a place is empty until a result is there that can be ranked. */
export type Population<Result> = readonly (Member<Result> | undefined)[];

export function emptyPopulation<Result>(size: number): Population<Result> {
  return Array.from({ length: size }, () => undefined);
}

/**
 * Three different points at random.
 * @param pool points to choose from, first of all @param others where a pool of fewer than three is filled up from
 * @returns undefined when there are not three. O(pool)
 */
export function threeParents(
  pool: readonly Float64Array[],
  others: readonly Float64Array[],
  rng: Rng,
): readonly [Float64Array, Float64Array, Float64Array] | undefined {
  const missing = Math.max(0, 3 - pool.length);
  const chosen = [...pool, ...rng.shuffle(others.filter((point) => !pool.includes(point))).slice(0, missing)];
  if (chosen.length < 3) return undefined;
  const [a, b, c] = rng.shuffle(chosen);
  return [a!, b!, c!];
}

/** base + factor (a - b); a coordinate outside of the cube is drawn anew. O(dimension). */
export function mutantOf(
  [base, a, b]: readonly [Float64Array, Float64Array, Float64Array],
  factor: number,
  rng: Rng,
): Float64Array {
  return base.map((value, k) => {
    const moved = value + factor * (a[k]! - b[k]!);
    return moved >= 0 && moved <= 1 ? moved : rng.next();
  });
}

/** Each coordinate the mutant's with probability `rate`, one of them for certain, the others the target's. O(dimension). */
export function crossed(target: Float64Array, mutant: Float64Array, rate: number, rng: Rng): Float64Array {
  if (target.length === 0) return target;
  const certain = rng.int(target.length);
  return target.map((value, k) => {
    const taken = rng.next() < rate;
    return taken || k === certain ? mutant[k]! : value;
  });
}

/** Whether a result may take a place: the place is empty, or `holds` says so against the one that has it. */
export function mayEnter<Result>(
  population: Population<Result>,
  place: number,
  result: Result,
  holds: (result: Result, present: Result) => boolean,
): boolean {
  const present = population[place];
  return present === undefined || holds(result, present.result);
}

/** The population with a member at a place. O(size). */
export function withMember<Result>(
  population: Population<Result>,
  place: number,
  member: Member<Result>,
): Population<Result> {
  return population.with(place, member);
}
