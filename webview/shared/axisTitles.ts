/** Words at the axes that several charts have. */
import type { Direction } from "../../src/core/objective.ts";

export function betterWords(direction: Direction | undefined): string {
  return direction === "maximize" ? "higher is better" : "lower is better";
}

/** "accuracy, log · higher is better (3 beyond the axis, at its edge)". */
export function objectiveTitle(metric: string, direction: Direction | undefined, log: boolean, beyond: number): string {
  const note = beyond > 0 ? ` (${beyond} beyond the axis, at its edge)` : "";
  return `${metric}${log ? ", log" : ""} · ${betterWords(direction)}${note}`;
}
