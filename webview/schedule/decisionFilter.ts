/** Which decisions are read: by kind and by trial, newest first. Pure. Invariant: no kinds chosen = all kinds. */
import type { DecisionRow } from "../../src/protocol/schedule.ts";
import type { DecisionKind } from "./outcomes.ts";

export interface DecisionFilter {
  readonly kinds: ReadonlySet<DecisionKind>;
  /** Trial numbers; undefined = all. */
  readonly numbers: ReadonlySet<number> | undefined;
}

export interface ReadDecisions {
  /** Newest first, at most `limit`. */
  readonly rows: readonly DecisionRow[];
  /** How many pass. */
  readonly total: number;
}

/** @param decisions oldest first. O(decisions). */
export function readDecisions(
  decisions: readonly DecisionRow[],
  { kinds, numbers }: DecisionFilter,
  limit: number,
): ReadDecisions {
  const rows: DecisionRow[] = [];
  let total = 0;
  for (let i = decisions.length - 1; i >= 0; i--) {
    const row = decisions[i]!;
    if ((kinds.size > 0 && !kinds.has(row.decision)) || (numbers !== undefined && !numbers.has(row.number))) continue;
    total++;
    if (rows.length < limit) rows.push(row);
  }
  return { rows, total };
}
