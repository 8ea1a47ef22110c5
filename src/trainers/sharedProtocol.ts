/**
 * What the executor and a trainer process that serves several trials in turn say to each other, around the trainer protocol.
 *
 * To the process, JSON lines: `run` begins a trial with its variables, `tell` hands it a command. From the process, records
 * (RS, JSON, LF): `begin` and `end` of a turn on standard output and on standard error, so that the log between them is
 * known to be that trial's; events on standard output, each with its turn.
 * Invariant: a turn's name is never used twice by one executor, so nothing late of one trial can be taken for another's.
 */
import { z } from "zod";
import { recordSeparator, trainerEventSchema, type TrainerCommand, type TrainerEvent } from "./protocol.ts";

export type SharedCommand =
  | { readonly type: "run"; readonly turn: string; readonly env: Readonly<Record<string, string>> }
  | { readonly type: "tell"; readonly turn: string; readonly command: TrainerCommand };

/** How a turn has ended. */
export interface TurnEnd {
  /** What a process of its own would have exited with. */
  readonly code: number;
  /** The process is as it was before the trial and takes the next one; otherwise it ends by itself now. */
  readonly keep: boolean;
  /** Why it is not kept. */
  readonly because?: string | undefined;
  /** Resident memory of the process, bytes. */
  readonly rss: number;
}

export type SharedRecord =
  | { readonly turn: string; readonly begin: true }
  | { readonly turn: string; readonly event: TrainerEvent }
  | { readonly turn: string; readonly end: TurnEnd };

const turn = z.string().min(1);

export const sharedRecordSchema = z.union([
  z.object({ turn, event: trainerEventSchema }),
  z.object({ turn, begin: z.literal(true) }),
  z.object({
    turn,
    end: z.object({ code: z.int(), keep: z.boolean(), because: z.string().optional(), rss: z.number() }),
  }),
]);

/** A record as it goes over a stream. Non-finite numbers become strings, as in events. */
export function encodeShared(record: SharedRecord): string {
  const text = JSON.stringify(record, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
  return `${recordSeparator}${text}\n`;
}
