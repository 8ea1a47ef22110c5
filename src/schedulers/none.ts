/**
 * No early stopping: every trial runs to its end.
 * Invariant: always "new" and "continue".
 */
import { z } from "zod";
import { defineScheduler } from "./entry.ts";

export const noneScheduler = defineScheduler(
  {
    kind: "none",
    label: "No early stopping",
    summary: "Every trial runs to its end.",
    options: z.strictObject({}),
  },
  () => ({ next: () => ({ action: "new" }), onReport: () => ({ decision: "continue" }) }),
);
