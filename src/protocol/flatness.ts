/**
 * Sharpness and loss landscapes on demand: what clients of the engine ask for and see of it.
 * Invariant: a job is known by an id that follows from trial, request and weights, so asking twice is asking once, also after a
 * restart; progress and ends raise the study's revision, and clients pull `flatness.list`.
 */
import type {
  FlatnessRequest,
  LineRequest,
  PathRequest,
  PlaneRequest,
  SharpnessRequest,
  SpectrumRequest,
} from "../core/flatness.ts";

type Question<R extends FlatnessRequest, Needed extends keyof R = "kind"> = Pick<R, Needed> & Partial<Omit<R, Needed>>;

/** A request as a client writes it: what is left out takes its default. */
export type FlatnessQuestion =
  | Question<SharpnessRequest>
  | Question<LineRequest>
  | Question<PlaneRequest>
  | Question<SpectrumRequest>
  | Question<PathRequest, "kind" | "to">;

export type FlatnessState = "waiting" | "running" | "done" | "failed" | "cancelled";

export interface FlatnessJob {
  readonly id: string;
  readonly number: number;
  readonly request: FlatnessRequest;
  readonly state: FlatnessState;
  /** In [0, 1]. */
  readonly progress: number;
  /** Why it has failed; empty otherwise. */
  readonly reason: string;
  /** When it was asked for, or has ended; ms since 1970. */
  readonly at: number;
}
