/**
 * Learning curves for simulations: a(x) + b(x) t^-c(x), whose order changes as they go, and durations with stragglers.
 * Invariant: a function of seed, number and step.
 */
import { rngForKey } from "../../core/rng.ts";

/** A loss that falls towards a level of its own; which trial is ahead early says little about which is in the end. */
export function crossingCurve(seed: number): (trial: { readonly number: number }, step: number) => number {
  const known = new Map<number, readonly [number, number, number]>();
  return ({ number }, step) => {
    let own = known.get(number);
    if (own === undefined) {
      const rng = rngForKey(`${seed} curve ${number}`);
      const a = rng.next();
      // Quick learners tend to end higher.
      own = [a, 0.5 + rng.next(), 0.2 + a + 0.5 * rng.next()];
      known.set(number, own);
    }
    const [a, b, c] = own;
    return a + b * step ** -c;
  };
}

/** Seconds a step takes: one trial in ten is ten times slower. */
export function stragglers(seed: number): (number: number, step: number) => number {
  return (number, step) => {
    const slow = rngForKey(`${seed} slow ${number}`).next() < 0.1 ? 10 : 1;
    return slow * (0.5 + rngForKey(`${seed} time ${number} ${step}`).next());
  };
}
