/**
 * A scheduler for tests of the engine, which answers what a test tells it to.
 * Invariant: `script` is set before a study starts; the engine asks it as it asks any other.
 */
import { z } from "zod";
import { defineScheduler, type SchedulerEntry } from "../../schedulers/entry.ts";
import type { Scheduler } from "../../schedulers/scheduler.ts";

export const script: { scheduler: Scheduler | undefined } = { scheduler: undefined };

export const scriptedScheduler: SchedulerEntry = defineScheduler(
  { kind: "scripted", label: "Scripted", summary: "Answers what a test says.", options: z.strictObject({}) },
  () => ({
    next: (view) => script.scheduler!.next(view),
    onReport: (view, number, report) => script.scheduler!.onReport(view, number, report),
  }),
);
