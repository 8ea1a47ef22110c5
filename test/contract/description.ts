/**
 * What a method of any registry says of itself to people. Invariant: knows samplers and schedulers by what they share alone.
 */
import { expect } from "vitest";
import type { SamplerEntry } from "../../src/samplers/entry.ts";
import type { SchedulerEntry } from "../../src/schedulers/entry.ts";

/** A kind that can be written in a study, words for people, and options that have defaults and descriptions. */
export function expectDescription({ kind, label, options, summary }: SamplerEntry | SchedulerEntry): void {
  expect(kind).toMatch(/^[a-z][a-z0-9-]*$/);
  expect(label).not.toBe("");
  expect(summary).not.toBe("");
  expect(options.safeParse({}).success).toBe(true);
  for (const [name, option] of Object.entries(options.shape)) {
    expect((option as { description?: string }).description ?? "", name).not.toBe("");
  }
}
