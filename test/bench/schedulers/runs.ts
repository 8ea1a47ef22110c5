/**
 * One study of the comparison as it is kept, and what is read off it.
 * Invariant: time is the number of epochs trained, over all trials.
 */
import { z } from "zod";
import { recordsIn } from "../keptRecords.ts";
import { arms } from "./contenders.ts";

const schema = z.object({
  task: z.string(),
  method: z.string(),
  arm: z.enum(arms),
  seed: z.int(),
  /** Trained in all. */
  epochs: z.int().positive(),
  /** [epochs trained by then, best validation accuracy], wherever the best has changed. */
  improvements: z.array(z.tuple([z.int().positive(), z.number()])),
  trials: z.int(),
  complete: z.int(),
  /** Test accuracy of the completed trial with the best validation accuracy at its end; absent where none has completed. */
  test: z.number().optional(),
  /** Of the whole study: training, engine, sampler, scheduler, store. */
  cpuSeconds: z.number(),
});
export type Run = z.infer<typeof schema>;

/** Runs in a file of one a line; a line cut off by a kill is left out. @throws ZodError for a line that is no run */
export function runsOf(text: string): Run[] {
  return recordsIn(text).map((record) => schema.parse(record));
}

/** Runs as they are published: one a line, so that two versions can be compared. */
export function jsonOf(runs: readonly Run[]): string {
  const measure =
    "best validation accuracy by epochs trained over all trials of a study: [epochs, best] wherever the best has changed";
  const lines = runs.map((run) => `    ${JSON.stringify(run)}`).join(",\n");
  return `{\n  "measure": ${JSON.stringify(measure)},\n  "runs": [\n${lines}\n  ]\n}\n`;
}

/** Where the best has changed, of values in the order in which they came; those that are no number count as time only. */
export function improvementsOf(values: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const [i, value] of values.entries())
    if (value > (found.at(-1)?.[1] ?? -Infinity)) found.push([i + 1, Number(value.toPrecision(6))]);
  return found;
}

/** The best after so many epochs; 0 before the first value. */
export function bestAfter({ improvements }: Pick<Run, "improvements">, epochs: number): number {
  return improvements.findLast(([at]) => at <= epochs)?.[1] ?? 0;
}

/** Epochs until a value was reached; undefined: not within the study. */
export function epochsTo({ improvements }: Pick<Run, "improvements">, value: number): number | undefined {
  return improvements.find(([, best]) => best >= value)?.[0];
}
