/**
 * Where a key press leads in an ordered list of trials: the same keys in every chart.
 * Invariant: a place outside of the list is never given.
 */

/** Arrow keys that step forwards and backwards through the list. */
export type StepKeys = "horizontal" | "vertical" | "both";

const forwards = { horizontal: ["ArrowRight"], vertical: ["ArrowDown"], both: ["ArrowDown", "ArrowRight"] } as const;
const backwards = { horizontal: ["ArrowLeft"], vertical: ["ArrowUp"], both: ["ArrowUp", "ArrowLeft"] } as const;

/**
 * @param key of the keyboard event
 * @param at place of the cursor in a list of `length` items; -1 = nowhere yet
 * @returns the place it moves to, or undefined when the key does not move it or there is nothing to move over
 */
export function cursorMove(key: string, at: number, length: number, keys: StepKeys): number | undefined {
  if (length === 0) return undefined;
  const includes = (list: readonly string[]): boolean => list.includes(key);
  if (key === "Home") return 0;
  if (key === "End") return length - 1;
  if (includes(forwards[keys])) return Math.min(length - 1, at + 1);
  if (includes(backwards[keys])) return Math.max(0, at - 1);
  return undefined;
}
