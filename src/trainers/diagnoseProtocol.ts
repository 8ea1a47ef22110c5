/**
 * What the engine and a trainer process that looks at a trained model say to each other: `trainer.cjs --diagnose`.
 *
 * In: the variables of a trial (see protocol.ts) as far as model and data need them, and `BASIN_DIAGNOSE_FILE`, a `DiagnoseOrder`
 * as JSON. Out: records (RS, JSON, LF) on standard output, the last of which is `result` or `failed`; all else is log.
 * Invariant: the process writes nothing to disk, so it may be killed at any time; it ends when its standard input does.
 */
import { z } from "zod";
import type { FlatnessRequest, FlatnessResult } from "../core/flatness.ts";
import { recordSeparator } from "./protocol.ts";

export interface DiagnoseOrder {
  readonly request: FlatnessRequest;
  /** Absolute file of the weights: a checkpoint of the built-in trainer. */
  readonly weights: string;
  /** The weights at the other end of a path. */
  readonly otherWeights?: string;
}

export type DiagnoseRecord =
  | { readonly type: "progress"; readonly fraction: number }
  | { readonly type: "result"; readonly result: FlatnessResult }
  | { readonly type: "failed"; readonly reason: string };

/** The result is checked as far as telling kinds apart goes: the process is of the same build. */
export const diagnoseRecordSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("progress"), fraction: z.number().min(0).max(1) }),
  z.object({
    type: z.literal("result"),
    result: z.custom<FlatnessResult>(
      (value) => typeof value === "object" && value !== null && "kind" in value && "indexHash" in value,
      "is no result",
    ),
  }),
  z.object({ type: z.literal("failed"), reason: z.string() }),
]);

/** JSON of anything with numbers; those that are not finite become texts, which no other field of a result can be. */
export function numbersToJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "number" && !Number.isFinite(item) ? String(item) : item,
  );
}

const notFinite: ReadonlyMap<unknown, number> = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

/** Undoes `numbersToJson` on a value that JSON.parse has read. O(values). */
export function numbersFromJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(numbersFromJson);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, numbersFromJson(item)]));
  return notFinite.get(value) ?? value;
}

export function encodeDiagnose(record: DiagnoseRecord): string {
  return `${recordSeparator}${numbersToJson(record)}\n`;
}
