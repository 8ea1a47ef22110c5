/**
 * What a probe of a back end answers, in one line of JSON. Apart from the probe itself: the command line reads answers and must
 * not bundle TensorFlow.js.
 */
import type { Measured } from "../yardstickAnswer.ts";

export type ProbeResult =
  | {
      readonly backend: string;
      readonly ok: true;
      readonly device: string;
      readonly threads: number;
      readonly node: string;
      readonly loadMs: number;
      /** Of a tiny step, after the first: what an operation costs rather than what it computes. */
      readonly stepMs: number;
      /** Present when a yardstick was asked for. */
      readonly measured?: Measured;
    }
  | { readonly backend: string; readonly ok: false; readonly reason: string };

/** Environment variable that asks for a measurement: "<yardstick> <seconds>". */
export const measureVariable = "BASIN_PROBE_MEASURE";
