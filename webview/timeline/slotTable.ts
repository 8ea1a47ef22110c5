/** The timeline in words, for those who hear it: each slot, how busy it was and what it did last. */
import type { TemplateResult } from "lit";
import { attemptOutcomes } from "../../src/protocol/schedule.ts";
import { heardTable } from "../shared/srTable.ts";
import { busyShare, type Timeline } from "./timelineModel.ts";

const limit = 64;

export function slotsForScreenReaders(timeline: Timeline, now: number): TemplateResult {
  const { attempts, lanes, slots, order, starts, from, to, running } = timeline;
  const end = running ? Math.max(to, now) : to;
  const shown = Math.min(lanes, limit);
  return heardTable({
    caption: `Timeline: ${shown} of ${slots} slots`,
    head: ["slot", "busy", "attempts", "last"],
    rowHeads: true,
    rows: Array.from({ length: shown }, (_, lane) => {
      const count = starts[lane + 1]! - starts[lane]!;
      const last = count === 0 ? -1 : order[starts[lane + 1]! - 1]!;
      const busy = `${Math.round(100 * busyShare(timeline, lane, from, end, now))} %`;
      const ended = `trial ${attempts.number[last]}, ${attemptOutcomes[attempts.outcome[last]!]}`;
      return [lane + 1, busy, count, last < 0 ? "none" : ended];
    }),
  });
}
