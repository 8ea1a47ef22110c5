/**
 * Durations as people write them in a study file: "2h", "90m", "30s", "1h30m", "1.5 h", "2d", or a number of seconds.
 * Invariant: a parsed duration is a finite number of seconds above 0.
 */

/** What the schema accepts as text; kept in the JSON Schema too. */
export const durationPattern =
  /^\s*(?=[\d.])(?:\d+(?:\.\d+)?\s*d\s*)?(?:\d+(?:\.\d+)?\s*h\s*)?(?:\d+(?:\.\d+)?\s*m(?:in)?\s*)?(?:\d+(?:\.\d+)?\s*s\s*)?$/;

const secondsPer = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** Seconds, or undefined when the text is no duration or is not above 0. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value : undefined;
  if (!durationPattern.test(value)) return undefined;
  let seconds = 0;
  for (const match of value.matchAll(/(\d+(?:\.\d+)?)\s*(d|h|m|s)/g)) {
    seconds += Number(match[1]) * secondsPer[match[2] as keyof typeof secondsPer];
  }
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}
