/**
 * The few trials that every further one is compared with, far apart from each other: what bounds "one to all".
 * Farthest-point selection, one trial at a time: a full set takes a newcomer in when the closest two of all of them are then
 * farther apart, and lets one of those two go. (Gonzalez 1985 chooses from a set that is known beforehand; a study's grows.)
 * Invariant: the members follow from the trials in the order in which they were offered; ties keep the older member.
 */

export class ReferenceSet {
  readonly #limit: number;
  #members: number[] = [];
  /** Distances between members: row i to the members before i. */
  #distances: number[][] = [];

  /** @param limit most members, at least 1 */
  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1) throw new RangeError(`a reference set of ${limit}`);
    this.#limit = limit;
  }

  /** Numbers of the trials in it, the oldest first. */
  get members(): readonly number[] {
    return this.#members;
  }

  /**
   * Offers a trial. O(limit^2).
   * @param distances from it to each of `members`, in their order; smaller is closer
   * @returns whether it is a member now
   */
  offer(number: number, distances: readonly number[]): boolean {
    if (distances.length !== this.#members.length)
      throw new RangeError(`${distances.length} distances to ${this.#members.length} members`);
    this.#members.push(number);
    this.#distances.push([...distances]);
    if (this.#members.length <= this.#limit) return true;
    const leaves = this.#mostCrowded();
    this.#members.splice(leaves, 1);
    this.#distances.splice(leaves, 1);
    for (const row of this.#distances.slice(leaves)) row.splice(leaves, 1);
    return leaves < this.#members.length;
  }

  /** Of the closest pair, the one that is closer to the rest; of equals, the newer one. */
  #mostCrowded(): number {
    let closest: readonly [newer: number, older: number] = [1, 0];
    for (let i = 1; i < this.#members.length; i++) {
      for (let j = 0; j < i; j++) {
        if (this.#between(i, j) <= this.#between(closest[0], closest[1])) closest = [i, j];
      }
    }
    const [newer, older] = closest;
    return this.#nearestBut(older, newer) < this.#nearestBut(newer, older) ? older : newer;
  }

  #nearestBut(from: number, left: number): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (let k = 0; k < this.#members.length; k++) {
      if (k !== from && k !== left) nearest = Math.min(nearest, this.#between(from, k));
    }
    return nearest;
  }

  #between(i: number, j: number): number {
    return i > j ? this.#distances[i]![j]! : this.#distances[j]![i]!;
  }
}
