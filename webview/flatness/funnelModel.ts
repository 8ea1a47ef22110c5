/**
 * What became of FGHPO's configurations: tried for an epoch, through the loss gate, trained in full, the best.
 * Invariant: every configuration is in each stage at most once, and stages only get smaller; a discarded one has its reason.
 */
import type { RungEntry } from "../../src/core/brackets.ts";
import type { ScheduleReport } from "../../src/protocol/schedule.ts";

export interface FunnelStage {
  readonly label: string;
  readonly numbers: readonly number[];
}

export interface FunnelReason {
  /** What the configurations did not get through. */
  readonly at: "failed" | "value" | "gate" | "rank";
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
  const reasonOf = new Map<number, string>();
  for (const { number, decision, reason } of decisions)
    if (decision === "stop" || decision === "drop") reasonOf.set(number, reason);
  const groups = new Map<string, { at: FunnelReason["at"]; example: string; numbers: number[] }>();
  const [open, outside] = [new Set<number>(), new Set<number>()];
  for (const { number, outcome } of first?.entries ?? []) {
    if (kept.has(number)) continue;
    const reason = reasonOf.get(number) ?? withoutDecision[outcome];
    if (reason === undefined) {
      open.add(number);
      continue;
    }
    const at = reasonOf.has(number) ? placeOf(reason) : outcome === "failed" ? "failed" : "rank";
    if (at !== "rank") outside.add(number);
    // Reasons differ in their numbers; what they say is the same.
    const key = `${at}:${reason.replaceAll(/-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/giu, "#")}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { at, example: reason, numbers: [number] });
    else group.numbers.push(number);
  }
  const best = bestFirst.find((number) => kept.has(number));
  const passed = tried.filter((number) => !outside.has(number) && !open.has(number));
  const stages: FunnelStage[] = [
    { label: "tried", numbers: tried },
    { label: "through the gate", numbers: passed },
    { label: "trained in full", numbers: full },
    { label: "best", numbers: best === undefined ? [] : [best] },
  ];
  const reasons = [...groups.values()].sort((a, b) => b.numbers.length - a.numbers.length);
  return { stages, reasons, open: open.size };
}

/** What is said of a trial that has ended without a decision, or whose decision is too old to be among those sent. */
const withoutDecision: Readonly<Partial<Record<RungEntry["outcome"], string>>> = {
  failed: "its training failed",
  stopped: "stopped; the reason is in the study's log",
};

/** Which step of the method a reason belongs to, by how src/schedulers/fghpo.ts words it. */
function placeOf(reason: string): FunnelReason["at"] {
  if (reason.startsWith("gate:")) return "gate";
  return /\bis rank \d+ of \d+/u.test(reason) ? "rank" : "value";
}
