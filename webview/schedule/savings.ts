/**
 * What a scheduler saved, in one line. Invariant: says nothing about savings unless the full cost is known, and says so
 * when copies, or trials that began again, made it cost more.
 */
import type { ScheduleReport } from "../../src/protocol/schedule.ts";

const count = (n: number): string => Math.round(n).toLocaleString("en");

/** "Trained 412 of 1,500 epochs: 73 % saved against no scheduler". */
export function savingsText({
  trainedSteps,
  fullSteps,
  scheduler,
}: Pick<ScheduleReport, "trainedSteps" | "fullSteps" | "scheduler">): string {
  const epochs = trainedSteps === 1 ? "epoch" : "epochs";
  if (fullSteps === undefined || fullSteps <= 0) return `Trained ${count(trainedSteps)} ${epochs}`;
  const start = `Trained ${count(trainedSteps)} of ${count(fullSteps)} epochs`;
  if (scheduler === "none") return start;
  if (trainedSteps > fullSteps) {
    const more = Math.max(1, Math.round(100 * (trainedSteps / fullSteps - 1)));
    return `${start}: ${more} % more than without a scheduler`;
  }
  const saved = Math.round(100 * (1 - trainedSteps / fullSteps));
  if (saved === 0) return `${start}: as many as without a scheduler`;
  // What trained at all did not save everything.
  return `${start}: ${trainedSteps > 0 ? Math.min(99, saved) : saved} % saved against no scheduler`;
}
