/**
 * What became of FGHPO's configurations: tried for an epoch, through the loss gate, trained in full, the best.
 * Invariant: every configuration is in each stage at most once, and stages only get smaller; a discarded one has its reason.
 */
import type { ScheduleReport } from "../../src/protocol/schedule.ts";

export interface FunnelStage {
  readonly label: string;
  readonly numbers: readonly number[];
}

export interface FunnelReason {
  /** What the configurations did not get through. */
  readonly at: "sharpness" | "gate" | "rank";
  /** The reason of one of them, in full. */
  readonly example: string;
  readonly numbers: readonly number[];
}

export interface Funnel {
  readonly stages: readonly FunnelStage[];
  /** Most frequent first. */
  readonly reasons: readonly FunnelReason[];
  /** Configurations that are not judged yet. */
  readonly open: number;
}

/** @param bestFirst numbers of the trials with a value, best first */
export function funnelOf(
  { brackets, decisions }: Pick<ScheduleReport, "brackets" | "decisions">,
  bestFirst: readonly number[],
): Funnel {
  const [first, last] = [brackets[0]?.rungs[0], brackets[0]?.rungs.at(-1)];
  const tried = first?.entries.map(({ number }) => number) ?? [];
  const full = last === undefined || last === first ? [] : last.entries.map(({ number }) => number);
  const kept = new Set(full);
  const groups = new Map<string, { at: FunnelReason["at"]; example: string; numbers: number[] }>();
  const outside = new Set<number>();
  const judged = new Set<number>();
  for (const { number, decision, reason } of decisions) {
    if ((decision !== "stop" && decision !== "drop") || kept.has(number) || judged.has(number)) continue;
    if (!tried.includes(number)) continue;
    judged.add(number);
    const at = placeOf(reason);
    if (at !== "rank") outside.add(number);
    // Reasons differ in their numbers; what they say is the same.
    const key = `${at}:${reason.replaceAll(/-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/giu, "#")}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { at, example: reason, numbers: [number] });
    else group.numbers.push(number);
  }
  const best = bestFirst.find((number) => kept.has(number));
  const open = tried.filter((number) => !kept.has(number) && !judged.has(number));
  const passed = tried.filter((number) => !outside.has(number) && !open.includes(number));
  const stages: FunnelStage[] = [
    { label: "tried", numbers: tried },
    { label: "through the gate", numbers: passed },
    { label: "trained in full", numbers: full },
    { label: "best", numbers: best === undefined ? [] : [best] },
  ];
  const reasons = [...groups.values()].sort((a, b) => b.numbers.length - a.numbers.length);
  return { stages, reasons, open: open.length };
}

/** Which step of the method a reason belongs to. */
function placeOf(reason: string): FunnelReason["at"] {
  if (/\bgate\b|\bloss\b/iu.test(reason)) return "gate";
  if (/\bNaN\b|not finite|infinite|not a number|no number|not positive|<= 0|at most 0|is 0\b/iu.test(reason))
    return "sharpness";
  return "rank";
}
