/**
 * Which complete trials no other one beats in every objective.
 * Invariant: holds exactly the non-dominated trials of those added, equal ones all included. O(front) per trial.
 */
export class ParetoFront {
  #members: { readonly number: number; readonly losses: readonly number[] }[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Whether it joined the front. @param losses smaller is better in each */
  add(number: number, losses: readonly number[]): boolean {
    if (this.#members.some((member) => dominates(member.losses, losses))) return false;
    this.#members = this.#members.filter((member) => !dominates(losses, member.losses));
    this.#members.push({ number, losses });
    return true;
  }
}

function dominates(a: readonly number[], b: readonly number[]): boolean {
  let better = false;
  for (const [i, x] of a.entries()) {
    const y = b[i] ?? Number.POSITIVE_INFINITY;
    if (x > y) return false;
    if (x < y) better = true;
  }
  return better;
}
