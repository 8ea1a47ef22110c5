/**
 * How many configurations evolve on a rung: as many as the largest bracket of Hyperband brings there.
 * Source: N. Awad, N. Mallik and F. Hutter, "DEHB" (IJCAI 2021), section 4.1. Invariant: at least 1, and larger on lower rungs.
 */
import { fullRung, rungsBetween, type Ladder } from "../rungs.ts";

/**
 * floor((S + 1) / (t + 1)) eta^t on the rung t below the top of a ladder with S rungs below it: bracket t begins there, with
 * the sizes of Hyperband's table, and no other brings more. @param alone where the ladder has one rung only
 */
export function populationSize({ rungs, top }: Ladder, rung: number, eta: number, alone: number): number {
  const lowest = rungs[0]!;
  if (lowest === fullRung) return alone;
  // Without a full training the highest rung that is known is the top.
  const highest = top ?? rungs.findLast((other) => other !== fullRung)!;
  const total = rungsBetween(lowest, highest, eta);
  const fromTop = rung === fullRung ? 0 : rungsBetween(rung, highest, eta);
  return Math.max(1, Math.floor((total + 1) / (fromTop + 1)) * Math.floor(eta ** fromTop + 1e-9));
}
