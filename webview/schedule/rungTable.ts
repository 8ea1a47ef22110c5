/** The rungs in words, for those who hear them: how many trials each has, what became of them, and its best value. */
import type { TemplateResult } from "lit";
import type { BracketView, RungView } from "../../src/core/brackets.ts";
import { formatNumber } from "../../src/core/format.ts";
import { isBetter, type Direction } from "../../src/core/objective.ts";
import { heardTable } from "../shared/srTable.ts";
import { rungOutcomes } from "./outcomes.ts";

const limit = 60;

/** "27 trials: 9 promoted, 18 paused". */
export function rungSummary({ entries, capacity }: RungView): string {
  const parts = rungOutcomes
    .map((outcome) => [outcome, entries.filter((entry) => entry.outcome === outcome).length] as const)
    .filter(([, n]) => n > 0)
    .map(([outcome, n]) => `${n} ${outcome}`);
  const of = capacity === undefined ? "" : ` of ${capacity}`;
  const trials = `${entries.length}${of} ${entries.length === 1 && of === "" ? "trial" : "trials"}`;
  return parts.length === 0 ? trials : `${trials}: ${parts.join(", ")}`;
}

export function rungsForScreenReaders(
  brackets: readonly BracketView[],
  metric: string,
  direction: Direction,
): TemplateResult {
  const rows = brackets.flatMap((bracket) => bracket.rungs.map((rung) => ({ bracket, rung }))).slice(0, limit);
  return heardTable({
    caption: `Rungs: the first ${rows.length}`,
    head: ["bracket", "epoch", "trials", `best ${metric}`],
    rowHeads: true,
    rows: rows.map(({ bracket, rung }) => {
      let best = Number.NaN;
      for (const { value } of rung.entries) if (isBetter(value, best, direction)) best = value;
      return [bracket.label, rung.step, rungSummary(rung), formatNumber(best)];
    }),
  });
}
